"""The HTTP room: the Starlette application, its contract and its document. Imports nothing of ours but `broker`."""
