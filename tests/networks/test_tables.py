"""Topologies of SCALE-Sim and plain tables."""

from __future__ import annotations

from math import ceil
from pathlib import Path

import pytest

from hdl.params import ConfigError
from sim_tb.workloads.gemm import Topology
from sim_tb.workloads.readers import read
from sim_tb.workloads.readers.content import shipped

CONV = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"


@pytest.fixture
def table(tmp_path: Path):
    def parse(text: str | bytes, **options: int) -> Topology:
        path = tmp_path / "net.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path, **options)

    return parse


def sizes(topology: Topology) -> list[tuple]:
    return [(each.name, each.m, each.k, each.n, each.groups) for each in topology]


def test_convolutions_of_scale_sim(table) -> None:
    text = CONV + "\n Conv1 , 224,224 ,11,11,3,96,4,\n\tConv2_DP,14,14,3,3,32,1,2, #dw\nFC,1,1,1,1,1024,1000,1\n\n"
    topology = table(text)
    side = ceil((224 - 11 + 4) / 4)  # a last step that only partly fits counts there
    assert sizes(topology) == [
        ("Conv1", side * side, 363, 96, 1),
        ("Conv2_DP", 49, 9, 1, 32),
        ("FC", 1, 1024, 1000, 1),
    ]
    assert [each.kind for each in topology] == ["Conv", "ConvDepthwise", "Conv"]
    assert topology.products[1].input_elements == 14 * 14 * 32
    assert (topology.name, len(topology.sha256)) == ("net", 64)


def test_the_header_that_scale_sim_writes(table) -> None:
    header = "Layer name,IFMAP height,IFMAP width,Filter height,Filter width,Channels,Num filter,"
    header += "Stride height,Stride width,\n"
    assert sizes(table(header + "a,10,12,3,3,4,5,1,2,\n")) == [("a", 8 * 6, 36, 5, 1)]


def test_padding_groups_and_dilation(table) -> None:
    header = "Layer, Height, Width, Kernel height, Kernel width, Channels, Filters, Stride, Padding, Groups, Dilation\n"
    (product,) = table(header + "a, 13, 13, 3, 3, 8, 12, 2, 2, 4, 2\n", batch=3)
    assert (product.m, product.k, product.n, product.groups) == (3 * 49, 18, 3, 4)
    assert product.input_elements == 3 * 13 * 13 * 8


def test_products_in_any_order_with_or_without_names(table) -> None:
    assert sizes(table("Layer,M,N,K,\nQKT,1024,512,64,\n")) == [("QKT", 1024, 64, 512, 1)]
    assert sizes(table("\ufeffk,m,n\n3,1,2\n6,4,5\n".encode())) == [("layer1", 1, 3, 2, 1), ("layer2", 4, 6, 5, 1)]


def test_a_batch_multiplies_rows_or_products(table) -> None:
    topology = table("layer,m,n,k,groups,weights\na,2,3,4,1,yes\nb,2,3,4,12,no\n", batch=5)
    assert sizes(topology) == [("a", 10, 4, 3, 1), ("b", 2, 4, 3, 60)]
    assert [each.weights for each in topology] == [True, False]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["net.csv: is empty"]),
        (b"\x00\x01junk", ["net.csv: "]),
        ("hello\n", ["is neither ONNX nor a table of layers: its first line is 'hello' (a header such as"]),
        ("M,N\n1,2\n", ["line 1: there is no column k"]),
        ("M,N,K,Gruops\n1,2,3,4\n", ["line 1: unknown column 'Gruops' (did you mean 'groups'?)"]),
        ("M,N,K,m\n1,2,3,4\n", ["line 1: the column 'm' is there 2 times"]),
        ("M,N,K\n", ["has a header, and no layer below it"]),
        ("layer,M,N,K\na,1,2,3\na,1,2,3\n", ["line 3: 'a' is the layer of line 2, too"]),
        (
            "layer,M,N,K\na,0,2,3\nb,1,-2,x\n\nc,1,2\nd,1,2,3,4\n",
            [
                "line 2: a: m must be an integer of at least 1, not 0",
                "line 3: k must be an integer, not 'x'",
                "line 5: k is missing",
                "line 6: has 5 values, and the header 4 columns",
            ],
        ),
        ("layer,M,N,K\nbig,99999999,99999999,9\n", ["line 2: big: has 89,999,", "a smaller batch or input"]),
        (f"layer,M,N,K\nbig,{10**30},2,9\n", ["line 2: m must be an integer"]),
        (
            CONV + "a,3,3,5,5,1,1,1\nb,3,3,1,1,1,1,0\n",
            ["line 2: a: kernel: the kernel takes 5 of", "line 3: b: strides"],
        ),
        ("layer,M,N,K\na,--5,2,3\nb,-,2,3\n", ["line 2: m must be an integer, not '--5'", "line 3: m must be"]),
        (
            CONV + "a,3,3,1,1,0,1,1\nb,3,3,1,1,1,-1,1\n",
            ["line 2: a: channels must be", "line 3: b: num filter must be"],
        ),
        (CONV + "a,5,5,5,5,1,1,1,2:4\n", ["line 2: has 9 values"]),
    ],
)
def test_what_is_wrong_is_said_at_once(table, text: str, messages: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        table(text)
    for message in messages:
        assert message in str(caught.value)


def test_many_problems_are_cut_short(table) -> None:
    with pytest.raises(ConfigError, match="10 more problems"):
        table("M,N,K\n" + "0,1,1\n" * 30)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"resnet5: no such file \(did you mean 'resnet50'\?\)"):
        read("resnet5")
    with pytest.raises(ConfigError, match="is a folder"):
        read(tmp_path)


def test_a_folder_does_not_hide_a_topology(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as the one that a command has written its results into."""
    (tmp_path / "mobilenet").mkdir()
    monkeypatch.chdir(tmp_path)
    assert read("mobilenet").name == "mobilenet"


def test_batches_that_are_none() -> None:
    with pytest.raises(ConfigError, match="batch: must be an integer of at least 1, not 0"):
        read("resnet50", batch=0)


#: Millions of multiply-accumulates and of weights, as they are published.
PUBLISHED = {"resnet50": (3858, 25.5), "mobilenet": (569, 4.2), "mobilenetv2": (300, 3.47), "gpt2": (48357, 123.5)}


@pytest.mark.parametrize("name", shipped())
def test_shipped_topologies_have_the_published_sizes(name: str) -> None:
    topology = read(name)
    macs, weights = PUBLISHED[name]
    assert topology.macs / 1e6 == pytest.approx(macs, rel=0.005)
    assert sum(each.weight_elements for each in topology if each.weights) / 1e6 == pytest.approx(weights, rel=0.005)
    assert topology.source is not None
    assert "arXiv" in topology.source.read_text() or "Radford" in topology.source.read_text()
