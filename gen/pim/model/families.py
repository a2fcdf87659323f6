"""The families of decoders: how each names its sizes, and what its files don't say.

Every fact that a family's code has and its ``config.json`` has not is written here with its source: the modelling code
of the family in Hugging Face's transformers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gen.pim.model.decoder import Attention, Decoder, Learned, Mlp, Norm, Rotary
from gen.pim.model.keys import Keys

__all__ = ["FAMILIES", "Family"]

#: transformers' names of activations that are one of ours.
_GELU = {"gelu": "gelu", "gelu_python": "gelu"}
_GELU |= dict.fromkeys(("gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_accurate"), "gelu_tanh")
_ACTIVATIONS = {**_GELU, "relu": "relu", "silu": "silu", "swish": "silu"}
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
_HEADS = ("num_attention_heads", "n_head", "num_heads")
_WIDTH = ("hidden_size", "n_embd")
_CONTEXT = ("max_position_embeddings", "n_positions", "n_ctx")
_INNER = ("intermediate_size", "n_inner", "ffn_dim")
_ACTIVATION = ("hidden_act", "activation_function", "hidden_activation")
#: Of a head, where that can't be read.
_HEAD_WIDTH = 64
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts")
_LAYER_EPSILON = ("layer_norm_eps", "layer_norm_epsilon")


@dataclass(frozen=True)
class Family:
    """One family.

    Parameters
    ----------
    name : str
        Its ``model_type``.
    architectures : tuple of str
        Classes that its files name.
    read : callable
        Makes the decoder of the keys; problems are in the keys.
    others : tuple of str
        Older values of ``model_type``.
    """

    name: str
    architectures: tuple[str, ...]
    read: Callable[[Keys], Decoder]
    others: tuple[str, ...] = ()


@dataclass
class _Sizes:
    """What every family has."""

    layers: int
    width: int
    heads: int
    vocabulary: int
    context: int
    head_width: int

    @classmethod
    def of(cls, keys: Keys) -> _Sizes:
        layers, heads = keys.integer(*_LAYERS, most=1000), keys.integer(*_HEADS)
        width = keys.integer(*_WIDTH, otherwise=_HEAD_WIDTH * heads)
        if "head_dim" in keys:
            head_width = keys.integer("head_dim", otherwise=_HEAD_WIDTH)
        else:
            head_width = max(1, width // heads)
            if width % heads and keys.sound(*_WIDTH, *_HEADS):
                name = next((name for name in _HEADS if name in keys), _HEADS[0])
                keys.wrong(name, f"must divide the width of {width}, not {heads}")
        return cls(layers, width, heads, keys.integer("vocab_size", least=2), keys.integer(*_CONTEXT), head_width)

    @property
    def scale(self) -> tuple[float, ...]:
        """Scores are divided by the root of a head's width."""
        return (self.head_width**-0.5,) * self.layers


def _attention(
    sizes: _Sizes,
    *,
    groups: int = 0,
    scale: tuple[float, ...] = (),
    windows: tuple[int, ...] = (),
    input_bias: bool,
    output_bias: bool,
) -> Attention:
    return Attention(
        heads=sizes.heads,
        groups=groups or sizes.heads,
        head_width=sizes.head_width,
        scale=scale or sizes.scale,
        windows=windows or (0,) * sizes.layers,
        input_bias=input_bias,
        output_bias=output_bias,
    )


def _decoder(family: str, sizes: _Sizes, norm: Norm, **parts: object) -> Decoder:
    return Decoder(
        family=family,
        layers=sizes.layers,
        width=sizes.width,
        vocabulary=sizes.vocabulary,
        context=sizes.context,
        norm=norm,
        **parts,  # type: ignore[arg-type]
    )


def _layer_norm(keys: Keys) -> Norm:
    return Norm(kind="layer", epsilon=keys.number(*_LAYER_EPSILON, default=1e-5, most=1.0))


