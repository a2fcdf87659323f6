"""Decoders by name: the eight that PIM-GPT was measured with, where nobody has a ``config.json`` for GPT-3.

Shapes of GPT-2 are those of its checkpoints; of GPT-3 those of Brown et al., 2020, table 2.1, whose context is 2,048
tokens. GPT-3 XL is listed there with 24 heads of 128 elements, which don't make up its width of 2,048: it has 16 here.
GPT-3's alternate layers have a sparse attention that isn't published in full; here all layers see all tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

from gen.pim.model.decoder import Attention, Decoder, Learned, Mlp, Norm
from hdl.params import ConfigError, Problem, near_name

__all__ = ["PUBLISHED", "published"]

#: Tokens that GPT-2's vocabulary has, which GPT-3 shares.
_VOCABULARY = 50257


@dataclass(frozen=True)
class _Shape:
    """Sizes in which the eight differ."""

    layers: int
    width: int
    heads: int
    context: int


PUBLISHED = {
    "gpt2-small": _Shape(12, 768, 12, 1024),
    "gpt2-medium": _Shape(24, 1024, 16, 1024),
    "gpt2-large": _Shape(36, 1280, 20, 1024),
    "gpt2-xl": _Shape(48, 1600, 25, 1024),
    "gpt3-small": _Shape(12, 768, 12, 2048),
    "gpt3-medium": _Shape(24, 1024, 16, 2048),
    "gpt3-large": _Shape(24, 1536, 16, 2048),
    "gpt3-xl": _Shape(24, 2048, 16, 2048),
}


def published(name: str) -> Decoder:
    """A decoder of ``PUBLISHED``. Raises ConfigError with the nearest name."""
    shape = PUBLISHED.get(name)
    if shape is None:
        message = f"must be one of {', '.join(PUBLISHED)}, not {name!r}"
        raise ConfigError([Problem("model", message, near_name(name, PUBLISHED))])
    head_width = shape.width // shape.heads
    return Decoder(
        family="gpt2",
        layers=shape.layers,
        width=shape.width,
        vocabulary=_VOCABULARY,
        context=shape.context,
        norm=Norm(kind="layer", epsilon=1e-5),
        positions=Learned(),
        attention=Attention(
            heads=shape.heads,
            groups=shape.heads,
            head_width=head_width,
            scale=(head_width**-0.5,) * shape.layers,
            windows=(0,) * shape.layers,
            input_bias=True,
            output_bias=True,
        ),
        mlp=Mlp(inner=4 * shape.width, activation="gelu_tanh", gated=False, bias=True),
    )
