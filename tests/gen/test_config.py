from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gen.config import Config, SynthSettings, WorkloadSettings, load
from gen.emit.verilog import emit
from gen.keys import KEYS, SECTIONS, markdown, schema
from gen.nest.canonical import BUILT, nest_of
from gen.nest.from_axes import nest_of_axes
from gen.nest.printer import print_nest
from hdl.params import SCHEMES, SUPPORTED, ConfigError, EngineParams, OperandFormat
from hdl.params.axes import legal
from hdl.params.built import unbuilt
from hdl.params.delta_front import DeltaFront
from hdl.params.gate import GateParams


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write ``engine.toml`` in the current folder and return its name, as a user would type it."""
    monkeypatch.chdir(tmp_path)

    def write(text: str | bytes, name: str = "engine.toml") -> str:
        Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    return write


def refusal(path: str, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, overrides)
    return str(caught.value).splitlines()


def test_empty_file_is_all_defaults(write):
    assert load(write("")) == Config(name="engine")


def test_defaults_of_the_table_are_those_of_the_objects():
    values = Config().to_dict()
    values["engine"].setdefault("column_groups", EngineParams().column_groups)  # a single one is left out
    for front in (GateParams(EngineParams()), DeltaFront(EngineParams(a=OperandFormat(9, signed=True), preload=True))):
        values[front.key] = front.to_dict()
    for key in KEYS:
        if key.default is not None:
            value = values[key.section][key.name]
            assert (list(value) if isinstance(value, tuple) else value) == key.default, key.path
    names = {(section, name) for section, table in values.items() for name in table}
    assert {(key.section, key.name) for key in KEYS} == names - {("engine", "point")} | {("engine", "nest")}


def test_every_key_is_read(write):
    config = load(
        write(
            """
            schema_version = 1
            [engine]
            array = "systolic_os"
            scheme = "mac"
            rows = 3
            cols = 5
            a = "u4"
            b = "s12"
            encoder = "booth"
            carry_every = 4
            accumulator = 40
            preload = true
            [workload]
            name = "random"
            tiles = 7
            k = 9
            seed = 11
            [synth]
            library = ["a.lib", "sub/b.lib"]
            clock_ns = 2
            effort = "full"
            compare = ["opt1", "mac", "opt1"]
            [output]
            prefix = "npu0"
            """,
            "my-engine.toml",
        )
    )
    assert config.name == "my-engine"
    assert config.engine == EngineParams(
        scheme="mac",
        rows=3,
        cols=5,
        a=OperandFormat(4, signed=False),
        b=OperandFormat(12, signed=True),
        carry_every=4,
        accumulator=40,
        preload=True,
    )
    assert config.workload == WorkloadSettings(name="random", tiles=7, k=9, seed=11)
    assert config.synth == SynthSettings(
        library=("a.lib", "sub/b.lib"), clock_ns=2, effort="full", compare=("opt1", "mac")
    )
    assert config.output.prefix == "npu0"


def test_every_problem_is_reported_at_once(write):
    path = write(
        """
        rows = 4
        schema_version = 2
        [engin]
        rows = 4
        [engine]
        colls = 4
        library = "unit"
        rows = "8"
        cols = 2000
        a = "s17"
        b = 8
        scheme = "opt11"
        carry_every = 3
        accumulator = true
        preload = "true"
        [workload]
        name = "digit"
        tiles = 0
        seed = -1
        [synth]
        library = []
        clock_ns = -1.5
        effort = "fill"
        compare = ["mac", "macc"]
        [output]
        prefix = "8bit"
        """
    )
    assert refusal(path) == [
        "engine.toml: rows: unknown key at the top of the file (it belongs in [engine])",
        "engine.toml: schema_version: must be 1, not 2",
        "engine.toml: engin: unknown section (did you mean 'engine'?)",
        "engine.toml: engine.colls: unknown key (did you mean 'cols'?)",
        "engine.toml: engine.library: unknown key (it belongs in [synth])",
        "engine.toml: engine.rows: must be an integer, not '8' (write rows = 8, without quotes)",
        "engine.toml: engine.b: must be a text such as 's8' or 'u4', not 8",
        "engine.toml: engine.accumulator: must be an integer, not True",
        "engine.toml: engine.preload: must be true or false, not 'true' (write preload = true, without quotes)",
        "engine.toml: workload.tiles: must be 1 to 1000000, not 0",
        "engine.toml: workload.seed: must be 0 to 4294967295, not -1",
        "engine.toml: synth.library: must name at least one file, not []",
        "engine.toml: synth.clock_ns: must be 'auto' or a number of nanoseconds from 0.001 to 1000, not -1.5",
        "engine.toml: output.prefix: must be a letter and up to 47 more letters, digits and underscores, not '8bit'",
        "engine.toml: engine.a: operand width must be 2 to 16 bits, not 17",
        f"engine.toml: engine.scheme: must be one of {', '.join(SCHEMES)}, not 'opt11' (did you mean 'opt1'?)",
        "engine.toml: engine.cols: must be 1 to 1024, not 2000 (the nearest legal value is 1024)",
        "engine.toml: engine.carry_every: must be 1, 2, 4 or 8, not 3",
        "engine.toml: workload.name: must be one of digits, random, not 'digit' (did you mean 'digits'?)",
        "engine.toml: synth.effort: must be one of quick, normal, full, not 'fill' (did you mean 'full'?)",
        f"engine.toml: synth.compare: must be one of {', '.join(SCHEMES)}, not 'macc' (did you mean 'mac'?)",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("engine = 5", "engine: must be a table, not 5 (write [engine])"),
        ("[engine]\nrows 8\n", "is not valid TOML: Expected '=' after a key in a key/value pair"),
        ("[engine]\nrows = 1\nrows = 2\n", "is not valid TOML: Cannot overwrite a value"),
        (b"[engine]\nscheme = '\xff'\n", "is not UTF-8 text (byte 19)"),
        ("deep = 3", "deep: unknown key"),
        ("[engine]\nrows = 8.0", "engine.rows: must be an integer, not 8.0"),
        ("[engine]\nrows = 1e999", "engine.rows: must be an integer, not inf"),
        ("[engine]\nscheme = ['mac']", "engine.scheme: must be a text, not ['mac']"),
        (
            "[engine]\na = 'f8'",
            "engine.a: operand format must be 's' or 'u' and a width of 2 to 16 bits, or bf16 or fp16, not 'f8'",
        ),
        (
            "[engine]\naccumulator = 15",
            "engine.accumulator: must hold at least one s8 x s8 product (16 bits), not 15 (write 16 or more)",
        ),
        (
            "[engine]\naccumulator = 20\n[workload]\nk = 32",
            "workload.k: must be 1 to 31, the most s8 x s8 products that an accumulator of 20 bits holds, "
            "not 32 (raise engine.accumulator for more)",
        ),
        (
            "[workload]\nk = 0",
            "workload.k: must be 1 to 131071, the most s8 x s8 products that an accumulator of 32 bits holds, not 0",
        ),
        (
            "[synth]\nclock_ns = nan",
            "synth.clock_ns: must be 'auto' or a number of nanoseconds from 0.001 to 1000, not nan",
        ),
        ("[synth]\nlibrary = 5", "synth.library: must be a text or a list of texts, not 5"),
        ("[synth]\noperands = 5", "synth.operands: must be a text, not 5"),
        (
            "[synth]\noperands = 'unifrom'",
            "synth.operands: must be one of normal, uniform, digits, photographs, not 'unifrom' "
            "(did you mean 'uniform'?)",
        ),
        (
            "[synth]\noperands = 'normal 0'",
            "synth.operands: 'normal 0': only 'normal' has a number behind it, the standard deviation, from 1 to 100",
        ),
        ("[synth]\ncompare = 5", "synth.compare: must be a scheme or a list of schemes, not 5"),
        (
            "[output]\nprefix = 'a b'",
            "output.prefix: must be a letter and up to 47 more letters, digits and underscores, not 'a b'",
        ),
        (
            "[output]\nprefix = 'module'",
            "output.prefix: must not be a keyword of Verilog or SystemVerilog, as 'module' is",
        ),
        (
            "[output]\nprefix = 'harness'",
            "output.prefix: must not be 'harness', which begins the names of the testbench's modules",
        ),
    ],
)
def test_one_problem(write, text, message):
    (line,) = refusal(write(text))
    message = f"engine.toml: {message}"
    # Where in the file TOML is broken is appended in words that differ between versions of Python.
    assert line.startswith(message) if "TOML" in message else line == message


def test_syntax_errors_name_line_and_column(write):
    (line,) = refusal(write("[engine]\nrows 8\n"))
    assert line.endswith("(at line 2, column 6)")


def test_byte_order_mark_is_no_error(write):
    assert load(write(b"\xef\xbb\xbf[engine]\nrows = 2\n")).engine.rows == 2


def test_missing_file_suggests_a_neighbour(write):
    write("", "demo.toml")
    assert refusal("demp.toml") == ["demp.toml: no such file (did you mean 'demo.toml'?)"]
    assert refusal("nowhere/demo.toml") == ["nowhere/demo.toml: no such file"]


def test_folder_is_no_file(tmp_path):
    assert refusal(str(tmp_path)) == [f"{tmp_path}: is a folder, not a configuration file"]


# --- overrides -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("override", ["rows=8", "engine.rows=8", " rows = 8 ", "engine.rows = 0b1000"])
def test_override(write, override):
    assert load(write("[engine]\nrows = 4\ncols = 3\n"), [override]).engine.rows == 8


def test_overrides_are_toml_or_bare_text(write):
    config = load(write(""), ["scheme=mac", 'b="u4"', "preload=true", "compare=[]", "clock_ns=1.5", "library=x/y.lib"])
    assert (config.engine.scheme, str(config.engine.b), config.engine.preload) == ("mac", "u4", True)
    assert config.synth == SynthSettings(library="x/y.lib", clock_ns=1.5, compare=())


def test_last_override_wins(write):
    assert load(write(""), ["rows=8", "engine.rows=9"]).engine.rows == 9


def test_problems_of_overrides_name_the_option(write):
    path = write("[engine]\nrows = 0\n")
    assert refusal(
        path, "cols=0", "engine.rwos=3", "rwos=3", "rows", "=3", "preload=1\nrows=2", "scheme=", "k=1e3"
    ) == [
        "--set engine.rwos: unknown key (did you mean 'engine.rows'?)",
        "--set rwos: unknown key (did you mean 'rows'?)",
        "--set rows: must be key=value",
        "--set =3: must be key=value",
        "--set preload: must be true or false, not '1\\nrows=2'",
        "--set k: must be an integer, not 1000.0",
        f"--set scheme: must be one of {', '.join(SCHEMES)}, not ''",
        "engine.toml: engine.rows: must be 1 to 1024, not 0 (the nearest legal value is 1)",
        "--set cols: must be 1 to 1024, not 0 (the nearest legal value is 1)",
    ]


def test_override_cannot_hide_a_problem_of_another_key(write):
    assert refusal(write("[engine]\nrows = 0\n"), "cols=2") == [
        "engine.toml: engine.rows: must be 1 to 1024, not 0 (the nearest legal value is 1)"
    ]


# --- the engine as a nest --------------------------------------------------------------------------------------------
NEST = print_nest(nest_of("systolic_os", "opt1", 3, 5))


def with_nest(nest: str, more: str = "") -> str:
    return f'[engine]\n{more}\nnest = """\n{nest}"""\n'


def test_a_nest_stands_for_names_and_sizes(write):
    named = EngineParams(array="systolic_os", scheme="opt1", rows=3, cols=5, carry_every=4)
    config = load(write(with_nest(NEST, "carry_every = 4")))
    assert config.engine == named
    assert config.hash == Config(engine=named).hash


@pytest.mark.parametrize(("array", "scheme"), sorted(SUPPORTED & set(BUILT)))
def test_every_engine_can_be_given_as_a_nest(write, array, scheme):
    params = EngineParams(array=array, scheme=scheme, rows=2, cols=3, depth=5, a=OperandFormat(5, signed=False))
    nest = print_nest(nest_of(array, scheme, 2, 3, depth=5, digits=3))
    found = load(write(with_nest(nest, 'a = "u5"\ndepth = 5'))).engine
    assert found == params


def test_a_nest_on_the_command_line(write):
    assert load(write(""), [f"nest={NEST}"]).engine.rows == 3
    assert refusal(write(""), "nest=space m 3", "a=s8") == [
        "--set nest: line 1, column 1: nothing stands inside this loop: indent a statement below it"
    ]


def test_what_stands_beside_a_nest_must_agree(write):
    path = write(with_nest(NEST, 'array = "systolic_os"\nrows = 3\ncols = 4\nencoder = "booth"\ndepth = 7'))
    beside = load(path, ["scheme=opt1", "cols=5"]).engine
    assert beside.to_dict() == load(path, ["cols=5"]).engine.to_dict()
    assert refusal(path, "scheme=mac") == [
        "--set scheme: is 'opt1' in the nest, not 'mac' (leave it out)",
        "engine.toml: engine.cols: is 5 in the nest, not 4 (leave it out)",
    ]


def test_mistakes_in_a_nest_name_file_key_line_and_column(write):
    wrong = NEST.replace("space m 3", "space m 3, q 2").replace("half_reduce", "half_redice")
    assert refusal(write(with_nest(wrong, "accumulator = 3")), "rows=0") == [
        "engine.toml: engine.nest: line 1, column 12: expected an index: m, n, k or w, not 'q'",
        "engine.toml: engine.nest: line 9, column 15: expected a primitive: encode, map, shift, half_reduce, add, "
        "not 'half_redice' (did you mean 'half_reduce'?)",
        "--set rows: must be 1 to 1024, not 0 (the nearest legal value is 1)",
        "engine.toml: engine.accumulator: must hold at least one s8 x s8 product (16 bits), not 3 (write 16 or more)",
    ]


def test_digits_and_sizes_must_be_possible(write):
    assert refusal(write(with_nest(NEST)), "a=u8") == [
        "engine.toml: engine.nest: line 3, column 11: u8 has 5 digits under 'booth', not 4"
    ]
    assert refusal(write(with_nest(print_nest(nest_of("systolic_os", "mac", 2000, 1))))) == [
        "engine.toml: engine.nest: line 1, column 7: an engine has 1 to 1,024 rows, not 2,000"
    ]
    assert refusal(write("[engine]\nnest = 5")) == ["engine.toml: engine.nest: must be a text, not 5"]


def test_a_nest_has_the_digits_of_the_operand_that_it_recodes(write):
    nest = NEST.replace("A[m,k], booth", "B[k,n], booth").replace("B[k,n]\n", "A[m,k]\n")
    nest = nest.replace("space m 3\n", "space n 5\n", 1).replace("    space n 5\n", "    space m 3\n")
    found = refusal(write(with_nest(nest)), "b=u5", "a=s2")
    assert found == ["engine.toml: engine.nest: line 3, column 11: u5 has 3 digits under 'booth', not 4"]


def test_a_nest_that_nothing_is_built_like(write):
    axes = next(axes for axes in legal() if unbuilt(axes) and not axes.recodes_both and axes.digits.at_once is None)
    found = refusal(write(with_nest(print_nest(nest_of_axes(axes, 3, 5)))))
    reasons = [f"engine.toml: engine.nest: no engine is built like this: {text}" for text in unbuilt(axes)]
    assert found[: len(reasons)] == reasons
    scheme, array = re.fullmatch(
        r"engine.toml: engine.nest: the nearest engine is '(\w+)' on '(\w+)'.*", found[len(reasons)]
    ).groups()
    assert (array, scheme) in SUPPORTED


# --- what follows ----------------------------------------------------------------------------------------------------
def test_libraries_lie_beside_the_file_but_options_beside_the_user(write):
    Path("sub").mkdir()
    path = write("[synth]\nlibrary = 'cells.lib.gz'\n", "sub/engine.toml")
    assert load(path).synth.library == "sub/cells.lib.gz"
    assert load(path, ["library=cells.lib"]).synth.library == "cells.lib"
    assert load(path, ["library=/abs/cells.lib"]).synth.library == "/abs/cells.lib"
    assert load(path, ["library=unit"]).synth.library == "unit"
    assert load(path, ['library=["a.lib", "/b.lib"]']).synth.library == ("a.lib", "/b.lib")


def test_default_k_respects_the_limit(write):
    path = write("")
    assert load(path).workload.k == 64
    assert load(path, ["accumulator=20"]).workload.k == 31


def test_hash_covers_what_shapes_the_files_and_nothing_else(write):
    path = write("")
    base = load(path).hash
    for same in ("seed=5", "library=unit", "compare=[]", "tiles=3"):
        assert load(path, [same]).hash == base
    others = [load(path, [other]).hash for other in ("rows=8", "b=u8", "prefix=x", "clock_ns=2", "scheme=mac")]
    assert len({base, *others}) == 6


# --- documents from the same table -----------------------------------------------------------------------------------
def test_schema_is_json_with_a_description_everywhere():
    content = json.loads(json.dumps(schema()))
    assert set(content["properties"]) == {"schema_version", *SECTIONS}
    for key in KEYS:
        part = content["properties"][key.section]["properties"][key.name]
        assert part["description"] == key.description
        assert len(part) > 1


def test_schema_has_no_default_for_a_nest():
    assert "default" not in schema()["properties"]["engine"]["properties"]["nest"]


def test_markdown_names_every_key():
    text = markdown()
    for key in KEYS:
        assert f"| `{key.name}` |" in text
    widths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert widths == {6}


@given(
    path=st.sampled_from([key.path for key in KEYS]),
    text=st.text(max_size=20) | st.sampled_from(["[" * 5000, "9" * 5000]),
)
def test_no_value_raises_anything_else(path, text):
    with contextlib.suppress(ConfigError):
        load("/dev/null", [f"{path}={text}"])


def test_source_is_never_executed(write):
    (line,) = refusal(write("import os; os.system('false')"))
    assert "is not valid TOML" in line


def test_no_keyword_is_a_prefix(write):
    """Neither in a configuration nor in Python; the words of Verilog and of SystemVerilog, old and new."""
    path = write("")
    for word in ("module", "reg", "endgenerate", "uwire", "logic", "always_comb", "nettype", "s_until_with", "std"):
        with pytest.raises(ConfigError, match=f"must not be a keyword of Verilog or SystemVerilog, as '{word}' is"):
            load(path, [f"prefix={word}"])
        with pytest.raises(ConfigError, match=r"output\.prefix"):
            emit(EngineParams(), word)
    for prefix in ("modules", "Module", "reg0", "x" * 48):
        assert load(path, [f"prefix={prefix}"]).output.prefix == prefix
    for prefix in ("x" * 49, "_x", "a-b", "$display", "\\esc ", ""):
        with pytest.raises(ConfigError, match="must be a letter and up to 47 more"):
            emit(EngineParams(), prefix)


def test_what_is_compared_must_be_possible_with_the_other_keys(write):
    """Every problem of the engine that would stand beside it."""
    found = refusal(write("[engine]\na = 'bf16'\nb = 'bf16'\nscheme = 'mac'\n[synth]\ncompare = ['opt1']"))
    assert found
    assert all(each.startswith("engine.toml: synth.compare: 'opt1': engine.a: no engine of float") for each in found)
