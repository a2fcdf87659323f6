"""Floating point of the PIM controller: adders, multipliers, sums in a fixed order, lanes of the vector unit."""
