"""Training in floating-point numbers: forward products and both gradients of each layer on an engine."""
