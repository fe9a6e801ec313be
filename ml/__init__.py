"""Text in, verdict out. Knows no Redis and no HTTP."""