def _groups(keys: Keys, heads: int) -> int:
    """Heads of keys and values."""
    if keys.flag("multi_query", default=False):
        return 1
    groups = keys.integer("num_key_value_heads", "n_head_kv", default=heads)
    if heads % groups and not keys.sound(*_HEADS, "num_key_value_heads", "n_head_kv"):
        return heads
    if heads % groups:
        keys.wrong("num_key_value_heads", f"must divide the {heads} heads of queries, not {groups}")
        return heads
    return groups


def _inner(keys: Keys, sizes: _Sizes) -> int:
    """Width of the MLP: four times the decoder's where the file leaves it out."""
    return keys.integer(*_INNER, default=4 * sizes.width)


#: Numbers of rotary positions: in new files inside of ``rope_parameters``.
_TURNS = ("rope_theta", "partial_rotary_factor")


def _rotary(keys: Keys, head_width: int, part: float = 1.0) -> Rotary:
    """Rotary positions: the base of old files and of new ones, scaling, and the part of a head that turns."""
    new, old = keys.table("rope_parameters"), keys.table("rope_scaling")
    if new and all(isinstance(each, dict) for each in new.values()):
        new = next(iter(new.values()))  # one for each kind of layer
    if new and old and _scaling(keys, new) != _scaling(keys, old):
        keys.wrong("rope_scaling", "is not what rope_parameters says: both say the same thing")
    inside = Keys({**{name: keys.values.get(name) for name in _TURNS}, **_present(new)})
    for name in _TURNS:
        if name in keys and keys.values[name] != inside.values[name]:
            message = f"is {keys.values[name]!r}, but in rope_parameters it is {inside.values[name]!r}"
            keys.wrong(name, f"{message}: both say the same thing")
    base = inside.number("rope_theta", default=10000.0, least=1.0)
    part = inside.number("partial_rotary_factor", default=part, most=1.0)
    if "rotary_dim" in keys:
        width = keys.integer("rotary_dim", most=head_width)
    else:
        width = int(part * head_width)
    keys.problems += inside.problems
    if width % 2 or width == 0:
        named = next((name for name in ("rotary_dim", "partial_rotary_factor", "head_dim") if name in keys), _WIDTH[0])
        if keys.sound(named, *_WIDTH, *_HEADS):
            keys.wrong(named, f"must give each head an even number of elements that turn, not {width}")
        width = max(2, width - width % 2)
    return Rotary(
        width=width,
        base=base,
        scaling=_scaling(keys, new or old),
        interleaved=keys.flag("rope_interleaved", default=False),
    )


def _present(values: object) -> dict[str, object]:
    """A table without its nulls."""
    return {key: value for key, value in values.items() if value is not None} if isinstance(values, dict) else {}


def _scaling(keys: Keys, table: dict[str, object]) -> tuple[tuple[str, float], ...]:
    kind = table.get("rope_type", table.get("type", "default"))
    inside = Keys(table)
    numbers = {
        "default": (),
        "linear": ("factor",),
        "llama3": ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"),
    }
    if kind not in numbers:
        message = f"has the type {kind!r}, which is not supported: only {', '.join(numbers)} are"
        keys.wrong("rope_parameters" if keys.table("rope_parameters") else "rope_scaling", message)
        return ()
    found = tuple((name, inside.number(name)) for name in numbers[str(kind)])
    keys.problems += inside.problems
    return found


def _gpt2(keys: Keys) -> Decoder:
    """Radford et al., 2019. Every matrix has a bias, and the scores' scale may be changed by two flags."""
    sizes = _Sizes.of(keys)
    keys.refuse("add_cross_attention", True, "there is no encoder")
    factor = 1.0 if not keys.flag("scale_attn_weights", default=True) else sizes.scale[0]
    divided = keys.flag("scale_attn_by_inverse_layer_idx", default=False)
    scale = tuple(factor / (layer + 1 if divided else 1) for layer in range(sizes.layers))
    activation = keys.word(*_ACTIVATION, meanings=_ACTIVATIONS, default="gelu_new")
    return _decoder(
        "gpt2",
        sizes,
        _layer_norm(keys),
        positions=Learned(),
        attention=_attention(sizes, scale=scale, input_bias=True, output_bias=True),
        mlp=Mlp(inner=_inner(keys, sizes), activation=activation, gated=False, bias=True),
        tied=keys.flag("tie_word_embeddings", default=True),
    )


