"""Parts that know nothing of matrices."""
