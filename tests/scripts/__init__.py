"""The commands, run for real: real processes, real servers, temporary folders."""
