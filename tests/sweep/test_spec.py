"""Sweep files: what they say, and what is wrong with them, by file, line and key."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from gen.sweep.lines import lines
from gen.sweep.plan import plan
from gen.sweep.spec import read
from hdl.params import ConfigError
from tests.conftest import ROOT
from tests.sweep.conftest import SPEC, kinds


def settings(plan):
    return [dict(point.settings) for point in plan.points]


def test_points_meet_every_combination(planned):
    keys = ("engine.array", "engine.scheme", "engine.cols", "engine.depth")
    assert [tuple(each.get(key) for key in keys) for each in settings(planned())] == [
        ("systolic_os", "mac", 1, None),
        ("systolic_os", "mac", 2, None),
        ("cube", "opt1", 1, 2),
        ("cube", "opt1", 2, 2),
    ]


def test_the_last_list_varies_fastest(planned):
    plan = planned("[sweep]\nrows = [1, 2]\nengine.cols = [3, 4]\n[sweep.synth]\nclock_ns = ['auto', 5]\n")
    assert [tuple(each.values()) for each in settings(plan)] == [
        (rows, cols, clock) for rows in (1, 2) for cols in (3, 4) for clock in ("auto", 5)
    ]
    assert list(settings(plan)[0]) == ["engine.rows", "engine.cols", "synth.clock_ns"]


def test_points_are_configurations(planned):
    """Each is one that the command takes, with the whole paths of files."""
    first, *_ = planned(SPEC.replace('"unit"', '["a.lib", "sub/b.lib"]')).points
    config = tomllib.loads(first.task.config)
    assert config["engine"] == {"array": "systolic_os", "scheme": "mac", "cols": 1, "rows": 2}
    assert config["synth"]["compare"] == []
    assert [re.sub(".*/(?=sub|a)", "", name) for name in config["synth"]["library"]] == ["a.lib", "sub/b.lib"]
    assert all(name.startswith("/") for name in config["synth"]["library"])
    assert first.task.command("x y.toml") == "bitloom synth 'x y.toml'"
    assert first.title == "2x1 systolic_os mac (fused), s8 x s8"


def test_files_beside_a_sweep_file_of_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.toml").write_text("[sweep]\nlibrary = ['a.lib', './libs', 'unit', ['b.lib']]\n")
    made = plan(read(Path("spec.toml"), kinds()), {})
    found = [tomllib.loads(point.task.config)["synth"]["library"] for point in made.points]
    assert found == [f"{tmp_path}/a.lib", f"{tmp_path}/libs", "unit", [f"{tmp_path}/b.lib"]]


def test_a_nest_stays_readable(planned):
    nest = "space m 2\n  space n 3\n    time k\n      C[m,n] += A[m,k] * B[k,n]\n"
    from gen.sweep.toml import tables

    text = tables({"engine": {"nest": nest, "preload": True}, "synth": {"compare": ["mac", 'a "b"']}, "output": {}})
    assert f"nest = '''\n{nest}'''" in text
    assert tomllib.loads(text) == {
        "engine": {"nest": nest, "preload": True},
        "synth": {"compare": ["mac", 'a "b"']},
    }


def test_nests(planned):
    """Engines as nests, each in several lines of the file; errors have the line in which the list begins."""
    own = tomllib.loads((ROOT / "configs/nest-4x6.toml").read_text())["engine"]["nest"]
    wide = own.replace("m 4", "m 8")
    plan_of = "[engine]\na = 's8'\n[sweep]\naccumulator = [32, 40]\nnest = [\n{}]\n".format
    plan = planned(plan_of("".join(f"'''\n{nest}''',\n" for nest in (own, wide))))
    assert [tomllib.loads(point.task.config)["engine"]["nest"] for point in plan.points] == [own, wide] * 2
    assert [point.title.split()[0] for point in plan.points] == ["4x6", "8x6"] * 2
    assert "\n" not in plan.points[0].words
    with pytest.raises(ConfigError, match=r"spec.toml:5: engine.nest: .*; in 2 of 4 points, the first with"):
        planned(plan_of("".join(f"'''\n{nest}''',\n" for nest in (own, own.replace("space", "spice")))))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": sweeps nothing (write lists in [sweep], or a table [[point]] for each point)"),
        ("[sweep]\n# none\n", ": sweeps nothing (write lists"),
        ("[sweep\n", ": is not valid TOML: "),
        (
            "command = 'sinth'\n[sweep]\nrows = [1]",
            ":1: command: must be one of synth, pim simulate, not 'sinth' (did you",
        ),
        ("illegal = true\n[sweep]\nrows = [1]", ":1: illegal: must be one of refuse, skip, not True"),
        ("schema_version = 7\n[sweep]\nrows = [1]", ":1: schema_version: must be 1, not 7"),
        ("[sweeep]\nrows = [1]\n", ":1: sweeep: unknown name (did you mean 'sweep'?)"),
        ("rows = 3\n[sweep]\ncols = [1]", ":1: rows: stands at the top of the file (it belongs in [sweep], or in"),
        (
            "[pim]\n[sweep]\nrows = [1]",
            ":1: pim: is no table of a sweep of 'synth' (it is of command = \"pim simulate\")",
        ),
        ("sweep = 3", ":1: sweep: must be a table, not 3 (write [sweep])"),
        ("[point]\nrows = 1", ":1: point: must be a list of tables (write [[point]])"),
        ("[[point]]\n[[point]]\nrows = 1", ":1: point.0: has no values"),
        ("\n[sweep]\n\nrowz = [1]", ":4: sweep.rowz: unknown key (did you mean 'rows'?)"),
        ("[engine]\nclock_ns = 3\n[sweep]\nrows = [1]", ":2: engine.clock_ns: unknown key"),
        ("[sweep]\nrows = 3", ":2: sweep.rows: must be a list of values, not 3 (write [3])"),
        ("[sweep]\nrows = []", ":2: sweep.rows: must have at least one value, not []"),
        ("[sweep]\nrows = [\n 1,\n 2, 1]", ":2: sweep.rows: has 1 twice"),
        ("[sweep]\nrows = [1]\n'engine.rows' = [2]", ":3: sweep.engine.rows: is given twice: line 2 has it under"),
        (
            "[engine]\nrows = 2\n[sweep]\nrows = [1]",
            ":4: sweep.rows: varies here, but line 2 fixes it for all points (take",
        ),
        ("[sweep]\nrows = [1]\n[[point]]\nrows = 2", ":4: point.0.rows: is given here, but line 2 in [sweep] combines"),
        (
            "[engine]\nrows = 2\n[[point]]\nrows = 2",
            ":4: point.0.rows: is given here, but line 2 fixes it for all points",
        ),
        (
            "[[point]]\nrows = 2\n[[point]]\nrows = 1\n[[point]]\nengine.rows = 2",
            ":5: point.2: is the same point as that of line 1",
        ),
        (
            "[sweep]\nrows = [1, 0]",
            ":2: engine.rows: must be 1 to 1024, not 0; in 1 of 2 points, the first with engine.rows=0 (the nearest",
        ),
        ("[sweep]\nrows = [1, 'x']", ":2: engine.rows: must be an integer, not 'x'; in 1 of 2 points"),
        (
            "[synth]\neffort = 'ful'\n[sweep]\nrows = [1]",
            ":2: synth.effort: must be one of quick, normal, full, not 'ful'",
        ),
        (
            "[sweep]\nscheme = ['mac', 'opt2']\narray = ['cube', 'systolic_os']\n",
            ":2: engine.scheme: ",
        ),
        (
            "[sweep]\nk = [1, 2]\nrows = [" + ",".join(map(str, range(1, 6_000))) + "]",
            ": must give at most 10,000 points",
        ),
    ],
)
def test_what_is_wrong(planned, tmp_path, text, message):
    with pytest.raises(ConfigError) as error:
        planned(text)
    first = str(error.value).splitlines()[0]
    assert first.startswith(f"{tmp_path / 'spec.toml'}{message}"), first


def test_every_problem_at_once(planned):
    with pytest.raises(ConfigError) as error:
        planned("[engine]\nrowz = 1\n[sweep]\ncols = []\n[[point]]\nscheem = 'mac'\n")
    assert [re.sub(".*spec.toml:", "", line).split(":")[0] for line in str(error.value).splitlines()] == ["2", "6", "4"]


UNBUILT = "[sweep]\narray = ['cube', 'matrix_2d']\nscheme = ['mac', 'opt2', 'laconic']\n"


def test_combinations_that_are_not_legal(planned):
    """Refused before anything runs, or left out where that is asked for."""
    with pytest.raises(ConfigError) as error:
        planned(UNBUILT)
    assert "of 6 points, the first with engine.array=" in str(error.value)
    plan = planned(f"illegal = 'skip'\n{UNBUILT}")
    assert plan.left_out + len(plan.points) == 6
    assert 0 < plan.left_out < 6
    assert [point.number for point in plan.points] == list(range(1, len(plan.points) + 1))


def test_a_value_that_is_never_legal_is_not_left_out(planned):
    with pytest.raises(
        ConfigError,
        match=r"spec.toml:3: engine.scheme: must be one of .*, not 'opt11'; in 1 of 2 points.* \(did you mean",
    ):
        planned("illegal = 'skip'\n[sweep]\nscheme = ['mac', 'opt11']\n")


def test_missing_file(tmp_path):
    (tmp_path / "spec.toml").write_text("")
    with pytest.raises(ConfigError, match=r"sepc.toml: no such file \(did you mean 'spec.toml'\?\)"):
        read(tmp_path / "sepc.toml", kinds())


def test_lines():
    text = '''\
a = 1 # [b] c = 2
"b.c" = [
  ["x = 1", 'y'], # ] "
]
d = """
e = 1
[f]
"""
  [ g . "h" ]
i.j = { k = 3, l = "}" }

[[m]]
n = \'\'\'
[o]\'\'\'
[[m]]
n = "\\"["
p = 1
'''
    tomllib.loads(text)
    assert lines(text) == {
        "a": 1,
        "b.c": 2,
        "d": 5,
        "g.h": 9,
        "g.h.i.j": 10,
        "m.0": 12,
        "m.0.n": 13,
        "m.1": 15,
        "m.1.n": 16,
        "m.1.p": 17,
    }


def test_examples(planned):
    """They are what the page shows of them, and legal."""
    page = (ROOT / "docs" / "sweep.md").read_text()
    tiny = (ROOT / "configs/sweeps/tiny.toml").read_text()
    assert f"```toml\n{tiny}```" in page
    assert len(planned(tiny).points) == 4
    decoders = (ROOT / "configs/sweeps/decoders.toml").read_text()
    _, _, body = decoders.partition("\n\n")
    assert f"```toml\n{body}```" in page
    assert len(planned(decoders).points) == 2
    plan = planned((ROOT / "configs/sweeps/engines.toml").read_text())
    assert len(plan.points) + plan.left_out == 45
