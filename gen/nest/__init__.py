"""The bit-weight loop nest: text form, checks, interpreter, rewrites and lowering to engines."""
