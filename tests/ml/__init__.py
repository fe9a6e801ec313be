"""Mirrors `ml/`."""
