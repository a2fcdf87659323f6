"""Layers on engines: which way is taken, what it is compared with, and what moves."""

from __future__ import annotations

import csv
import io
from itertools import product as combinations

import pytest

from gen.cycles.job import expected_cycles
from hdl.params import ConfigError, EngineParams, OperandFormat
from sim_tb.mapping.energy import Energy
from sim_tb.mapping.layer import layer
from sim_tb.mapping.network import COLUMNS, map_network
from sim_tb.mapping.packing import packings
from sim_tb.mapping.traffic import Buffers, traffic
from sim_tb.workloads.gemm import Convolution, Product, Topology
from sim_tb.workloads.readers import read

ENGINE = EngineParams()
NETWORKS = ("resnet50", "mobilenet", "gpt2")


def convolution(size: int, channels: int, filters: int, kernel: int, groups: int = 1) -> Product:
    edge = kernel // 2
    conv = Convolution(kernel=(kernel, kernel), height=size, width=size, channels=channels, padding=(edge,) * 4)
    pixels = conv.output[0] * conv.output[1]
    return Product("layer", "Conv", pixels, conv.taps * channels // groups, filters, groups, conv)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("array", ["systolic_os", "systolic_ws", "matrix_2d"])
def test_nearly_all_that_is_possible(array: str, network: str) -> None:
    """Every layer of published networks; what sizes and edges leave of the peak is the bound."""
    found = map_network(EngineParams(array=array), read(network))
    assert all(0.95 <= row["of_bound"] <= 1 for row in found.rows)
    assert all(row["utilisation"] <= row["bound"] <= 1 for row in found.rows)
    assert found.totals["macs"] == read(network).macs
    assert found.totals["cycles"] == sum(row["cycles"] for row in found.rows)


def test_swapped_where_that_is_quicker() -> None:
    """Filters on columns: 6 x 2 tiles; on rows: 1 x 11."""
    params = EngineParams(rows=32, cols=16)
    found = layer(params, Product("layer", "Gemm", 176, 64, 17))
    assert found.swapped
    assert found.cycles == expected_cycles(params, [(11, 64)])
    mixed = EngineParams(rows=32, cols=16, a=OperandFormat.parse("u8"))
    assert not layer(mixed, found.product).swapped  # the formats say which operand is which


def test_no_way_is_quicker() -> None:
    product = convolution(14, 8, 1, 3, groups=8)
    ways = [layer(ENGINE, packing.packed, pack=False).cycles for packing in packings(product, 16)]
    assert layer(ENGINE, product).cycles == min(ways)
    assert len(set(ways)) > 5


def test_k_beyond_the_limit_is_split() -> None:
    params = EngineParams(accumulator=20)
    found = layer(params, Product("layer", "Gemm", 16, 2 * params.k_limit + 3, 16))
    assert [k for _, k in found.streaks] == [params.k_limit, params.k_limit, 3]


@pytest.mark.parametrize(
    ("kernel", "least"), [(1, 0.99), (3, 2.2), (5, 2.7), (7, 3.0)], ids=["1x1", "3x3", "5x5", "7x7"]
)
def test_four_filters_on_sixteen_columns(kernel: int, least: float) -> None:
    """A shared stream of activations lets columns gain by what windows of neighbouring pixels have in common."""
    product = convolution(64, 16, 4, kernel)
    gain = layer(ENGINE, product, pack=False).cycles / layer(ENGINE, product).cycles
    assert least <= gain <= 4


def test_depthwise_gains_four_times() -> None:
    product = convolution(112, 32, 32, 3, groups=32)
    plain = Product("layer", "Conv", product.m, 9, 1, 32, product.conv)
    assert layer(ENGINE, plain, pack=False).cycles / layer(ENGINE, plain).cycles > 3.9


# --- traffic ---------------------------------------------------------------------------------------------------------
def walked(product: Product, buffers: Buffers, tile: tuple[int, int]) -> int:
    """Bytes read of a product without geometry: both orders of the loops, block by block; the better one."""
    rows = product.m if product.m * product.k <= buffers.activations else None
    rows = rows or max(buffers.activations // product.k // tile[0], 1) * tile[0]
    cols = product.n if product.n * product.k <= buffers.weights else None
    cols = cols or max(buffers.weights // product.k // tile[1], 1) * tile[1]
    down, across = range(0, product.m, rows), range(0, product.n, cols)
    totals = []
    for order in (combinations(down, across), ((i, j) for j, i in combinations(across, down))):
        read, held = 0, [-1, -1]
        for i, j in order:
            if held[0] != i:
                read += min(rows, product.m - i) * product.k
            if held[1] != j:
                read += min(cols, product.n - j) * product.k
            held = [i, j]
        totals.append(read)
    return min(totals)


@pytest.mark.parametrize("sizes", [(64, 32, 48), (1000, 100, 40), (40, 100, 1000), (333, 77, 555), (5, 9000, 5)])
@pytest.mark.parametrize("room", [(512, 512), (4096, 1024), (1024, 4096), (1 << 20, 1 << 20)])
def test_traffic_is_that_of_the_loops(sizes: tuple[int, int, int], room: tuple[int, int]) -> None:
    product = Product("layer", "Gemm", *sizes)
    buffers = Buffers(activations=room[0], weights=room[1])
    found = traffic(ENGINE, product, buffers, (16, 16), 1)
    assert found.activations + found.weights == walked(product, buffers, (16, 16))
    assert found.results == product.output_elements


def test_traffic_of_convolutions() -> None:
    """The map and not its patches; blocks of lines share what both see; partial sums are spilled if K is split."""
    product = convolution(32, 16, 64, 3)
    large = traffic(ENGINE, product, Buffers(), (16, 16), 1)
    assert (large.activations, large.weights, large.results) == (32 * 32 * 16, 9 * 16 * 64, 32 * 32 * 64)
    small = traffic(ENGINE, product, Buffers(activations=32 * 16 * 10), (16, 16), 1)  # ten lines: eight of output
    assert small.activations == (32 + 3 * 2) * 32 * 16
    split = traffic(ENGINE, product, Buffers(), (16, 16), 3)
    assert split.results - large.results == 2 * 2 * 4 * product.output_elements


@pytest.mark.parametrize("key", ["activations", "bandwidth"])
def test_buffers_are_checked(key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key}: must be an integer of at least 1, not 0"):
        Buffers(**{key: 0})


# --- energy, and the table --------------------------------------------------------------------------------------------
SYNTH = {"library": "osu018", "clock_ns": 2.0, "power_mw": 100.0, "glitch_power_mw": 150.0}


def test_energy() -> None:
    found = Energy.of(SYNTH, "synth.json")
    assert found is not None
    assert found.picojoules(10, 4) == 10 * 2.0 * 150
    assert "150 mW at 2 ns on osu018, with glitches; cycles without work count as busy ones" in found.source
    idle = Energy.of(SYNTH | {"idle_power_mw": 30.0, "glitch_power_mw": None}, "synth.json")
    assert idle is not None
    assert idle.picojoules(10, 4) == 2.0 * (4 * 100 + 6 * 30)
    assert Energy.of(SYNTH | {"power_mw": None, "glitch_power_mw": None}, "synth.json") is None


def test_table() -> None:
    products = (Product("one", "Gemm", 20, 30, 40), Product("two, with a comma", "MatMul", 5, 6, 7, 3, weights=False))
    found = map_network(ENGINE, Topology("net", products, {"Softmax": 2}), energy=Energy.of(SYNTH, "x"))
    rows = list(csv.DictReader(io.StringIO(found.csv())))
    assert [list(row) for row in rows] == [[key for key, _, _ in COLUMNS]] * 2
    assert [row["layer"] for row in rows] == ["one", "two, with a comma"]
    assert [int(row["cycles"]) for row in rows] == [row["cycles"] for row in found.to_dict()["layers"]]
    energy = found.totals["energy_uj"]
    assert energy == pytest.approx(found.totals["cycles"] * 300 / 1e6)
    assert found.to_dict()["others"] == {"Softmax": 2}
