"""``bitloom pim compile``: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gen.pim.compile import TOKEN, compile_decoder
from gen.pim.compile.report import executed
from gen.pim.model import read
from gen.pim.program import load
from hdl.params.pim import INSTRUCTIONS
from sim_tb.golden.pim import Machine
from sim_tb.workloads.text import SYSTEM, compiled, weights
from sim_tb.workloads.text.generate import FOLDER
from tests.pim.model.configs import PHI, TOYS


@pytest.fixture
def system(tmp_path) -> Path:
    path = tmp_path / "system.json"
    path.write_text(json.dumps(SYSTEM.to_dict()))
    return path


def test_files(bitloom, tmp_path, system):
    """Programs as text and binary, the report, and an image of the banks that works."""
    folder = tmp_path / "out"
    options = ["--system", str(system), "--positions", "3-5", "-o", str(folder)]
    result = bitloom("pim", "compile", str(FOLDER), *options, "--json")
    assert (result.status, result.err) == (0, "")
    assert json.loads((folder / "pim-compile.json").read_text()) == result.json
    names = [f"position-0000{position}.{kind}" for position in (3, 4, 5) for kind in ("bin", "pim")]
    assert sorted(path.name for path in (folder / "programs").iterdir()) == names
    for position in (3, 4, 5):
        (right,) = compiled().programs(position)
        assert load(folder / "programs" / f"position-0000{position}.bin") == right
        again = bitloom(
            "pim", "asm", str(folder / "programs" / f"position-0000{position}.pim"), "--system", str(system)
        )
        assert again.status == 0, again.err
        assert load(folder / "programs" / f"position-0000{position}.bin") == right
    memory = np.load(folder / "memory" / "memory.npy")
    assert np.array_equal(memory, compiled().image(weights()))
    # Positions of an earlier run don't stay.
    result = bitloom("pim", "compile", str(FOLDER), *options[:2], "--positions", "7", "-o", str(folder))
    assert result.status == 0
    assert sorted(path.name for path in (folder / "programs").iterdir()) == [
        "position-00007.bin",
        "position-00007.pim",
    ]


def test_report(bitloom, system):
    """Figures are those of the compiled decoder; instructions that are executed, those that the machine counts."""
    found = bitloom("pim", "compile", str(FOLDER), "--system", str(system), "--json").json
    placement = compiled().placement
    assert found["rows"]["used"] == placement.rows == found["rows"]["weights"] + found["rows"]["caches"]
    assert found["sram"]["used"] == compiled().sram.end
    attend = found["matrices"][0]
    assert (attend["inputs"], attend["outputs"], attend["count"]) == (64, 192, 2)
    assert attend["utilisation"] == {"units": 1.0, "columns": 1.0}
    (program,) = compiled().programs(127)
    machine = Machine(SYSTEM)
    machine.scalars[TOKEN] = 1
    assert found["programs"]["127"]["executed"] == executed(program) == machine.run(program.words).instructions


def test_text(bitloom, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(TOYS["llama"]))
    result = bitloom("pim", "compile", str(path), "--layout", "dense", "--tokens", "300", "-o", str(tmp_path / "x"))
    assert result.status == 0, result.err
    assert "gate, up" in result.out
    assert ", 300 tokens\n" in result.out
    assert "rotation" in result.out
    assert "memory    not written: there is no safetensors file beside the configuration\n" in result.out


def test_weights_that_are_refused_leave_nothing(bitloom, tmp_path):
    from safetensors.numpy import save_file

    (tmp_path / "config.json").write_text(json.dumps(TOYS["llama"]))
    save_file({"x": np.ones(1, np.float32)}, tmp_path / "model.safetensors")
    result = bitloom("pim", "compile", str(tmp_path), "-o", str(tmp_path / "x"))
    assert (result.status, result.out) == (2, "")
    assert "model.embed_tokens.weight: is missing" in result.err
    assert not (tmp_path / "x").exists()
    (tmp_path / "model.safetensors").rename(tmp_path / "model.gguf")
    result = bitloom("pim", "compile", str(tmp_path), "--positions", "0", "-o", str(tmp_path / "x"))
    assert "beside the configuration, and .gguf files are not read: take the checkpoint in safetensors" in result.out


def test_published(bitloom, tmp_path, monkeypatch):
    """A name instead of a file; a checkpoint that happens to lie here is not its."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"of another model")
    result = bitloom("pim", "compile", "gpt2-small", "--positions", "3", "-o", "x")
    assert result.status == 0, result.err
    assert "124,439,808 parameters" in result.out
    assert "there is no safetensors file" in result.out
    result = bitloom("pim", "compile", "gpt3-xll")
    assert (result.status, result.out) == (2, "")
    assert "no published model called 'gpt3-xll' (did you mean 'gpt3-xl'?)" in result.err


