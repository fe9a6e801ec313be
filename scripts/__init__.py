"""The commands people run. Anything may be imported here; nothing in the house imports from here but the tests."""
