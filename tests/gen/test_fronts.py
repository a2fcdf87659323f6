"""What may stand in front of an engine: its tables in a configuration, and the files that are generated."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from gen.config import Config, load
from gen.emit.generate import generate, stored
from gen.emit.memories import module_text
from gen.emit.verilog import emit
from gen.keys import schema
from gen.output import open_output
from hdl.params import ConfigError, EngineParams, OperandFormat
from hdl.params.delta_front import DeltaFront
from hdl.params.front import Front
from hdl.params.fronts import FRONTS, front_of
from hdl.params.gate import GateParams
from hdl.tops import top_of

S9 = OperandFormat(9, signed=True)
DESIGNS: dict[str, Front] = {
    "gate": GateParams(EngineParams(scheme="mac", rows=2, cols=3), pixels=12, modes=("zero", "hold"), observe=True),
    "delta": DeltaFront(EngineParams(rows=3, cols=2, a=S9, preload=True), words=20),
}
GATE = '[engine]\nscheme = "opt4c"\nrows = 2\ncols = 2\n[gate]\n'
DELTA = '[engine]\nrows = 2\ncols = 2\na = "s9"\npreload = true\n[delta]\n'


def config_of(tmp_path: Path, text: str, *overrides: str) -> Config:
    path = tmp_path / "own.toml"
    path.write_text(text)
    return load(path, overrides)


def problems_of(tmp_path: Path, text: str, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        config_of(tmp_path, text, *overrides)
    return [line.replace(f"{tmp_path}/own.toml: ", "") for line in str(error.value).splitlines()]


def test_a_table_puts_something_in_front(tmp_path: Path) -> None:
    gate = config_of(tmp_path, GATE)
    assert gate.front == GateParams(EngineParams(scheme="opt4c", rows=2, cols=2))
    assert gate.title.endswith("s8 x s8, behind a gate of 64 pixels: off, zero, compact")
    assert config_of(tmp_path, GATE, "gate.pixels=32", "gate.modes=zero").to_dict()["gate"] == {
        "pixels": 32,
        "modes": ["off", "zero"],
        "seed": GateParams.seed,
        "observe": False,
    }
    delta = config_of(tmp_path, DELTA + 'x = "s7"\nwords = 40\n')
    assert delta.front == DeltaFront(delta.engine, OperandFormat(7, signed=True), 40)
    assert (delta.workload.name, delta.workload.k, delta.workload.tiles) == ("random", 40, 1)
    assert config_of(tmp_path, DELTA).workload.tiles == 16


def test_an_override_alone_does_as_well(tmp_path: Path) -> None:
    assert config_of(tmp_path, "", "gate.pixels=9").front == GateParams(EngineParams(), pixels=9)
    assert config_of(tmp_path, "", "seed=9").front is None, "a name without its table is the workload's"


def test_it_is_part_of_what_is_generated(tmp_path: Path) -> None:
    texts = ("", "[gate]\n", "[gate]\npixels = 8\n")
    assert len({config_of(tmp_path, text).hash for text in texts}) == 3
    assert config_of(tmp_path, "").hash == Config().hash


@pytest.mark.parametrize(
    ("text", "overrides", "problems"),
    [
        (GATE + "pixles = 3\n", (), ["gate.pixles: unknown key (did you mean 'pixels'?)"]),
        (GATE, ("gate.mode=zero",), ["--set gate.mode: unknown key (did you mean 'gate.modes'?)"]),
        ("[gates]\n", (), ["gates: unknown section (did you mean 'gate'?)"]),
        ("gate = 3\n", (), ["gate: must be a table, not 3 (write [gate])"]),
        (GATE + "pixels = 0\n", (), ["gate.pixels: must be an integer from 1 to 4,096, not 0"]),
        (GATE + "pixels = 1.5\n", (), ["gate.pixels: must be an integer, not 1.5"]),
        (GATE + "modes = 3\n", (), ["gate.modes: must be a mode or a list of modes, not 3"]),
        (
            GATE + 'modes = ["hodl", "hold"]\n',
            (),
            [
                "gate.modes: must be some of off, zero, hold, compact, decoy, not 'hodl' (did you mean 'hold'?)",
                "gate.modes: this engine can't have 'hold': its steps are not its beats, so that it can't stand still "
                "for one",
            ],
        ),
        (
            "[engine]\narray = 'cube'\n[gate]\n",
            (),
            [
                "engine: a gate stands in front of engines whose results stay, with one step of K in a beat "
                "(write array = systolic_os or matrix_2d, and mac, opt1, opt3 or opt4c)"
            ],
        ),
        (
            "[engine]\na = 'bf16'\nb = 'bf16'\nscheme = 'mac'\n[gate]\n",
            (),
            ["engine.a: a gate takes integers, not bf16"],
        ),
        (
            '[engine]\narray = "matrix_2d"\nscheme = "mac"\ncolumn_groups = 2\n[gate]\n',
            (),
            [
                "engine.column_groups: must be 1 behind a gate, whose pixel is a step of K of all columns, not 2",
            ],
        ),
        (
            GATE + "pixels = 0\n[delta]\n",
            (),
            [
                "gate.pixels: must be an integer from 1 to 4,096, not 0",
                "engine.preload: must be true: results begin with those of the frame before",
                "delta: can't stand beside [gate]: one thing at a time stands in front of an engine (take one out)",
            ],
        ),
        (
            '[engine]\na = "u8"\n[delta]\nwords = 1\n',
            ("delta.x=bf16",),
            [
                "engine.a: must have a sign, as changes have, not u8 (write s9)",
                "engine.preload: must be true: results begin with those of the frame before",
                "delta.words: must be an integer, 2 to 1048576, not 1",
                "--set delta.x: must be a format of integers such as s8, not 'bf16'",
            ],
        ),
        (
            DELTA,
            ("x=8",),
            ["--set x: must be a text such as 's8' or 'u4', not 8"],
        ),
        (
            DELTA + "words = 30\n[workload]\nk = 8\ntiles = 4\n",
            (),
            [
                "workload.tiles: must be at most 3 of K = 8 behind a delta encoder of 30 words, u8, not 4 "
                "(raise delta.words, or lower workload.k)"
            ],
        ),
        (
            DELTA + '[workload]\nname = "digits"\n',
            (),
            ["workload.name: must be 'random' behind a delta encoder of 1,024 words, u8, not 'digits'"],
        ),
        (
            '[engine]\nscheme = "mac"\n[gate]\nmodes = ["decoy"]\n[synth]\ncompare = "opt1"\n',
            (),
            [
                "synth.compare: 'opt1': gate.modes: this engine can't have 'decoy': its PEs have no single number to "
                "which a dummy fits (mac)"
            ],
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, overrides: tuple[str, ...], problems: list[str]) -> None:
    assert problems_of(tmp_path, text, *overrides) == problems


def test_too_many_operands_for_an_encoder() -> None:
    with pytest.raises(
        ConfigError, match="engine: a delta encoder takes beats of up to 1,024 operands of A, not 2,048"
    ):
        DeltaFront(EngineParams(scheme="opt4e", rows=512, segment=1024, a=S9, preload=True))


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_plain_values_give_the_same(design: Front) -> None:
    tables = {design.key: json.loads(json.dumps(design.to_dict()))}
    assert front_of(design.engine, tables) == design
    assert front_of(design.engine, {"engine": {}}) is None
    assert set(FRONTS) == set(DESIGNS)
    properties = schema()["properties"][design.key]["properties"]
    assert set(properties) == set(design.to_dict())


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_ports_are_those_of_the_verilog(design: Front) -> None:
    emission = emit(design, "npu")
    text = module_text(emission.text, emission.top)
    assert emission.top == f"npu_{design.module}"
    found = {name: int(high or 0) + 1 for high, name in re.findall(r"put (?:reg |wire )?(?:\[(\d+):0\] )?(\w+)", text)}
    assert {port.name: port.width for port in emission.ports} == found
    assert emission.text.startswith(f"// Generated by Bitloom. {design.title[:1].upper()}{design.title[1:]}. array = ")
    assert emission.modules["engine"] == "npu_engine"
    assert any(name.startswith(f"npu_{design.key}") for name, role in emission.roles.items() if role == "front")


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)
def test_generated_files(design: Front, tmp_path: Path) -> None:
    config = Config(engine=design.engine, front=design)
    with open_output(tmp_path / "out") as output:
        manifest = generate(config, output)
        assert stored(output, manifest) == emit(design)
    top = f"bitloom_{design.module}"
    assert manifest["top"] == top
    assert manifest["files"] == {
        "verilog": f"{top}.v",
        "sdc": f"{top}.sdc",
        "filelist": f"{top}.f",
        "yosys": f"{top}.ys",
    }
    assert manifest["config"][design.key] == design.to_dict()
    assert [port["name"] for port in manifest["ports"]] == [port.name for port in top_of(design).ports]
    assert manifest["dataflow"]["a"]["element_bits"] == design.a.width
    assert manifest["core"] == emit(design.engine).core
    assert f"hierarchy -check -top {top}\n" in (tmp_path / "out" / f"{top}.ys").read_text()
    sdc = (tmp_path / "out" / f"{top}.sdc").read_text()
    for port in design.own_ports:
        assert re.search(rf"set_{port.direction}_delay .*\b{port.name}\b", sdc), port.name


def test_another_engine_behind_the_same() -> None:
    gate = DESIGNS["gate"]
    small = replace(gate.engine, rows=1)
    assert Config(engine=gate.engine, front=gate).design_of(small) == replace(gate, engine=small)
    assert Config(engine=small).design_of(gate.engine) == gate.engine
    with pytest.raises(ValueError, match="stands in front of another engine"):
        Config(engine=small, front=gate)
