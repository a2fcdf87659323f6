"""Reading a model's ``config.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gen.pim.json_text import Twice, parse
from gen.pim.model.decoder import Decoder
from gen.pim.model.families import FAMILIES, Family
from gen.pim.model.keys import Keys
from hdl.params import ConfigError, Problem, near_name

__all__ = ["read"]

#: A configuration is a few kB; whatever is larger is another file.
_LARGEST = 1 << 24
#: Suffixes of files with weights.
WEIGHTS = (".gguf", ".safetensors", ".bin", ".pt", ".pth")


def read(path: str | Path) -> Decoder:
    """Read the decoder that a ``config.json``, or the folder with one, describes.

    Parameters
    ----------
    path : str or Path
        A file, or a model's folder as Hugging Face has it.

    Raises
    ------
    ConfigError
        With every problem found: a file that can't be read or is none, an unknown family, keys that are missing,
        contradict each other, or ask for what isn't supported.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "config.json"
    values = _object(path)
    try:
        return _decoder(values)
    except ConfigError as error:
        raise ConfigError(error.problems, str(path)) from None


def _object(path: Path) -> dict[str, Any]:
    """The file's one object."""
    if path.suffix in WEIGHTS:
        hint = "name the folder, or its config.json"
        if path.suffix == ".gguf":
            hint = "the same model's folder with config.json and safetensors files works"
        raise _refusal(path, f"is a file of weights ({path.suffix}), and a model's config.json is needed", hint)
    try:
        if path.stat().st_size > _LARGEST:
            raise _refusal(path, "is larger than any config.json")
        data = path.read_bytes()
    except OSError as error:
        others = sorted({each.suffix for each in path.parent.glob("*") if each.suffix in WEIGHTS})
        hint = f"{' and '.join(others)} files beside it are weights: the same model's config.json is needed"
        raise _refusal(path, f"can't be read ({error.strerror or error})", hint if others else "") from None
    try:
        values = parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _refusal(path, f"is not UTF-8 text (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise _refusal(path, f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from None
    except Twice as error:
        raise ConfigError([Problem(error.key, error.message)], str(path)) from None
    except RecursionError:
        raise _refusal(path, "nests too deeply for a configuration") from None
    except ValueError:
        raise _refusal(path, "has a number of more digits than can be read") from None
    if not isinstance(values, dict):
        raise _refusal(path, f"must hold an object, not {type(values).__name__}")
    return values


def _refusal(path: Path, message: str, hint: str = "") -> ConfigError:
    return ConfigError([Problem(str(path), message, hint)])


def _decoder(values: dict[str, Any]) -> Decoder:
    text = values.get("text_config")
    if isinstance(text, dict) and not set(values) & {"hidden_size", "n_embd"}:
        outer: dict[str, Any] = {
            key: values[key] for key in ("quantization_config", "quantization", "tie_word_embeddings") if key in values
        }
        values = {**outer, **text}
    family = _family(values)
    keys = Keys(values)
    for name in ("quantization_config", "quantization"):
        if name in keys:
            method = values[name].get("quant_method", "") if isinstance(values[name], dict) else ""
            what = f"a checkpoint quantised by {method}" if method else "a quantised checkpoint"
            keys.wrong(name, f"{what} is not supported", "take the model's original checkpoint in bf16, f16 or f32")
    keys.refuse("is_encoder_decoder", True, "only decoders are")
    try:
        decoder = family.read(keys)
    except ConfigError as error:
        raise ConfigError([*keys.found(), *error.problems]) from None
    problems = keys.found()
    if problems:
        raise ConfigError(problems)
    return decoder


def _family(values: dict[str, Any]) -> Family:
    """The family, by ``model_type``, or by the architecture's class where a file has none."""
    names = {other: family for family in FAMILIES.values() for other in (family.name, *family.others)}
    legal = ", ".join(FAMILIES)
    kind = values.get("model_type")
    classes = {name: family for family in FAMILIES.values() for name in family.architectures}
    listed = values.get("architectures")
    given = listed[0] if isinstance(listed, list) and listed else None
    if kind is not None:
        if not isinstance(kind, str) or kind not in names:
            message = f"{kind!r} is not supported: the families are {legal}"
            raise ConfigError([Problem("model_type", message, near_name(str(kind), names))])
        family = names[kind]
        if isinstance(given, str) and given in classes and classes[given] is not family:
            message = f"{given!r} is of the family {classes[given].name}, but model_type is {kind!r}"
            raise ConfigError([Problem("architectures", message)])
        return family
    if isinstance(given, str) and given in classes:
        return classes[given]
    if given is not None:
        message = f"{given!r} is not supported: the families are {legal}"
        raise ConfigError([Problem("architectures", message, near_name(str(given), classes))])
    if {"n_embd", "n_layer", "n_head", "n_ctx"} <= set(values):  # GPT-2's first files say neither
        return FAMILIES["gpt2"]
    raise ConfigError([Problem("model_type", f"is missing: it names the family, one of {legal}")])
