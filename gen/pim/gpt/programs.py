"""A token's instructions as programs that fit the program memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gen.pim.gpt.placement import Placement
from gen.pim.gpt.token import token_pieces
from gen.pim.program import Program
from hdl.params import ConfigError, Problem
from hdl.params.pim import Instruction, PimParams, instruction

__all__ = ["generation", "pack", "token_programs"]


def generation(placement: Placement, prompt: Sequence[int], count: int) -> list[list[Program]]:
    """The programs of each position that continue a prompt by the most likely tokens, so many of them.

    From the last position of the prompt on, each sends a vector of two elements whose second is the next token.

    Raises
    ------
    ConfigError
        If the prompt is empty, has a token that there is not, or prompt and continuation are too long.
    """
    shape, positions = placement.shape, len(prompt) + count - 1
    problems = [] if prompt else [Problem("prompt", "must have at least one token")]
    for token in prompt:
        if not 0 <= token < shape.vocabulary:
            problems.append(Problem("prompt", f"must have tokens from 0 to {shape.vocabulary - 1}, not {token}"))
    if count < 1:
        problems.append(Problem("tokens", f"must be at least 1, not {count}"))
    if positions > shape.context:
        most = shape.context + 1
        message = f"must be at most {most} tokens with the {len(prompt)} of the prompt, not {len(prompt) + count}"
        problems.append(Problem("tokens", message))
    if problems:
        raise ConfigError(problems)
    given = [*prompt, *[None] * (count - 1)]
    return [
        token_programs(placement, position, token, predict=position >= len(prompt) - 1)
        for position, token in enumerate(given)
    ]


def token_programs(
    placement: Placement, position: int, token: int | None = None, *, predict: bool = True
) -> list[Program]:
    """Programs that process the token at a position, one after the other; see :func:`token_pieces`."""
    return pack(placement.params, token_pieces(placement, position, token, predict=predict))


def pack(params: PimParams, pieces: Iterable[list[Instruction]]) -> list[Program]:
    """As few programs as hold some pieces in their order, none cut; each ends with HALT.

    Raises
    ------
    ConfigError
        If a piece alone is longer than the program memory.
    """
    halt = instruction("HALT")
    programs: list[list[Instruction]] = []
    for piece in pieces:
        if len(piece) >= params.program_words:
            message = f"must be at least {len(piece) + 1}, the longest piece of a token, not {params.program_words}"
            raise ConfigError([Problem("pim.program_words", message)])
        if not programs or len(programs[-1]) + len(piece) >= params.program_words:
            programs.append([])
        programs[-1] += piece
    return [Program.of(params, [*program, halt]) for program in programs]
