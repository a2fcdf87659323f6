"""An engine behind a gate (MACPruning, HOST 2025), and what its simulated switching activity gives away."""
