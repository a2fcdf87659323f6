"""Configuration files and nests, mutated at random: read right, or refused with file, key or line, and status 2."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gen.cli import main
from gen.config import load
from gen.keys import KEYS
from gen.nest.engines import engine_nest
from gen.nest.lower import lower
from gen.nest.parse import parse
from gen.nest.printer import print_nest
from hdl.params import SUPPORTED, ConfigError, EngineParams

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.toml"))
FILES, NESTS = 120, 60

#: Values that somebody might write, by mistake or on purpose.
VALUES = (
    *(
        "0",
        "-1",
        "1",
        "3",
        "1024",
        "1025",
        "99999999999999999999999",
        "9" * 4400,
        "0x10",
        "1_6",
        "+4",
        "007",
        "16.0",
        "1e400",
    ),
    *("nan", "inf", "-inf", "-0.0", "true", "false", "True", "1979-05-27", "07:32:00", "[]", "{}", "[[]]", "[1, 'a']"),
    *("''", "'s8'", "'u16'", "'s99'", "'s8 '", "'S8'", "'opt1'", "'Opt1'", "'é'", '"\\u0000"', '"\\ud800"', "'\t'"),
    *(
        "{ rows = 4 }",
        "['mac', 'opt1']",
        "['mac', 3]",
        "'" + "x" * 5000 + "'",
        "[" * 200,
        '"""',
        "rows",
        "",
        "=",
        "# 4",
    ),
    *("'/no/such/library.lib'", "'../../x.lib'", "'unit'", "'auto'", "1e-9", "2.5", "1000.5"),
)
KEY_NAMES = (
    "row",
    "Rows",
    "engine.rows",
    '"rows"',
    "'rows'",
    '""',
    "größe",
    "rows.cols",
    "scheme",
    "library",
    "k",
    "nest",
)
HEADS = (
    "[engines]",
    "[[engine]]",
    "[engine.rows]",
    "[engine",
    "[]",
    "[synth]",
    "[engine]",
    "['engine']",
    "[a.b.c]",
    "engine",
)

Mutation = Callable[[random.Random, bytes], bytes]


def by_lines(change: Callable[[random.Random, list[str], int], None], what: str = "") -> Mutation:
    """A mutation of one line, of those with ``what`` in it."""

    def mutation(rng: random.Random, data: bytes) -> bytes:
        lines = data.decode("utf-8", "replace").split("\n")
        places = [i for i, line in enumerate(lines) if what in line and line.strip()]
        if places:
            change(rng, lines, rng.choice(places))
        return "\n".join(lines).encode("utf-8", "surrogatepass")

    return mutation


def delete(rng: random.Random, lines: list[str], i: int) -> None:
    del lines[i]


def double(rng: random.Random, lines: list[str], i: int) -> None:
    lines.insert(rng.randrange(len(lines) + 1), lines[i])


def swap(rng: random.Random, lines: list[str], i: int) -> None:
    other = rng.randrange(len(lines))
    lines[i], lines[other] = lines[other], lines[i]


def value(rng: random.Random, lines: list[str], i: int) -> None:
    lines[i] = f"{lines[i].partition('=')[0]}= {rng.choice(VALUES)}"


def key(rng: random.Random, lines: list[str], i: int) -> None:
    lines[i] = f"{rng.choice(KEY_NAMES)} ={lines[i].partition('=')[2]}"


def added(rng: random.Random, lines: list[str], i: int) -> None:
    lines.insert(i + 1, f"{rng.choice(KEYS).name} = {rng.choice(VALUES)}")


def head(rng: random.Random, lines: list[str], i: int) -> None:
    lines[i] = rng.choice(HEADS)


def truncated(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def flipped(rng: random.Random, data: bytes) -> bytes:
    place = rng.randrange(max(1, len(data)))
    return data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]


