"""Synthesis of one module: styles, candidates, and models of what comes out."""
