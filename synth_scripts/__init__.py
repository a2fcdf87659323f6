"""Synthesis: cell libraries, the Yosys and OpenSTA flow, figures."""
