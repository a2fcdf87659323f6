"""The adapter of MACS: the matrix products of six sources, and what stands between them."""
