"""Synthesis of whole engines, and their figures."""
