"""Decoders as people have them: a Hugging Face ``config.json`` read into one description, whatever its family."""

from gen.pim.model.config import read
from gen.pim.model.decoder import Attention, Decoder, Learned, Matrix, Mlp, Norm, Rotary

__all__ = ["Attention", "Decoder", "Learned", "Matrix", "Mlp", "Norm", "Rotary", "read"]
