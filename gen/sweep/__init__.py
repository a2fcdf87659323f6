"""Sweeps: a command on many points, side by side, resumed where it was interrupted."""
