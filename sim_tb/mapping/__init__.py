"""How the layers of a network meet an engine: tiles, cycles, traffic and energy."""
