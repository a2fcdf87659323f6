"""Engines without a name: from their nest in a configuration to all that is said and drawn of them."""

from __future__ import annotations

import html
import json
import random
from dataclasses import replace

import pytest

from gen.cli import main
from gen.config import load
from gen.explain import explain, text
from gen.nest.engines import engine_nest
from gen.nest.printer import print_nest
from gen.report.diagrams.engine import engine_diagram
from gen.report.diagrams.pe import pe_diagram
from gen.report.engine import PE_TEXTS
from gen.timing import beats, interval_words, macs_per_cycle, pes
from hdl.engine.bodies import body_of
from hdl.params import BUILDS, Axes, ConfigError, EngineParams
from hdl.params.axes import Adders, KForm, KSpace, Recoded, legal
from hdl.params.plain_axes import axes_from, plain
from hdl.params.points import array_of, beside, buildable, structures
from hdl.params.presets import name_of, nearest, preset_axes
from hdl.params.title import Title
from tests.conftest import ROOT

EVERY = [axes for axes in structures(buildable((1, 3))) if name_of(axes) is None]
#: Some of those without a name: all would take minutes.
NAMELESS = random.Random(7).sample(EVERY, 80)
#: OPT3 with two lanes of k; no preset has it.
LANES = replace(preset_axes("matrix_2d", "opt3", 1), k=KSpace(KForm.TREE, 2))


def test_axes_are_plain_values_and_back():
    for axes in legal()[::7]:
        assert axes_from(json.loads(json.dumps(plain(axes)))) == axes
    assert axes_from({}) == Axes()


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"stay": "results"}, "engine.point.stay: unknown key (did you mean 'stays'?)"),
        (
            {"stays": "result"},
            "engine.point.stays: must be one of results, weights, not 'result' (did you mean 'results'?)",
        ),
        ({"k": 4}, "engine.point.k: must be a table, not 4"),
        ({"k": {"form": "tree", "steps": "4"}}, "engine.point.k.steps: must be an integer, not '4'"),
        ({"sum": {"per_weight": 1}}, "engine.point.sum.per_weight: must be true or false, not 1"),
        (
            {"k": {"steps": 2}},
            "engine.point: k in space has at least one step, and exactly one without a chain or tree, not 2",
        ),
    ],
)
def test_what_is_wrong_with_plain_axes(values, problem):
    with pytest.raises(ConfigError) as error:
        EngineParams.from_dict({"point": values})
    assert str(error.value) == problem


def test_the_nearest_name():
    """A name is nearest to itself; and each engine can be set beside those of the array that it is most like."""
    for axes in structures(buildable()):
        assert name_of(axes) in (None, nearest(axes))
    for axes in [*EVERY[::11], *legal()[::997]]:
        array, scheme = nearest(axes)
        assert scheme in BUILDS[array]
    params = EngineParams(point=LANES, rows=2, cols=3)
    assert array_of(params) == "matrix_2d"
    assert beside(params, "mac") == EngineParams(array="matrix_2d", scheme="mac", rows=2, cols=3, depth=2)


def test_titles():
    title = Title(EngineParams(point=LANES, rows=2, cols=3))
    assert str(title) == "2x3x2 nest, like opt3 on matrix_2d, but a tree over k, s8 x s8"
    assert (title.scheme, title.form, title.place) == ("nest", "nest", "2x3x2 nest")
    named = Title(EngineParams(scheme="mac", rows=2, cols=3))
    assert (str(named), named.place) == ("2x3 systolic_os mac (fused), s8 x s8", "2x3 systolic_os")
    assert named.likeness == ""


