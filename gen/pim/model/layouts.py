"""Where each family's checkpoints keep a decoder's tensors: names, matrices that lie transposed, matrices in one.

A Linear layer's weight is (outputs, inputs); GPT-2's Conv1D is (inputs, outputs).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gen.pim.model.decoder import Decoder

__all__ = ["LAYOUTS", "Layout", "Piece"]


@dataclass(frozen=True)
class Piece:
    """Where a tensor is.

    Parameters
    ----------
    name : str
        Of the checkpoint's tensor.
    transposed : bool
        It is (outputs, inputs).
    start, stop : int or None
        The outputs that are meant; None for all.
    total : int or None
        Outputs that the checkpoint's tensor has in all, where that is more.
    """

    name: str
    transposed: bool = False
    start: int | None = None
    stop: int | None = None
    total: int | None = None


@dataclass(frozen=True)
class Layout:
    """The names of a family's tensors.

    Parameters
    ----------
    ends : dict
        Names of what stands outside of the layers, by ours.
    layers : str
        What a layer's names begin with; ``{}`` is its number.
    inside : dict
        A layer's names, by ours.
    fused : dict
        Names of matrices that hold several of ours side by side, by these in their order.
    linear : bool
        Matrices are (outputs, inputs).
    prefixes : tuple of str
        What may stand before every name but the output's.
    ignored : tuple of str
        Ends of names that hold no weights.
    """

    ends: dict[str, str]
    layers: str
    inside: dict[str, str]
    fused: dict[str, tuple[str, ...]]
    linear: bool
    prefixes: tuple[str, ...]
    ignored: tuple[str, ...] = ()

    def pieces(self, decoder: Decoder, prefix: str) -> Iterator[tuple[str, Piece]]:
        """Every tensor of a decoder, and where it is."""
        widths = {matrix.name: matrix.outputs for matrix in decoder.layer_matrices()}
        holders = {each: (name, parts) for name, parts in self.fused.items() for each in parts}
        for name, shape in decoder.tensors().items():
            number, _, rest = name.partition(".")
            if not number.isdigit():
                stem, _, bias = name.partition(".")
                before = "" if stem == "output" else prefix
                where = f"{before}{self.ends[stem]}.{'bias' if bias else 'weight'}"
                yield name, Piece(where, transposed=stem == "output" and not bias)
                continue
            stem, _, bias = rest.partition(".")
            start = f"{prefix}{self.layers.format(number)}"
            transposed = self.linear and len(shape) == 2
            kind = "bias" if bias else "weight"
            if stem in holders:
                holder, parts = holders[stem]
                at = sum(widths[part] for part in parts[: parts.index(stem)])
                total = sum(widths[part] for part in parts)
                yield name, Piece(f"{start}{holder}.{kind}", transposed, at, at + widths[stem], total)
            else:
                yield name, Piece(f"{start}{self.inside[stem]}.{kind}", transposed)


_LLAMA = Layout(
    ends={"embedding": "embed_tokens", "norm": "norm", "output": "lm_head"},
    layers="layers.{}.",
    inside={
        "norm_1": "input_layernorm",
        "query": "self_attn.q_proj",
        "key": "self_attn.k_proj",
        "value": "self_attn.v_proj",
        "mix": "self_attn.o_proj",
        "norm_2": "post_attention_layernorm",
        "gate": "mlp.gate_proj",
        "up": "mlp.up_proj",
        "down": "mlp.down_proj",
    },
    fused={},
    linear=True,
    prefixes=("model.", ""),
    ignored=("rotary_emb.inv_freq",),
)
_GPT2 = Layout(
    ends={"embedding": "wte", "positions": "wpe", "norm": "ln_f", "output": "lm_head"},
    layers="h.{}.",
    inside={"norm_1": "ln_1", "mix": "attn.c_proj", "norm_2": "ln_2", "up": "mlp.c_fc", "down": "mlp.c_proj"},
    fused={"attn.c_attn": ("query", "key", "value")},
    linear=False,
    prefixes=("transformer.", ""),
    ignored=("attn.bias", "attn.masked_bias"),
)
#: By ``model_type``: layouts that its checkpoints may have.
LAYOUTS = {
    "gpt2": (_GPT2,),
    "gpt_neo": (
        Layout(
            ends=_GPT2.ends,
            layers=_GPT2.layers,
            inside={
                **_GPT2.inside,
                "query": "attn.attention.q_proj",
                "key": "attn.attention.k_proj",
                "value": "attn.attention.v_proj",
                "mix": "attn.attention.out_proj",
            },
            fused={},
            linear=True,
            prefixes=_GPT2.prefixes,
            ignored=("attn.attention.bias", "attn.attention.masked_bias"),
        ),
    ),
    "opt": (
        Layout(
            ends={
                "embedding": "embed_tokens",
                "positions": "embed_positions",
                "norm": "final_layer_norm",
                "output": "lm_head",
            },
            layers="layers.{}.",
            inside={
                "norm_1": "self_attn_layer_norm",
                "query": "self_attn.q_proj",
                "key": "self_attn.k_proj",
                "value": "self_attn.v_proj",
                "mix": "self_attn.out_proj",
                "norm_2": "final_layer_norm",
                "up": "fc1",
                "down": "fc2",
            },
            fused={},
            linear=True,
            prefixes=("model.decoder.", "decoder.", ""),
        ),
    ),
    "llama": (_LLAMA,),
    "mistral": (_LLAMA,),
    "qwen2": (_LLAMA,),
    "phi": (
        Layout(
            ends={**_LLAMA.ends, "norm": "final_layernorm"},
            layers=_LLAMA.layers,
            inside={**_LLAMA.inside, "mix": "self_attn.dense", "up": "mlp.fc1", "down": "mlp.fc2"},
            fused={},
            linear=True,
            prefixes=_LLAMA.prefixes,
            ignored=_LLAMA.ignored,
        ),
        # The checkpoints of the model's first months.
        Layout(
            ends={"embedding": "transformer.embd.wte", "norm": "lm_head.ln", "output": "lm_head.linear"},
            layers="transformer.h.{}.",
            inside={"norm_1": "ln", "mix": "mixer.out_proj", "up": "mlp.fc1", "down": "mlp.fc2"},
            fused={"mixer.Wqkv": ("query", "key", "value")},
            linear=True,
            prefixes=("",),
            ignored=("rotary_emb.inv_freq",),
        ),
    ),
}
