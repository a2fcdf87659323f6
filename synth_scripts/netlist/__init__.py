"""Mapped netlists: their modules, counts and checks."""
