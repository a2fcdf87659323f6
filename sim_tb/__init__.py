"""Simulation: golden models, bus functional models, testbenches and workloads, and what runs them under Verilator."""