def _gpt_neo(keys: Keys) -> Decoder:
    """Black et al., 2021. Scores are not scaled, queries, keys and values have no bias, some layers see a window."""
    sizes = _Sizes.of(keys)
    window = keys.integer("window_size", default=256)
    kinds = _neo_layers(keys, sizes.layers)
    windows = tuple(window if kind == "local" else 0 for kind in kinds)
    activation = keys.word(*_ACTIVATION, meanings=_ACTIVATIONS, default="gelu_new")
    return _decoder(
        "gpt_neo",
        sizes,
        _layer_norm(keys),
        positions=Learned(),
        attention=_attention(sizes, scale=(1.0,) * sizes.layers, windows=windows, input_bias=False, output_bias=True),
        mlp=Mlp(inner=_inner(keys, sizes), activation=activation, gated=False, bias=True),
        tied=keys.flag("tie_word_embeddings", default=True),
    )


def _neo_layers(keys: Keys, layers: int) -> list[str]:
    """The kind of every layer's attention: a list, or a pattern and how often it repeats, or both."""
    legal = ("global", "local")
    listed = keys.words("attention_layers", legal, layers)
    pattern = keys.values.get("attention_types")
    if pattern is None:
        return listed or [legal[i % 2] for i in range(layers)]
    try:
        unrolled = [kind for kinds, times in pattern for _ in range(times) for kind in kinds]
    except (TypeError, ValueError):
        unrolled = []
    if len(unrolled) != layers or any(kind not in legal for kind in unrolled):
        message = f"must be [[kinds, times], ...] with kinds of {' and '.join(legal)} for {layers} layers in all"
        keys.wrong("attention_types", message)
        return listed or ["global"] * layers
    if listed is not None and listed != unrolled:
        keys.wrong("attention_layers", "contradicts attention_types")
    return unrolled


def _opt(keys: Keys) -> Decoder:
    """Zhang et al., 2022. The table of positions begins with two rows that no token uses."""
    sizes = _Sizes.of(keys)
    keys.refuse("do_layer_norm_before", False, "normalisation behind attention and MLP, as OPT-350m has it")
    keys.refuse("_remove_final_layer_norm", True, "the last normalisation is always there")
    keys.refuse("layer_norm_elementwise_affine", False, "normalisations have gain and bias")
    if "word_embed_proj_dim" in keys and keys.integer("word_embed_proj_dim") != sizes.width:
        narrow = keys.values["word_embed_proj_dim"]
        message = f"{narrow} is not supported: a projection between embedding and layers, of width {sizes.width}"
        keys.wrong("word_embed_proj_dim", message)
    bias = keys.flag("enable_bias", default=True)
    activation = keys.word(*_ACTIVATION, meanings=_ACTIVATIONS, default="relu")
    return _decoder(
        "opt",
        sizes,
        _layer_norm(keys),
        positions=Learned(offset=2),
        attention=_attention(sizes, input_bias=bias, output_bias=bias),
        mlp=Mlp(inner=_inner(keys, sizes), activation=activation, gated=False, bias=bias),
        tied=keys.flag("tie_word_embeddings", default=True),
    )


def _whole(keys: Keys, layers: int) -> tuple[int, ...]:
    """Every layer sees all tokens."""
    return (0,) * layers


