"""A gate in front of an engine's operands, which leaves out some multiplications at random (MACPruning, HOST 2025)."""
