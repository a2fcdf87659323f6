"""Quantised networks: layers whose operands and results are integers, on an engine and in ONNX Runtime."""