def _gated(
    family: str,
    keys: Keys,
    *,
    input_bias: bool,
    output_bias: bool,
    windows: Callable[[Keys, int], tuple[int, ...]] = _whole,
) -> Decoder:
    """Llama and its like: RMS norm, rotary positions, grouped queries, gated MLP."""
    sizes = _Sizes.of(keys)
    keys.refuse("use_qk_norm", True, "queries and keys are not normalised")
    for name in _EXPERTS:
        if name in keys and keys.values[name] not in (0, 1):
            keys.wrong(name, f"{keys.values[name]!r} is not supported: there is one MLP a layer")
    mlp_bias = keys.flag("mlp_bias", default=False)
    activation = keys.word(*_ACTIVATION, meanings=_ACTIVATIONS, default="silu")
    return _decoder(
        family,
        sizes,
        Norm(kind="rms", epsilon=keys.number("rms_norm_eps", default=1e-6, most=1.0)),
        positions=_rotary(keys, sizes.head_width),
        attention=_attention(
            sizes,
            groups=_groups(keys, sizes.heads),
            windows=windows(keys, sizes.layers),
            input_bias=input_bias,
            output_bias=output_bias,
        ),
        mlp=Mlp(inner=keys.integer(*_INNER), activation=activation, gated=True, bias=mlp_bias),
        tied=keys.flag("tie_word_embeddings", default=False),
    )


def _llama(keys: Keys) -> Decoder:
    """Touvron et al., 2023; also TinyLlama and SmolLM2."""
    bias = keys.flag("attention_bias", default=False)
    return _gated("llama", keys, input_bias=bias, output_bias=bias)


def _mistral(keys: Keys) -> Decoder:
    """Jiang et al., 2023."""
    return _gated("mistral", keys, input_bias=False, output_bias=False, windows=_mistral_windows)


def _mistral_windows(keys: Keys, layers: int) -> tuple[int, ...]:
    """Every layer sees a window, unless it is null; a file that leaves it out has the first release's."""
    if "sliding_window" in keys.values and "sliding_window" not in keys:
        return _whole(keys, layers)
    return (keys.integer("sliding_window", default=4096),) * layers


def _qwen2(keys: Keys) -> Decoder:
    """Qwen team, 2024. Queries, keys and values have a bias, which no key tells."""
    return _gated("qwen2", keys, input_bias=True, output_bias=False, windows=_qwen2_windows)


def _qwen2_windows(keys: Keys, layers: int) -> tuple[int, ...]:
    """The window is off unless asked for, even where its size is given."""
    if not keys.flag("use_sliding_window", default=False):
        return _whole(keys, layers)
    window, whole = keys.integer("sliding_window", default=4096), keys.integer("max_window_layers", default=28, least=0)
    kinds = keys.words("layer_types", ("full_attention", "sliding_attention"), layers)
    kinds = kinds or ["full_attention" if i < whole else "sliding_attention" for i in range(layers)]
    return tuple(window if kind == "sliding_attention" else 0 for kind in kinds)


def _phi(keys: Keys) -> Decoder:
    """Phi-2 (Javaheripi et al., 2023): attention and MLP side by side, part of a head rotated, biases everywhere."""
    sizes = _Sizes.of(keys)
    keys.refuse("qk_layernorm", True, "queries and keys are not normalised")
    activation = keys.word(*_ACTIVATION, meanings=_ACTIVATIONS, default="gelu_new")
    return _decoder(
        "phi",
        sizes,
        _layer_norm(keys),
        positions=_rotary(keys, sizes.head_width, part=0.5),
        attention=_attention(sizes, groups=_groups(keys, sizes.heads), input_bias=True, output_bias=True),
        mlp=Mlp(inner=_inner(keys, sizes), activation=activation, gated=False, bias=True),
        parallel=True,
        tied=keys.flag("tie_word_embeddings", default=False),
        output_bias=True,
    )


#: By ``model_type``.
FAMILIES = {
    family.name: family
    for family in (
        Family("gpt2", ("GPT2LMHeadModel", "GPT2Model"), _gpt2),
        Family("gpt_neo", ("GPTNeoForCausalLM", "GPTNeoModel"), _gpt_neo),
        Family("opt", ("OPTForCausalLM", "OPTModel"), _opt),
        Family("llama", ("LlamaForCausalLM", "LlamaModel"), _llama),
        Family("mistral", ("MistralForCausalLM", "MistralModel"), _mistral),
        Family("qwen2", ("Qwen2ForCausalLM", "Qwen2Model"), _qwen2),
        Family(
            "phi",
            ("PhiForCausalLM", "PhiModel", "MixFormerSequentialForCausalLM"),
            _phi,
            ("phi-msft", "mixformer-sequential"),
        ),
    )
}