def inserted(rng: random.Random, data: bytes) -> bytes:
    place = rng.randrange(len(data) + 1)
    piece = rng.choice(
        [b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\x1b[31m", b"\xc2\xa0", "‮ä".encode()]
    )
    return data[:place] + piece + data[place:]


def encoded(rng: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace") + "\n# é\n"
    codec = rng.choice(["utf-16", "utf-16-le", "latin-1", "utf-8-sig", "utf-7", "cp1252", "utf-32"])
    return text.encode(codec, "replace")


def ends(rng: random.Random, data: bytes) -> bytes:
    return data.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n", b"\n\r", b"\x0b"]))


MUTATIONS: tuple[Mutation, ...] = (
    *(by_lines(delete), by_lines(double), by_lines(swap), by_lines(added)),
    *(by_lines(value, "="), by_lines(value, "="), by_lines(value, "="), by_lines(key, "="), by_lines(head, "[")),
    *(truncated, flipped, inserted, encoded, ends),
)


def mutated(seed: int) -> bytes:
    rng = random.Random(f"configuration {seed}")
    data = rng.choice(CONFIGS).read_bytes()
    for _ in range(rng.choice([1, 1, 2, 4])):
        data = rng.choice(MUTATIONS)(rng, data)
    return data


def assert_refused(errors: str, path: Path) -> None:
    """Every line of a refusal names the file, and a key, a section, or a place in the file."""
    lines = [line for line in errors.splitlines() if not line.startswith(" ")]
    assert lines
    for line in lines:
        assert line.startswith(f"bitloom: {path}: "), line
        rest = line.removeprefix(f"bitloom: {path}: ")
        named = re.match(r"\S.*?: ", rest)  # a key or section
        assert named or re.search(r"byte \d+|line \d+|end of document|is not valid TOML", rest), line


def assert_read(path: Path) -> None:
    """What the file says is what the configuration holds."""
    config = load(path).to_dict()
    tables = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    for section, table in tables.items():
        if section == "schema_version":
            continue
        for name, given in table.items():
            if (section, name) in (("engine", "nest"), ("synth", "library")):
                continue
            found: Any = config[section][name]
            if (section, name) == ("gate", "modes"):  # put in order, with those that are always there
                assert set([given] if isinstance(given, str) else given) <= set(found)
                continue
            expected = ([given] if isinstance(given, str) else given) if name == "compare" else given
            if name == "compare":
                assert list(found) == list(dict.fromkeys(expected))
            else:
                assert (type(found), found) == (type(expected), expected), f"{section}.{name}"


@pytest.mark.parametrize("seed", range(FILES))
def test_files(seed, tmp_path, capsys):
    """By the command line: the status is 0 or 2, and nothing but an error of ours ends it."""
    path = tmp_path / "mutated.toml"
    path.write_bytes(mutated(seed))
    print(f"seed {seed}: {path.read_bytes()!r}")
    capsys.readouterr()
    status = main(["check", str(path)])
    output = capsys.readouterr()
    assert status in (0, 2), output.err
    if status == 2:
        assert output.out == ""
        assert_refused(output.err, path)
        return
    assert output.err == ""
    assert_read(path)


def test_both_ends_are_met(tmp_path):
    """The mutations above are neither all refused nor all harmless."""
    good = 0
    for seed in range(FILES):
        path = tmp_path / f"{seed}.toml"
        path.write_bytes(mutated(seed))
        try:
            load(path)
            good += 1
        except ConfigError:
            pass
    assert FILES // 8 < good < FILES - FILES // 3


@pytest.mark.parametrize("seed", range(0, FILES, 10))
@pytest.mark.parametrize("command", ["explain", "generate"])
def test_other_commands_refuse_alike(seed, command, tmp_path, capsys):
    path = tmp_path / "mutated.toml"
    path.write_bytes(mutated(seed))
    options = ["-o", str(tmp_path / "out")] if command == "generate" else []
    small = ["--set", "k=3"]  # an array of a thousand PEs is as well read as one of four
    try:
        engine = load(path, ["k=3"]).engine
        small += ["--set", "rows=2"] if engine.rows > 4 else []
        small += ["--set", "cols=2"] if engine.cols > 4 else []
        small += ["--set", "depth=2"] if engine.deep and engine.depth > 4 else []
    except ConfigError:
        pass
    status = main([command, str(path), *small, *options])
    output = capsys.readouterr()
    assert status == (2 if output.err else 0)
    assert "Traceback" not in output.err
    assert (tmp_path / "out" / "manifest.json").exists() == (command == "generate" and status == 0)


# --- nests -----------------------------------------------------------------------------------------------------------
def nest_texts() -> list[str]:
    pairs = sorted(pair for pair in SUPPORTED if pair[1] != "laconic")
    engines = [EngineParams(array=array, scheme=scheme, rows=2, cols=3, depth=4) for array, scheme in pairs]
    return [print_nest(nest) for nest in map(engine_nest, engines) if nest is not None]


WORDS = (
    *(
        "0",
        "1",
        "3",
        "999999999999",
        "-4",
        "4.0",
        "space",
        "time",
        "encode",
        "sync",
        "over",
        "broadcast",
        "skipping zeros",
    ),
    *(
        "m",
        "n",
        "k",
        "w",
        "q",
        "=",
        "+=",
        ",",
        "(",
        ")",
        "]",
        "booth",
        "naf",
        "A[m,k]",
        "C[m,n]",
        "ä",
        "\t",
        "\0",
        "  ",
    ),
)


def mutated_nest(seed: int) -> str:
    rng = random.Random(f"nest {seed}")
    lines = rng.choice(nest_texts()).split("\n")
    for _ in range(rng.choice([1, 1, 2, 3])):
        i = rng.randrange(len(lines))
        words = re.findall(r"\s+|\w+|[^\w\s]", lines[i]) or [""]
        j = rng.randrange(len(words))
        change = rng.randrange(7)
        if change == 0:
            del lines[i]
        elif change == 1:
            lines.insert(i, lines[rng.randrange(len(lines))])
        elif change == 2:
            lines[i] = " " * rng.randrange(8) + lines[i].lstrip()
        elif change == 3:
            lines[i] = lines[i][: rng.randrange(len(lines[i]) + 1)]
        elif change == 4:
            del words[j]
            lines[i] = "".join(words)
        elif change == 5:
            lines[i] = "".join([*words[:j], rng.choice(WORDS), *words[j + 1 :]])
        else:
            lines[i] = "".join([*words[:j], " ", rng.choice(WORDS), " ", *words[j:]])
        lines = lines or [""]
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(NESTS))
def test_nests(seed, tmp_path):
    text = mutated_nest(seed)
    print(f"seed {seed}:\n{text}")
    path = tmp_path / "nest.toml"
    path.write_text(f"[engine]\nnest = '''\n{text}'''\n", encoding="utf-8")
    try:
        engine = load(path).engine
    except ConfigError as error:
        for problem in error.problems:
            place = f"{error.source}: {problem}" if error.source else str(problem)
            assert place.startswith((f"{path}: engine.", f"{path}: is not valid TOML: ")), place
        return
    nest = engine_nest(engine)
    assert nest is not None
    assert lower(parse(print_nest(nest))) == lower(parse(text))


def test_every_nest_is_read_unchanged():
    assert len(nest_texts()) > 12
    for text in nest_texts():
        lower(parse(text))
