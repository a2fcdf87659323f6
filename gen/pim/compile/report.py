"""What a compiled decoder takes of a system, as plain values."""

from __future__ import annotations

from typing import Any

from gen.pim.compile.compiled import Compiled
from gen.pim.compile.kinds import Stored
from gen.pim.compile.placement import Placement
from gen.pim.program import Program

__all__ = ["executed", "report"]

#: What the products are called.
NAMES = {"attend": "queries, keys, values", "mix": "mix", "up": "up", "down": "down"}


def report(compiled: Compiled) -> dict[str, Any]:
    """Rows, matrices, SRAM and instructions of a compiled decoder, for ``bitloom pim compile``.

    ``utilisation`` of a matrix has two parts: ``units``, outputs among all elements of its slots, and ``columns``,
    inputs among all elements of its columns.
    """
    placement, decoder, params = compiled.placement, compiled.decoder, compiled.params
    caches = decoder.layers * placement.cache_rows
    last = placement.tokens - 1
    return {
        "system": params.hash,
        "family": decoder.family,
        "parameters": decoder.parameters,
        "layers": decoder.layers,
        "tokens": placement.tokens,
        "batch": placement.batch,
        "weights": placement.weights,
        "caches": placement.caches,
        "overlap": compiled.overlap,
        "rows": {
            "used": placement.rows,
            "of": params.rows,
            "layer": placement.layer_rows,
            "caches": caches,
            "weights": placement.rows - caches,
        },
        "image_bytes": compiled.image_bytes,
        "matrices": [
            *(_matrix(_name(placement, name), each, decoder.layers) for name, each in placement.layer.items()),
            _matrix("output, embedding" if placement.embedding is None else "output", placement.output, 1),
        ],
        "sram": {
            "used": compiled.sram.end,
            "of": params.sram_words,
            "regions": [{"name": name, "first": first, "words": words} for name, first, words in compiled.sram.regions],
            "head_passes": len(compiled.sram.passes),
            "logit_pieces": len(compiled.sram.pieces),
        },
        "programs": {str(position): _programs(compiled, position) for position in sorted({0, last})},
    }


def _name(placement: Placement, name: str) -> str:
    return "gate, up" if name == "up" and placement.decoder.mlp.gated else NAMES[name]


def _matrix(name: str, matrix: Stored, count: int) -> dict[str, Any]:
    params = matrix.params
    return {
        "name": name,
        "count": count,
        "inputs": matrix.inputs,
        "outputs": matrix.outputs,
        "row": matrix.row,
        "column": matrix.col,
        "columns": matrix.columns,
        "rows": round(count * matrix.columns / params.row_cols, 2),
        "slots": matrix.slots,
        "pitch": matrix.pitch,
        "utilisation": {
            "units": round(matrix.outputs / (matrix.slots * params.units), 4),
            "columns": round(matrix.inputs / matrix.slot_elements, 4),
        },
    }


def _programs(compiled: Compiled, position: int) -> dict[str, int]:
    programs = compiled.programs(position)
    return {
        "programs": len(programs),
        "instructions": sum(len(program.words) for program in programs),
        "executed": sum(executed(program) for program in programs),
    }


def executed(program: Program) -> int:
    """Instructions that a legal program executes, those of loops as often as they run."""
    found, times = 0, [1]
    for one in program.instructions:
        assert one is not None
        if one.op.name == "LOOP":
            found += times[-1]
            times.append(times[-1] * one["n"])
            continue
        found += times[-1]
        if one.op.name == "ENDL":
            times.pop()
    return found
