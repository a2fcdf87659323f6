"""Simulation hardware around the PIM controller: device model, drivers and their main program."""
