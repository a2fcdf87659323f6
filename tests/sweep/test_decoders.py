"""Sweeps of models on systems: which points there are, what is wrong with them, and figures of real ones."""

from __future__ import annotations

import json

import pytest

from gen.sweep.decoders import FIGURES
from hdl.params import ConfigError
from tests.conftest import ROOT

HEAD = "command = 'pim simulate'\n"
SPEC = HEAD + "[pim]\ntokens = 2\n[sweep]\nmodel = ['gpt2-small', 'gpt2-medium']\nchannels = [4, 8]\n"


def test_points(planned):
    commands = [point.task.command("") for point in planned(SPEC).points]
    assert commands == [
        f"bitloom pim simulate {model} --system aim_measured --set channels={channels} --tokens 2"
        for model in ("gpt2-small", "gpt2-medium")
        for channels in (4, 8)
    ]
    first = planned(SPEC).points[0]
    assert dict(first.settings) == {"model": "gpt2-small", "channels": 4}
    assert first.title == "gpt2-small on aim_measured"
    assert first.task.config == ""


def test_all_options(planned):
    text = "model = 'gpt2-small'\nsystem = 'pimgpt_paper'\nfrom = 7\nlayout = 'rows'\nbatch = 2\n" + (
        "weights = 'bf16'\ncaches = 'bf16'\noverlap = false\noutput_matrix = false\n[pim.timing]\ntrefi = 0\n"
    )
    (point,) = planned(f"{HEAD}[pim]\n{text}[sweep]\ntokens = [3]\n").points
    assert point.task.arguments == (
        *("pim", "simulate", "gpt2-small", "--system", "pimgpt_paper", "--set", "timing.trefi=0", "--tokens", "3"),
        *("--from", "7", "--layout", "rows", "--batch", "2", "--weights", "bf16", "--caches", "bf16"),
        *("--no-overlap", "--no-output-matrix"),
    )


def test_files_are_found_beside_the_sweep_file(planned, tmp_path):
    from hdl.params.pim import preset

    (tmp_path / "own.json").write_text(json.dumps(preset("tiny").to_dict()))
    (tmp_path / "model.json").symlink_to(ROOT / "configs/models/smollm2-135m.json")
    (point,) = planned(f"{HEAD}[[point]]\nmodel = 'model.json'\nsystem = 'own.json'\n").points
    assert point.task.arguments[2:5] == (str(tmp_path / "model.json"), "--system", str(tmp_path / "own.json"))


def test_what_is_done_again(planned):
    """A result depends on the system and the model, not on what they are called."""
    keys = [point.key for point in planned(SPEC).points]
    assert len(set(keys)) == 4
    assert [point.key for point in planned(SPEC).points] == keys
    assert not set(keys) & {point.key for point in planned(SPEC.replace("tokens = 2", "tokens = 3")).points}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[sweep]\ntokens = [1]", ": model: is missing (name a published model, or the folder of one)"),
        ("[sweep]\nmodel = ['gpt2-smal']", ":3: model: there is no such file or folder, and no published model called"),
        ("[sweep]\nmodel = ['none.json']", ":3: model: "),
        ("[sweep]\nmodel = [3]", ":3: model: must be a text, not 3"),
        ("[pim]\nmodel = 'gpt2-small'\n[sweep]\nsystem = ['aim']", ":5: system: "),
        ("[pim]\nmodel = 'gpt2-small'\n[sweep]\nchannels = [1, 'x']", ":5: channels: must be a number, not 'x'"),
        ("[pim]\nmodel = 'gpt2-small'\n[sweep]\nchannels = [4, 0]", ":5: channels: "),
        (
            "[pim]\nmodel = 'gpt2-small'\n[sweep]\nchanels = [4]",
            ":5: sweep.chanels: unknown key (did you mean 'channels'?)",
        ),
        ("[pim]\nmodel = 'gpt2-small'\n[sweep]\ntokens = [1, true]", ":5: tokens: must be an integer, not True"),
        (
            "[pim]\nmodel = 'gpt2-small'\n[sweep]\ntokens = [1, 2000]",
            ":5: tokens: must be 1 to 1024, what is left of the",
        ),
        (
            "[pim]\nmodel = 'gpt2-small'\n[sweep]\nfrom = [1024]",
            ":5: from: must be 0 to 1023, as the context ends there",
        ),
        (
            "[pim]\nmodel = 'gpt2-small'\n[sweep]\nlayout = ['dens']",
            ":5: layout: must be one of dense, rows, auto, not",
        ),
        (
            "[pim]\nmodel = 'gpt2-small'\n[sweep]\nweights = ['int4']",
            ":5: weights: must be one of bf16, int8, not 'int4'",
        ),
        ("[pim]\nmodel = 'gpt2-small'\n[sweep]\nbatch = [0]", ":5: batch: must be at least 1, not 0"),
        ("[pim]\nmodel = 'gpt2-small'\n[sweep]\noverlap = [1]", ":5: overlap: must be true or false, not 1"),
        ("[engine]\nrows = 3\n[sweep]\ntokens = [1]", ":2: engine: is no table of a sweep of 'pim simulate' (it is of"),
    ],
)
def test_what_is_wrong(planned, tmp_path, text, message):
    with pytest.raises(ConfigError) as error:
        planned(HEAD + text)
    first = str(error.value).splitlines()[0]
    assert first.startswith(f"{tmp_path / 'spec.toml'}{message}"), first


def test_for_real(bitloom, here):
    """A model of the smallest sizes, whose file is beside the sweep file."""
    values = json.loads((ROOT / "configs/models/smollm2-135m.json").read_text())
    values |= {"num_hidden_layers": 1, "vocab_size": 64, "hidden_size": 64, "intermediate_size": 64}
    values |= {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32}
    (here / "model.json").write_text(json.dumps(values))
    (here / "spec.toml").write_text(f"{HEAD}[pim]\nmodel = 'model.json'\ntokens = 1\n[sweep]\nchannels = [1, 2]\n")
    result = bitloom("sweep", "spec.toml", "--best", "clocks_per_token", "--json")
    assert (result.status, result.err) == (0, "")
    rows = result.json["points"]
    assert [row["status"] for row in rows] == ["done", "done"]
    assert all(isinstance(row[name], int | float) for row in rows for name in FIGURES)
    (best,) = result.json["best"]
    assert best["value"] == min(row["clocks_per_token"] for row in rows)
    assert (best["unit"], best["settings"]) == ("clocks", {"channels": 2})
    alone = bitloom(*best["command"].split()[1:], "--json").json
    assert alone["clocks_per_token"] == best["value"]