@pytest.mark.parametrize("axes", NAMELESS, ids=[f"{number}" for number in range(len(NAMELESS))])
def test_all_is_said_of_an_engine_without_a_name(axes, tmp_path):
    """Its nest in a configuration gives it back; texts, figures and drawings are there, and name no empty name."""
    params = EngineParams(point=axes, rows=2, cols=3, segment=32)
    print(Title(params))
    assert EngineParams.from_dict(json.loads(json.dumps(params.to_dict()))) == params
    if axes.recoded is Recoded.A:
        nest = engine_nest(params)
        (tmp_path / "engine.toml").write_text(f'[engine]\nsegment = 32\nnest = """\n{print_nest(nest)}"""\n')
        assert load(tmp_path / "engine.toml").engine == params
    found = explain(params, k=20)
    said = [text(found, "x"), text(found, "x", final=True), str(Title(params)), Title(params).place, *beats(params)]
    said += [engine_diagram(params), pe_diagram(params), interval_words(params)]
    for words in said:
        assert words.strip()
        assert "  on " not in words
        assert "''" not in words
        assert "array ," not in words
    assert any(fits(axes) for fits, _ in PE_TEXTS)
    if axes.recoded is not Recoded.BOTH:
        assert [place.primitive for place in found.hardware] == [
            f"{row.primitive} {row.value}" for row in found.steps[-1].table.rows
        ]
    assert found.hardware
    macs = macs_per_cycle(params)
    assert macs is None or 0 < macs <= pes(params) * params.k_step
    assert body_of(params).core["pe"] == pes(params)


EXAMPLES = {
    "nest-tree-3x4": ("3 × 4 × 4 2D matrix of PEs, nest", "like opt1 on matrix_2d, but a tree over k; digits one at"),
    "nest-loaded-4x3": ("4 × 3 × 3 weight-stationary systolic array, nest", "B recoded"),
    "nest-common-4x3": ("4 × 3 output-stationary systolic array, nest", "steps skipped in which no row has a digit"),
}


@pytest.mark.sim
@pytest.mark.synth
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_nest_without_a_name_runs(name, tmp_path):
    """From the configuration to the report, with the plain engine of the nearest array beside it."""
    config, out = ROOT / "configs" / f"{name}.toml", tmp_path / "out"
    quick = ["--set", "effort=quick", "--set", "library=unit", "--set", "tiles=4"]
    assert main(["run", str(config), "-o", str(out), "--quiet", *quick]) == 0
    manifest, sim, synth = (json.loads((out / f"{each}.json").read_text()) for each in ("manifest", "sim", "synth"))
    params = load(config).engine
    assert manifest["nest"] == print_nest(engine_nest(params))
    assert EngineParams.from_dict(manifest["config"]["engine"]) == params
    assert manifest["latency"] == body_of(params).latency
    assert sim["passed"]
    assert sim["elements_checked"] == 4 * params.rows * params.cols
    assert (synth["scheme"], [each["scheme"] for each in synth["compared"]]) == ("nest", ["mac"])
    parts = sum(part["area_um2"] for part in synth["parts"])
    assert 0 < synth["core_area_um2"] < synth["engine_area_um2"] == pytest.approx(parts)
    page = (out / "report.html").read_text()
    title, likeness = EXAMPLES[name]
    assert f"<h1>{title}</h1>" in page
    assert likeness in page
    for place in explain(params, k=20).hardware:
        assert html.escape(place.text, quote=False) in page
    latency = manifest["latency"]
    assert latency is None or f"first results: {latency} cycles" in page


@pytest.mark.parametrize(("key", "value"), [("array", "matrix_2d"), ("scheme", "opt3")])
def test_names_beside_a_nest_without_one(key, value, tmp_path):
    nest = print_nest(engine_nest(EngineParams(point=LANES, rows=2, cols=3)))
    path = tmp_path / "engine.toml"
    path.write_text(f'[engine]\n{key} = "{value}"\nnest = """\n{nest}"""\n')
    with pytest.raises(ConfigError) as error:
        load(path)
    assert str(error.value) == (
        f"{path}: engine.{key}: is not '{value}': the engine of this nest has no name (leave it out)"
    )


def test_steps_of_k_beside_a_nest_must_agree(tmp_path):
    nest = print_nest(engine_nest(EngineParams(point=LANES, rows=2, cols=3)))
    path = tmp_path / "engine.toml"
    path.write_text(f'[engine]\ndepth = 3\nnest = """\n{nest}"""\n')
    with pytest.raises(ConfigError, match=r"engine\.depth: is 2 in the nest, not 3 \(leave it out\)"):
        load(path)


def test_a_point_that_is_not_built_is_refused_with_its_properties():
    odd = next(axes for axes in legal() if axes.adders is Adders.ONE and axes not in buildable())
    with pytest.raises(ConfigError, match="no engine is built like this"):
        EngineParams(point=odd)
