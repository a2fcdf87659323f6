"""Temporal differences in front of an engine: what changed since the frame before."""
