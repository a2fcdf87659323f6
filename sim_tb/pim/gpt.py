"""Decoders on the golden model of the controller and on its hardware."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

import numpy as np

from gen.pim.gpt import Placement, Weights, generation, image
from hdl.params import ToolError
from hdl.params.pim import words_of
from sim_tb.golden.float import widen
from sim_tb.golden.pim import Machine
from sim_tb.golden.pim.device import Elements
from sim_tb.pim.bench.system import run_system

__all__ = ["Generated", "continue_golden", "continue_rtl", "loaded", "received"]

#: Clocks a position after which a simulation is given up.
LIMIT = 1_000_000


@dataclass(frozen=True)
class Generated:
    """A continuation.

    Parameters
    ----------
    tokens : list of int
    logits : uint16 array of shape (tokens, vocabulary), or None
        What each was chosen from, where the SRAM can be seen.
    instructions : int
        How many were executed, those of loops as often as they ran.
    cycles : list of int
        Clocks of each position, the prompt's included, the first with loading all programs; empty where there is no
        time.
    """

    tokens: list[int]
    logits: Elements | None
    instructions: int
    cycles: list[int] = field(default_factory=list)


def loaded(placement: Placement, weights: Weights) -> Machine:
    """A machine with a decoder in its banks."""
    machine, params = Machine(placement.params), placement.params
    for unit, words in enumerate(image(placement, weights)):
        channel, bank = divmod(unit, params.banks)
        machine.device.write(channel, bank, 0, words)
    return machine


def received(placement: Placement, outputs: Elements) -> list[int]:
    """The tokens in what programs have sent, words of shape (count, lanes)."""
    sent = widen(outputs).reshape(-1, words_of(placement.params, 2) * placement.params.lanes)
    return [int(token) for token in sent[:, 1]]


def continue_golden(placement: Placement, weights: Weights, prompt: Sequence[int], count: int) -> Generated:
    """Continue a prompt by the most likely tokens, so many of them, on the golden model.

    Raises
    ------
    ConfigError
        For the reasons of :func:`gen.pim.gpt.generation`, and weights that don't fit the placement's shape.
    """
    programs = generation(placement, prompt, count)
    machine = loaded(placement, weights)
    first, words = placement.sram.logits, placement.shape.vocabulary // placement.params.lanes
    logits, instructions = [], 0
    for position, each in enumerate(programs):
        for program in each:
            outcome = machine.run(program.words)
            instructions += outcome.instructions
            if outcome.fault is not None:
                raise ToolError(f"The program of position {position} stopped at {outcome.pc}: {outcome.fault.meaning}")
        if position >= len(prompt) - 1:
            logits.append(machine.sram[first : first + words].reshape(-1).copy())
    tokens = received(placement, np.array(machine.outputs))
    return Generated(tokens, np.array(logits), instructions)


def continue_rtl(placement: Placement, weights: Weights, prompt: Sequence[int], count: int) -> Generated:
    """The same on the hardware, with the device models, in one simulation.

    The program memory is made large enough for all programs; the host starts one after the other, and nothing else.

    Raises
    ------
    ConfigError
        As :func:`continue_golden`.
    ToolError
        If the simulation fails, a program faults, or the devices see a rule broken.
    """
    programs = generation(placement, prompt, count)
    words = [word for each in programs for program in each for word in program.words]
    lengths = [len(program.words) for each in programs for program in each]
    starts = [0, *accumulate(lengths[:-1])]
    params = placement.params
    params = replace(params, program_words=max(params.program_words, 1 << (len(words) - 1).bit_length()))
    result = run_system(params, words, starts, machine=loaded(placement, weights), limit=LIMIT * len(programs))
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
    return Generated(received(placement, result.outputs), None, sum(run.instructions for run in result.runs), spent)
