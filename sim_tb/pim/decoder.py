"""Compiled decoders on the golden model of the controller and on its hardware."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

import numpy as np

from gen.pim.compile import Compiled
from gen.pim.program import Program
from hdl.params import ConfigError, Problem, ToolError
from hdl.params.pim import words_of
from sim_tb.golden.float import widen
from sim_tb.golden.pim import Machine
from sim_tb.golden.pim.device import Elements
from sim_tb.pim.bench.system import run_system

__all__ = ["Generated", "continue_golden", "continue_rtl", "generation", "loaded", "received"]

#: Clocks a position after which a simulation is given up.
LIMIT = 1_000_000


@dataclass(frozen=True)
class Generated:
    """A continuation.

    Parameters
    ----------
    tokens : list of int
    logits : uint16 array of shape (tokens, vocabulary)
        What each was chosen from.
    instructions : int
        How many were executed, those of loops as often as they ran.
    cycles : list of int
        Clocks of each position, the prompt's included, the first with loading all programs; empty where there is no
        time.
    """

    tokens: list[int]
    logits: Elements
    instructions: int
    cycles: list[int] = field(default_factory=list)


def loaded(compiled: Compiled, weights: Mapping[str, Elements]) -> Machine:
    """A machine with a decoder in its banks."""
    machine, banks = Machine(compiled.params), compiled.params.banks
    for first, columns in compiled.parts(weights):
        for unit, words in enumerate(columns):
            machine.device.write(*divmod(unit, banks), first, words)
    return machine


def generation(compiled: Compiled, prompt: Sequence[int], count: int) -> list[tuple[Program, ...]]:
    """The programs of each position that continue a prompt by N tokens, each of them the most likely one.

    From the last position of the prompt on, each sends its logits.

    Raises
    ------
    ConfigError
        If the prompt is empty, has a token that there is not, or prompt and continuation are too long.
    """
    vocabulary, room = compiled.decoder.vocabulary, compiled.placement.tokens
    problems = [] if prompt else [Problem("prompt", "must have at least one token")]
    for token in prompt:
        if not 0 <= token < vocabulary:
            problems.append(Problem("prompt", f"must have tokens from 0 to {vocabulary - 1}, not {token}"))
    if count < 1:
        problems.append(Problem("tokens", f"must be at least 1, not {count}"))
    if len(prompt) + count - 1 > room:
        message = f"must be at most {room + 1} tokens with the {len(prompt)} of the prompt, not {len(prompt) + count}"
        problems.append(Problem("tokens", message))
    if problems:
        raise ConfigError(problems)
    found = []
    for position in range(len(prompt) + count - 1):
        given = prompt[position] if position < len(prompt) else None
        last = position >= len(prompt) - 1
        found.append(compiled.programs(position, token=given, predict=last, logits=last))
    return found


def received(compiled: Compiled, outputs: Elements) -> Elements:
    """The logits in what programs have sent, shape (times, vocabulary), from words of shape (count, lanes).

    With a batch, the shape is (times, batch, vocabulary).
    """
    batch, params = compiled.placement.batch, compiled.params
    vocabulary, words = compiled.decoder.vocabulary, words_of(params, compiled.decoder.vocabulary)
    times = outputs.reshape(-1, batch * words, params.lanes)
    found, done = [], 0
    for piece in compiled.sram.pieces:
        many = min(len(piece) * params.slot_words, words - done)
        found.append(times[:, batch * done : batch * (done + many)].reshape(-1, batch, many, params.lanes))
        done += many
    logits: Elements = np.concatenate(found, axis=2).reshape(-1, batch, words * params.lanes)[:, :, :vocabulary]
    return logits if batch > 1 else logits[:, 0]


def continue_golden(
    compiled: Compiled, weights: Mapping[str, Elements], prompt: Sequence[int], count: int
) -> Generated:
    """Continue a prompt by N tokens on the golden model, each of them the most likely one.

    Raises
    ------
    ConfigError
        For the reasons of :func:`generation`, and weights that don't fit the decoder.
    """
    machine, instructions = loaded(compiled, weights), 0
    for position, programs in enumerate(generation(compiled, prompt, count)):
        for program in programs:
            outcome = machine.run(program.words)
            instructions += outcome.instructions
            if outcome.fault is not None:
                raise ToolError(f"The program of position {position} stopped at {outcome.pc}: {outcome.fault.meaning}")
    return _generated(compiled, np.array(machine.outputs), instructions)


def continue_rtl(compiled: Compiled, weights: Mapping[str, Elements], prompt: Sequence[int], count: int) -> Generated:
    """The same on the hardware, with the device models, in one simulation.

    The program memory is made large enough for all programs; the host starts one after the other, and nothing else.

    Raises
    ------
    ConfigError
        As :func:`continue_golden`.
    ToolError
        If the simulation fails, a program faults, or the devices see a rule broken.
    """
    programs = generation(compiled, prompt, count)
    words = [word for each in programs for program in each for word in program.words]
    lengths = [len(program.words) for each in programs for program in each]
    starts = [0, *accumulate(lengths[:-1])]
    params = compiled.params
    params = replace(params, program_words=max(params.program_words, 1 << (len(words) - 1).bit_length()))
    result = run_system(params, words, starts, machine=loaded(compiled, weights), limit=LIMIT * len(programs))
    for run in result.runs:
        if run.error:
            raise ToolError(f"The program stopped at {run.pc} with error {run.error}.")
    if result.violations:
        cycle, channel, command, rule = result.violations[0]
        raise ToolError(f"{command} broke {rule} of channel {channel} in cycle {cycle}.")
    ends = [run.cycle for run in result.runs]
    last = [*accumulate(len(each) for each in programs)]
    cycles = [ends[i - 1] for i in last]
    spent = [cycles[0], *(b - a for a, b in pairwise(cycles))]
    return _generated(compiled, result.outputs, sum(run.instructions for run in result.runs), spent)


def _generated(compiled: Compiled, outputs: Elements, instructions: int, cycles: Sequence[int] = ()) -> Generated:
    logits = received(compiled, outputs)
    return Generated([int(each.argmax()) for each in widen(logits)], logits, instructions, list(cycles))
