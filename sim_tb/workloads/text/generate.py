"""Continue a text with the decoder: on the golden model of the controller, or on its hardware."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from gen.pim.compile import Compiled, compile_decoder
from gen.pim.model import read
from gen.pim.model.weights import Checkpoint
from hdl.params import ConfigError, Problem, near_name
from hdl.params.pim import PimParams, preset
from sim_tb.golden.decoder import double
from sim_tb.golden.float import widen
from sim_tb.golden.pim.device import Elements
from sim_tb.pim.decoder import continue_golden, continue_rtl
from sim_tb.workloads.text.corpus import END

__all__ = ["SYSTEM", "Agreement", "Text", "agreement", "compiled", "generate", "weights"]

#: The model: its configuration and its weights.
FOLDER = Path(__file__).parent
#: The preset ``tiny`` with as many banks as AiM has, longer rows and larger buffers: room for the decoder,
#: and for the programs of a whole text.
SYSTEM = replace(preset("tiny"), banks=16, row_cols=16, rows=128, gb_words=16, program_words=1 << 14)
RUNNERS = {"golden": continue_golden, "rtl": continue_rtl}


@dataclass(frozen=True)
class Text:
    """A text and its continuation.

    Parameters
    ----------
    prompt, text : str
        What was given, and what follows until the documentation string ends.
    tokens : list of int
        All that were generated, ASCII; 0 ends a string.
    logits : uint16 array of shape (tokens, 128)
        What each was chosen from.
    instructions : int
        How many the controller executed.
    cycles : list of int
        Clocks of each position, the prompt's included, the first with loading all programs; empty for the golden
        model, which knows no time.
    """

    prompt: str
    text: str
    tokens: list[int]
    logits: Elements
    instructions: int
    cycles: list[int]


@dataclass(frozen=True)
class Agreement:
    """How a continuation compares with the same decoder in float64, given the same tokens before each.

    Parameters
    ----------
    tokens, equal : int
        Tokens compared, and how many of them float64 would have chosen as well.
    cosine : float
        The least between the logits of a token and those in float64, to five decimals.
    error : float
        The greatest difference of a logit.
    """

    tokens: int
    equal: int
    cosine: float
    error: float


@lru_cache(maxsize=4)
def compiled(system: PimParams = SYSTEM) -> Compiled:
    """The decoder on a system, with room for all of its context."""
    return compile_decoder(read(FOLDER), system)


@lru_cache(maxsize=1)
def weights() -> Checkpoint:
    """The decoder's tensors as the bits of bf16 numbers. Needs the package safetensors."""
    return Checkpoint(FOLDER, read(FOLDER))


def generate(prompt: str, tokens: int = 64, on: str = "golden", system: PimParams = SYSTEM) -> Text:
    """Continue the beginning of a documentation string by the most likely characters.

    Parameters
    ----------
    prompt : str
        ASCII; may be empty.
    tokens : int
        How many to generate. Prompt and continuation are 128 at most.
    on : str
        ``golden``, the model of what programs compute, or ``rtl``, the hardware in Verilator.
    system : PimParams

    Raises
    ------
    ConfigError
        If the prompt is not ASCII, the text is too long, or the decoder does not fit the system.
    ToolError
        Without the package that reads weights.
    """
    if on not in RUNNERS:
        raise ConfigError([Problem("on", f"must be one of {', '.join(RUNNERS)}, not {on!r}", near_name(on, RUNNERS))])
    found = RUNNERS[on](compiled(system), weights(), encoded(prompt), tokens)
    return Text(prompt, decoded(found.tokens), **vars(found))


def agreement(text: Text) -> Agreement:
    """Compare a continuation, with its logits, with float64."""
    decoder = double(compiled().decoder, weights())
    given = encoded(text.prompt)
    exact = np.array([decoder.logits(token) for token in (*given, *text.tokens[:-1])])[len(given) - 1 :]
    found = widen(text.logits).astype(np.float64)
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(exact, axis=1)
    return Agreement(
        tokens=len(text.tokens),
        equal=int((exact.argmax(axis=1) == text.tokens).sum()),
        cosine=round(float(((found * exact).sum(axis=1) / lengths).min()), 5),
        error=round(float(np.abs(found - exact).max()), 5),
    )


def encoded(prompt: str) -> list[int]:
    """The tokens of a prompt, after the one that begins a string."""
    if not prompt.isascii() or "\0" in prompt:
        raise ConfigError([Problem("prompt", f"must be ASCII text, not {prompt!r}")])
    return [END, *prompt.encode("ascii")]


def decoded(tokens: list[int]) -> str:
    """The text of tokens, until the one that ends a string."""
    end = tokens.index(END) if END in tokens else len(tokens)
    return bytes(tokens[:end]).decode("ascii")
