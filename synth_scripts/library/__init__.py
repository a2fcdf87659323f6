"""Cell libraries: from Liberty files to what the flow must know of their cells."""
