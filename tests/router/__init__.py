"""The HTTP room on a real Redis, through a real server on a free port."""