def test_weights_of_8_bits(bitloom, tmp_path):
    """On a system of the preset with MAC units for them; without these, a refusal says what to set."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(PHI))
    options = ["pim", "compile", str(path), "--weights", "int8"]
    found = bitloom(*options, "--set", "int8=true", "--set", "accumulators=8", "--json").json
    assert found["weights"] == "int8"
    assert found["rows"]["used"] < found["rows"]["of"]
    assert all(each["utilisation"]["columns"] > 0.75 for each in found["matrices"])
    result = bitloom(*options)
    assert (result.status, result.out) == (2, "")
    assert "pim.int8: must be true for weights of 8 bits, not false (--set int8=true, for example)" in result.err
    result = bitloom(*options[:-1], "int4")
    assert (result.status, result.out) == (2, "")
    assert "weights: must be one of bf16, int8, not 'int4' (did you mean 'int8'?)" in result.err


def test_caches_of_8_bits(bitloom, tmp_path):
    """On a system with MAC units for them, in fewer rows; without, a refusal says what to set."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(TOYS["gpt2"]))
    options = ["pim", "compile", str(path), "--caches", "int8"]
    plain = bitloom(*options[:-2], "--json").json
    able = ["--set", "int8=true", "--set", "accumulators=2"]
    found = bitloom(*options, *able, "--json").json
    assert (plain["caches"], found["caches"]) == ("bf16", "int8")
    assert found["rows"]["weights"] == plain["rows"]["weights"]
    assert ", int8 caches\n" in bitloom(*options, *able).out
    result = bitloom(*options, "-o", str(tmp_path / "out"))
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        f"bitloom: {path}: pim.int8: must be true for caches of 8 bits, not false (--set int8=true, for example)\n"
        f"bitloom: {path}: pim.accumulators: must be at least 2 for caches of 8 bits, not 1 (half of them make dot "
        "products with keys, the others scale these)\n"
    )
    assert not (tmp_path / "out").exists()
    result = bitloom(*options[:-1], "int4")
    assert (result.status, result.out) == (2, "")
    assert "caches: must be one of bf16, int8, not 'int4' (did you mean 'int8'?)" in result.err
    # What is wrong with both is said once.
    result = bitloom(*options, "--weights", "int8")
    assert result.err.count("pim.int8") == 1


def test_refusals(bitloom, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(PHI))
    result = bitloom("pim", "compile", str(path))
    assert result.status == 2
    assert result.err.startswith(f"bitloom: {path}: pim.rows: must be at least 22514, not 16384: ")
    assert "12 channels would do" in result.err
    path.write_text(json.dumps(TOYS["gpt2"]))
    for options, message in (
        (["--tokens", "7"], "tokens: must be 1 to the 6 of the model's context, not 7"),
        (["--layout", "densely"], "layout: must be one of dense, rows, auto, not 'densely' (did you mean 'dense'?)"),
        (["--positions", "2-"], "--positions: must be N or N-M, not '2-'"),
        (["--positions", "2-6"], "--positions: must lie between 0 and 5, not '2-6'"),
        (["--system", "aim"], "system: must be one of"),
    ):
        result = bitloom("pim", "compile", str(path), *options)
        assert result.status == 2
        assert message in result.err
        assert "Traceback" not in result.err
    path.write_text("{}")
    assert bitloom("pim", "compile", str(path)).status == 2


def test_every_activation_has_an_instruction():
    from gen.pim.compile.token import ACTIVATIONS
    from gen.pim.model.decoder import ACTIVATIONS as KNOWN

    assert set(ACTIVATIONS) == set(KNOWN)
    assert set(ACTIVATIONS.values()) <= set(INSTRUCTIONS)


def test_a_config_beside_the_text_decoder():
    """The committed model is one that anybody else could have."""
    assert compile_decoder(read(FOLDER / "config.json"), SYSTEM) == compiled()
