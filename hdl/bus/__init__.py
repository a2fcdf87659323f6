"""Streams between blocks and at the ports."""
