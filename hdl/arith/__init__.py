"""Arithmetic building blocks: recoders, compressor trees, carry-save accumulators."""
