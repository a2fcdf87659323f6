"""The Verilog of engines: shape, size, determinism and lint."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from gen.emit.memories import module_text, shape
from gen.emit.verilog import emit
from hdl.engine.top import engine_ports
from hdl.params import EngineParams


def test_modules_are_emitted_once() -> None:
    emission = emit(EngineParams(rows=17, cols=9), prefix="left")
    names = re.findall(r"^module (\S+?)\(", emission.text, flags=re.MULTILINE)
    assert names[0] == emission.top == "left_engine"
    assert len(names) == len(set(names))
    assert all(name.startswith("left_") for name in names)
    assert set(emission.modules.values()) <= set(names)
    assert emission.core == {"left_pe": 17 * 9, "left_recode": 17}


@pytest.mark.parametrize("preload", [True, False])
def test_ports(preload: bool) -> None:
    params = EngineParams(rows=3, cols=5, preload=preload)
    emission = emit(params)
    top = emission.text.split("endmodule")[0]
    found = re.findall(r"^  (input|output) (?:\[(\d+):0\] )?(\w+),?$", top, flags=re.MULTILINE)
    assert {(name, way, int(high or 0) + 1) for way, high, name in found} == {
        (port.name, port.direction, port.width) for port in engine_ports(params)
    }
    assert emission.ports == engine_ports(params)


def test_no_initial_values() -> None:
    """Flip-flops of an ASIC have none."""
    text = emit(EngineParams(rows=2, cols=2)).text
    assert "initial" not in text
    assert not re.search(r"^\s*reg .*=", text, flags=re.MULTILINE)


def test_size_grows_with_rows_plus_columns() -> None:
    small, large = (len(emit(EngineParams(rows=size, cols=size)).text) for size in (8, 64))
    assert large <= 4 * small


def test_same_bytes_whatever_the_hash_seed() -> None:
    script = (
        "from gen.emit.verilog import emit\nfrom hdl.params import EngineParams\n"
        "import sys; sys.stdout.write(emit(EngineParams(rows=9, cols=3)).text)"
    )
    texts = set()
    for seed in ("0", "1", "random"):
        env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        texts.add(subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=True).stdout)
    assert len(texts) == 1


def test_memories_are_told_by_their_parts() -> None:
    """Neither synthesis nor the script for Yosys reads names: a memory's part has that role, in Verilog its shape."""
    emission = emit(EngineParams(array="matrix_2d", scheme="opt4c", rows=2, cols=2, segment=64))
    assert emission.memories
    for name in emission.memories:
        words, width = shape(module_text(emission.text, name)) or (0, 0)
        assert name.startswith(f"bitloom_ram_{words}x{width}")
    assert not emit(EngineParams(rows=2, cols=2)).memories


def test_modules_by_kind_leave_out_those_of_several_sizes() -> None:
    emission = emit(EngineParams(array="adder_tree", rows=9, cols=9, depth=9))
    for name in emission.roles:
        assert (re.search(r"_\d", name) is None) == (name in emission.modules.values()), name
