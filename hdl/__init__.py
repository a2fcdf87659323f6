"""Bitloom's hardware: Amaranth components and the parameter objects they are built from."""
