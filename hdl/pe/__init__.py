"""Processing elements (PEs), one a file, and what an array must know of them."""
