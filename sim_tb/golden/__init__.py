"""Golden models: exact integer arithmetic in NumPy, built from ``hdl.params`` alone."""

from sim_tb.golden.gemm import Matrix, gemm, gemm_reference, tile_gemm, wrap

__all__ = ["Matrix", "gemm", "gemm_reference", "tile_gemm", "wrap"]
