"""Order and timing of an engine's beats, as formula and in words."""

from __future__ import annotations

from hdl.params import BeatMap, Dataflow, EngineParams

__all__ = [
    "beats",
    "drain_cycles",
    "interval_formula",
    "interval_words",
    "macs_per_cycle",
    "pes",
    "tile_words",
]


def pes(params: EngineParams) -> int:
    """Processing elements of the array."""
    across = params.depth if params.weight_stationary else params.rows
    return across * params.cols * (params.depth if params.axes.has_cells else 1)


def macs_per_cycle(params: EngineParams) -> float | None:
    """Multiply-accumulate operations of the array in a cycle; None where the operands decide."""
    if params.data_dependent:
        return None
    inputs = params.k_step if params.axes.tree and not params.weight_stationary else 1  # of a PE
    count, steps = pes(params) * inputs, Dataflow(params).beat_steps
    return count if steps == 1 else count / steps


def interval_formula(params: EngineParams, k: str = "k") -> str | None:
    """Cycles from one tile to the next in a streak, as a formula in K; None where the operands decide.

    The same as :meth:`hdl.params.Dataflow.tile_interval`, in words of Python and of most other languages.
    """
    if params.data_dependent:
        return None
    steps = k if params.k_step == 1 else f"ceil({k} / {params.k_step})"
    if params.weight_stationary:
        block = max(params.rows * Dataflow(params).beat_steps, params.depth)
        return steps if block == 1 else f"{block} * {steps}"
    flow = Dataflow(params)
    steps = steps if flow.beat_steps == 1 else f"{flow.beat_steps} * {steps}"
    steps = steps if flow.drain_cycles == 1 else f"max({steps}, {flow.drain_cycles})"
    turns = params.interleave
    return steps if turns == 1 else f"{turns} * ceil({steps} / {turns})"


def drain_cycles(params: EngineParams) -> int | None:
    """Cycles in which one tile's results occupy the result buses; None where there are none."""
    return None if params.weight_stationary or params.data_dependent else Dataflow(params).drain_cycles


def interval_words(params: EngineParams) -> str:
    """How often a tile enters in a streak, as the end of a sentence: "Tiles follow each other ..."."""
    formula = interval_formula(params, "K")
    if formula is None:
        return "as their operands allow: steps take the longer the more digits are not zero"
    return f"every {formula} cycles" if formula != "K" else "every K cycles"


def tile_words(params: EngineParams, times: str = "x") -> str:
    """What a tile computes."""
    rows, cols, groups = params.rows, params.cols, params.column_groups
    if groups == 1:
        return f"C[{rows}, {cols}] = A[{rows}, K] {times} B[K, {cols}]"
    width = cols // groups
    column = "j" if width == 1 else f"floor(j / {width})"
    row = column if rows == 1 else f"{groups} i + {column}"
    of = f"A[{params.a_rows}, K] and B[K, {cols}]"
    return f"C[{rows}, {cols}], of which C[i, j] = A[{row}, :] {times} B[:, j], with {of}"


def beats(params: EngineParams) -> list[str]:
    """What a tile is, what the beats of each stream hold, and how tiles follow each other: a sentence a line."""
    flow, depth, step = Dataflow(params), params.depth, params.k_step
    if params.weight_stationary:
        orders = [
            f"K is cut into blocks of {depth} steps, the last one filled up with zeros.",
            f"Beat i of a block of s_axis_a is A[i, :] in the {depth} steps of the block {_size(flow.a, params.a)}.",
            f"Beat k of s_axis_b is B[k, :] {_size(flow.b, params.b)}, up to the end of the last block.",
        ]
    elif step == 1:
        orders = [
            f"Beat k of s_axis_a is A[:, k] {_size(flow.a, params.a)}; "
            f"beat k of s_axis_b is B[k, :] {_size(flow.b, params.b)}."
        ]
    else:
        orders = [
            f"A beat holds {step} steps of K, the last one of a tile filled up with zeros:",
            f"beat t of s_axis_a is A[:, {step} t] to A[:, {step} t + {step - 1}], row by row "
            f"{_size(flow.a, params.a)};",
            f"beat t of s_axis_b is B[{step} t, :] to B[{step} t + {step - 1}, :], column by column "
            f"{_size(flow.b, params.b)}.",
        ]
    return [
        f"A tile is {tile_words(params)}, with K up to {params.k_limit:,}.",
        *orders,
        f"Beat i of m_axis_c is C[i, :] ({flow.c.lanes} x {params.accumulator} bits, {flow.c.tdata_bits:,} bits).",
        f"Tiles follow each other {interval_words(params)}; the results of one leave while the next enters.",
    ]


def _size(stream: BeatMap, element: object) -> str:
    return f"({stream.lanes} x {element}, {stream.tdata_bits:,} bits of tdata)"
