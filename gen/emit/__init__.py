"""Generated files: Verilog, constraints, file list and manifest.

Nothing is imported here: the process that writes Verilog needs `yosys_writer` alone, and starts faster for it.
"""
