"""The vector unit: lanes, their passes and phases, sums and greatest elements."""
