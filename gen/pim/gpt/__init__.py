"""GPT-2 style decoders on a PIM system: shapes, placement in the banks, instructions a token, and what banks hold."""

from gen.pim.gpt.image import image
from gen.pim.gpt.placement import Placement
from gen.pim.gpt.programs import generation, pack, token_programs
from gen.pim.gpt.shape import GptShape, Weights
from gen.pim.gpt.token import TOKEN, token_pieces

__all__ = ["TOKEN", "GptShape", "Placement", "Weights", "generation", "image", "pack", "token_pieces", "token_programs"]
