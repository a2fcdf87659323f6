"""Parameter objects: derived numbers, and the full text of every error."""

from __future__ import annotations

import pytest

from hdl.params import ARRAYS, SCHEMES, ConfigError, Dataflow, EngineParams, OperandFormat


def parse(text: str) -> OperandFormat:
    return OperandFormat.parse(text)


@pytest.mark.parametrize(
    ("a", "b", "accumulator", "bits", "limit"),
    [
        ("s8", "s8", 32, 16, 131071),
        ("s8", "s8", 16, 16, 1),
        ("u8", "u8", 16, 16, 1),
        ("u8", "s8", 32, 16, 65793),
        ("u2", "u2", 4, 4, 1),
        ("s2", "s2", 4, 4, 1),
        ("s16", "s16", 64, 32, 2**33 - 1),
        ("s4", "u8", 20, 12, 257),
    ],
)
def test_derived_numbers(a: str, b: str, accumulator: int, bits: int, limit: int) -> None:
    params = EngineParams(a=parse(a), b=parse(b), accumulator=accumulator)
    assert params.product_bits == bits
    assert params.k_limit == limit
    low, high = params.product_range
    least, most = params.result_range
    assert least <= limit * low
    assert limit * high <= most
    assert not (least <= (limit + 1) * low and (limit + 1) * high <= most)


def test_round_trip() -> None:
    params = EngineParams(rows=3, a=parse("u5"), preload=True)
    assert EngineParams.from_dict(params.to_dict()) == params


def test_every_problem_at_once() -> None:
    values = {"array": "systolic-os", "scheme": "maac", "rows": 0, "cols": 2.0, "a": "s17", "b": "8", "carry_every": 3}
    with pytest.raises(ConfigError) as caught:
        EngineParams.from_dict(values | {"accumulator": 65, "preload": 1})
    assert str(caught.value).splitlines() == [
        "engine.a: operand width must be 2 to 16 bits, not 17",
        "engine.b: operand format must be 's' or 'u' and a width of 2 to 16 bits, or bf16 or fp16, not '8'",
        f"engine.array: must be one of {', '.join(ARRAYS)}, not 'systolic-os' (did you mean 'systolic_os'?)",
        f"engine.scheme: must be one of {', '.join(SCHEMES)}, not 'maac' (did you mean 'mac'?)",
        "engine.rows: must be 1 to 1024, not 0 (the nearest legal value is 1)",
        "engine.cols: must be an integer, not 2.0",
        "engine.carry_every: must be 1, 2, 4 or 8, not 3",
        "engine.preload: must be true or false, not 1",
        "engine.accumulator: must be 2 to 64, not 65 (the nearest legal value is 64)",
    ]


def test_accumulator_below_the_product() -> None:
    with pytest.raises(ConfigError) as caught:
        EngineParams(accumulator=15)
    assert str(caught.value) == (
        "engine.accumulator: must hold at least one s8 x s8 product (16 bits), not 15 (write 16 or more)"
    )


def problems_of(**values: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        EngineParams(**values)
    return str(caught.value).splitlines()


def test_groups_of_columns() -> None:
    params = EngineParams(array="matrix_2d", rows=2, cols=6, column_groups=3)
    assert params.a_rows == 6
    assert [params.row_of_a(1, col) for col in range(6)] == [3, 3, 4, 4, 5, 5]
    assert Dataflow(params).a.indices(1) == [[(i, 0) for i in range(6)]]
    assert EngineParams.from_dict(params.to_dict()) == params
    assert [params.sized(3, cols).column_groups for cols in (6, 9, 4, 2, 1)] == [3, 3, 1, 1, 1]
    assert EngineParams(array="matrix_2d", rows=2, cols=6, column_groups=6).sized(2, 9).column_groups == 9
    assert problems_of(array="matrix_2d", cols=16, column_groups=7) == [
        "engine.column_groups: must divide the 16 columns, not 7 (the nearest legal value is 8)"
    ]
    assert problems_of(array="matrix_2d", column_groups=0) == [
        "engine.column_groups: must be 1 to 1024, not 0 (the nearest legal value is 1)"
    ]


@pytest.mark.parametrize(
    ("array", "scheme", "why"),
    [
        ("systolic_os", "mac", "operands of A are handed over"),
        ("adder_tree", "mac", "a block of B stays"),
        ("matrix_2d", "opt4c", "digits follow each other in time"),
        ("matrix_2d", "laconic", "digits follow each other in time"),
        ("cube", "opt1", "sums pass through chains"),
    ],
)
def test_groups_of_columns_where_there_are_none(array: str, scheme: str, why: str) -> None:
    found = problems_of(array=array, scheme=scheme, column_groups=4)
    assert all(line.startswith("engine.column_groups: must be 1 where ") for line in found)
    assert any(why in line for line in found)


@pytest.mark.parametrize("rows", [1, 3, 8, 9, 16, 17])
def test_dataflow(rows: int) -> None:
    flow = Dataflow(EngineParams(rows=rows, cols=5, a=parse("u3")))
    assert flow.a.tdata_bits % 8 == 0
    assert flow.a.payload_bits == 3 * rows
    assert flow.a.indices(2) == [[(i, k) for i in range(rows)] for k in range(2)]
    assert flow.b.indices(2) == [[(k, j) for j in range(5)] for k in range(2)]
    assert flow.c.indices(2) == [[(i, j) for j in range(5)] for i in range(rows)]
    assert flow.drain_cycles == rows + (rows - 1) // 8
    assert flow.tile_interval(1) == flow.drain_cycles
    assert flow.tile_interval(1000) == 1000


@pytest.mark.parametrize("array", ["systolic_ws", "adder_tree"])
def test_dataflow_where_b_stays(array: str) -> None:
    flow = Dataflow(EngineParams(array=array, rows=2, cols=3, depth=4))
    assert flow.a.lanes == 4
    assert flow.a.indices(6) == [
        [(row, k) if k < 6 else None for k in range(block, block + 4)] for block in (0, 4) for row in range(2)
    ]
    assert flow.b.indices(6) == [[(k, col) if k < 6 else None for col in range(3)] for k in range(8)]
    assert flow.c.indices(6) == [[(row, col) for col in range(3)] for row in range(2)]
    assert flow.tile_interval(6) == 2 * 4  # loading takes longer than two rows
    assert Dataflow(EngineParams(array=array, rows=9, depth=4)).tile_interval(6) == 2 * 9
    assert EngineParams(array=array, depth=4).k_limit == flow.beat_limit == 131068


def test_bits_of_sums() -> None:
    params = EngineParams(array="adder_tree", depth=16)
    assert params.sum_bits(16) == 20  # 16 x (-128) x (-128) is 2**18
    assert params.sum_bits(15) == 19
    assert params.block_bits == 20
    assert EngineParams(array="adder_tree", depth=16, accumulator=18).block_bits == 18
    assert EngineParams(a=parse("u8"), b=parse("u8")).sum_bits(2) == 17
