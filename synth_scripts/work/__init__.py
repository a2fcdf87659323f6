"""How programs are run: side by side, once, with what they leave kept."""
