"""The tree mirrors the house; every folder is a package, or `tests/broker` would shadow `broker`."""
