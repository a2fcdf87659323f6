"""Synthesis of the PIM controller."""
