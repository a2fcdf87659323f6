"""Delta encoding: what changed since the frame before, on engines that skip zeros."""
