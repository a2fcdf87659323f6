"""Drawings of engines and of their processing elements, from their parameters."""
