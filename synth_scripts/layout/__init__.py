"""Place and route of a netlist: cells in rows, wires between them, what these cost, and whether they are right."""
