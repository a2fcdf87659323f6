"""Liberty files with random faults: each gives figures that can be, or is refused by its name; never a traceback."""

from __future__ import annotations

import gzip
import math
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hdl.params import ToolError
from synth_scripts.library import unit as unit_library
from synth_scripts.library.energy import energies
from synth_scripts.library.library import Library
from synth_scripts.library.load import load
from synth_scripts.module.flow import synthesise_module
from synth_scripts.module.styles import CELLS, Effort

FOLDER = Path(__file__).parent / "liberty"
TEXTS = {
    "base": (FOLDER / "base.lib").read_text(),
    "transposed": (FOLDER / "transposed.lib").read_text(),
    "unit": unit_library.liberty_text(),
}
#: Mutants in all, in runs of their own, and how many of each run are mapped and timed.
RUNS, EACH, TIMED = 15, 20, 1

PROBE = """module probe(input clk, en, input [1:0] a, b, output reg [2:0] y);
  always @(posedge clk) if (en) y <= a + b;
endmodule
"""
ONE = Effort(("fused",), ("sklansky",), CELLS[:1], ("area-delay",), (15.0,), 1, 1)
NUMBER = re.compile(r"(?<![\w.])-?\d+\.?\d*(?![\w.])")
WORD = re.compile(r"[A-Za-z_]\w*")
UNITS = ("1ps", "10ps", "100ps", "1us", "1 ns", "1NS", "ns", "1", "", "1 fortnight", "-1ns", "nanns", "1V", "1pW")
NUMBERS = (
    "-1",
    "-0.05",
    "1e30",
    "1e300",
    "nan",
    "inf",
    "-inf",
    "0",
    "",
    "x",
    "1_0",
    "0x10",
    "1e-30",
    "1.2.3",
    "7,7",
    "5%",
)
SIGNS = (
    "{",
    "}",
    '"',
    ";",
    ":",
    "(",
    ")",
    "\\",
    "//",
    "/*",
    "*/",
    ",",
    "\0",
    "é",
    "\r",
    "\n",
    "'",
    "!",
    "$",
    "[0]",
    "\t\v",
)

Random = random.Random
Mutation = Callable[[str, Random], str]


def groups(text: str) -> list[tuple[int, int]]:
    """Where the groups are, by their braces."""
    found, stack = [], []
    for match in re.finditer(r'"[^"]*"|/\*.*?\*/|([\w.]+\s*\([^(){}]*\)\s*)\{|\}', text, re.DOTALL):
        if match[1]:
            stack.append(match.start())
        elif match[0] == "}" and stack:
            found.append((stack.pop(), match.end()))
    return found


def pick(pattern: re.Pattern[str], text: str, rng: Random) -> tuple[int, int]:
    found = [match.span() for match in pattern.finditer(text)]
    return rng.choice(found) if found else (0, 0)


def delete_group(text: str, rng: Random) -> str:
    begin, end = rng.choice(groups(text))
    return text[:begin] + text[end:]


def double_group(text: str, rng: Random) -> str:
    begin, end = rng.choice(groups(text))
    return text[:end] + "\n" + text[begin:end] + text[end:]


def alter_double(text: str, rng: Random) -> str:
    """A group twice, the second time with another number."""
    begin, end = rng.choice(groups(text))
    return text[:end] + "\n" + number(text[begin:end], rng) + text[end:]


def swap_groups(text: str, rng: Random) -> str:
    (a, b), (c, d) = sorted(rng.sample(groups(text), 2))
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:] if b <= c else text[:a] + text[b:]


def empty_group(text: str, rng: Random) -> str:
    begin, end = rng.choice(groups(text))
    return text[: text.index("{", begin) + 1] + text[end - 1 :]


def delete_line(text: str, rng: Random) -> str:
    lines = text.split("\n")
    del lines[rng.randrange(len(lines))]
    return "\n".join(lines)


def double_line(text: str, rng: Random) -> str:
    lines = text.split("\n")
    i = rng.randrange(len(lines))
    return "\n".join([*lines[: i + 1], *lines[i:]])


def delete_attribute(text: str, rng: Random) -> str:
    """Every occurrence of it, as in a library that never has it."""
    begin, end = pick(re.compile(r"(\w+) : "), text, rng)
    name = text[begin:end].split()[0]
    return re.sub(rf"{name} : [^;{{}}]*;", "", text) if name else text


def number(text: str, rng: Random) -> str:
    begin, end = pick(NUMBER, text, rng)
    return text[:begin] + rng.choice(NUMBERS) + text[end:]


def all_of_a_number(text: str, rng: Random) -> str:
    begin, end = pick(NUMBER, text, rng)
    return text.replace(text[begin:end], rng.choice(NUMBERS)) if end else text


def word(text: str, rng: Random) -> str:
    (a, b), (c, d) = pick(WORD, text, rng), pick(WORD, text, rng)
    return text[:a] + text[c:d] + text[b:]


def rename(text: str, rng: Random) -> str:
    """A name, everywhere, into one that is none."""
    begin, end = pick(WORD, text, rng)
    new = rng.choice(("7", "a b", "", "x.y", "module", "A[1]", "ü", "$x"))
    return re.sub(rf"\b{text[begin:end]}\b", new, text) if end else text


def delete_some(text: str, rng: Random) -> str:
    begin = rng.randrange(len(text))
    return text[:begin] + text[begin + rng.choice((1, 2, 5, 20, 200)) :]


def insert(text: str, rng: Random) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(SIGNS) + text[at:]


def unit(text: str, rng: Random) -> str:
    name = rng.choice(("time_unit", "voltage_unit", "leakage_power_unit", "pulling_resistance_unit"))
    if rng.random() < 0.3:
        return re.sub(r"capacitive_load_unit \([^)]*\)", f"capacitive_load_unit ({rng.choice(UNITS)}, ff)", text)
    return re.sub(rf'{name} : "[^"]*"', f'{name} : "{rng.choice(UNITS)}"', text)


def head(text: str, rng: Random) -> str:
    """A number in the head of the file: a measuring point, the corner."""
    begin, end = rng.choice([match.span(1) for match in re.finditer(r"(?:pct_\w+|nom_\w+) : ([\d.]+)", text)])
    return text[:begin] + rng.choice((*NUMBERS, "10", "90", "1000")) + text[end:]


def truncate(text: str, rng: Random) -> str:
    return text[: rng.randrange(len(text))]


def flag(text: str, rng: Random) -> str:
    name = rng.choice(
        ("dont_use", "is_level_shifter", "pad_cell", "clock_gating_integrated_cell", "area", "ff () { } x")
    )
    _, end = rng.choice([(a, text.index("{", a) + 1) for a, _ in groups(text)])
    return text[:end] + f" {name} : {rng.choice(('true', 'TRUE', 'latch_posedge', '0', '-1', 'x'))}; " + text[end:]


MUTATIONS: tuple[Mutation, ...] = (
    *(delete_group, double_group, alter_double, swap_groups, empty_group, delete_line, double_line, delete_attribute),
    *(number, all_of_a_number, word, rename, delete_some, insert, unit, head, truncate, flag),
)


def encode(text: str, rng: Random) -> bytes:
    """Mostly as it is; sometimes in another encoding, compressed, or cut there."""
    data = text.encode()
    case = rng.randrange(16)
    if case == 0:
        return text.encode("utf-16")
    if case == 1:
        return text.encode("latin-1", errors="replace")
    if case == 2:
        return b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")
    if case == 3:
        return gzip.compress(data)[: rng.choice((None, -9, 50))]
    if case == 4 and data:
        at = rng.randrange(len(data))
        return data[:at] + rng.randbytes(3) + data[at + 3 :]
    return data


def mutants(run: int) -> Iterator[tuple[str, bytes]]:
    """Mutants of one run, each with its name."""
    for i in range(EACH):
        seed = run * EACH + i
        rng = Random(seed)
        origin = list(TEXTS)[seed % len(TEXTS)]
        text, names = TEXTS[origin], []
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            mutation = rng.choice(MUTATIONS)
            if groups(text) and len(text) > 10:
                text = mutation(text, rng)
                names.append(mutation.__name__)
        yield f"{origin}, seed {seed}: {', '.join(names)}", encode(text, rng)


def check(library: Library) -> None:
    """Figures that can be."""
    fo4 = library.fo4_ps
    positive = (fo4, library.nand2_area, library.load_ff, library.tree_load_ff, library.weak_load_ff)
    assert all(math.isfinite(value) and value > 0 for value in (*positive, *library.areas.values()))
    assert 0.1 <= fo4 <= 1e10
    assert 0 <= library.flop_delay_ps < 1e4 * fo4
    assert 0 <= library.flop_setup_ps < 1e4 * fo4
    assert max(library.areas.values()) <= 1e4 * library.nand2_area
    loads = [load for pins in library.loads.values() for load in pins.values()]
    assert all(math.isfinite(load) and load > 0 for load in loads)
    assert set(library.loads) == set(library.areas)
    assert library.time_ps in (1.0, 1000.0)
    assert library.cap_ff in (1.0, 1000.0)
    assert library.corner_text
    assert set(library.flops) <= set(library.areas)
    again = load(library.mapping, wires="none")  # what the tools get is itself without fault
    assert again.fo4_ps == pytest.approx(fo4)
    assert again.areas == library.areas
    assert not any("not used" in note for note in again.notes), again.notes


def check_energies(library: Library) -> None:
    found = energies(library)
    assert set(found) == set(library.areas)
    for cell in found.values():
        points = [value for each in cell.outputs.values() for point in each for value in point]
        assert all(math.isfinite(value) for value in (*cell.inputs.values(), *points, cell.leakage_nw))


@pytest.mark.synth
@pytest.mark.parametrize("run", range(RUNS))
def test_mutants(run: int, tmp_path: Path) -> None:
    read, refusals = 0, []
    for i, (name, data) in enumerate(mutants(run)):
        print(name)
        path = tmp_path / f"mutant_{i}.lib"
        path.write_bytes(data)
        try:
            library = load(str(path), wires="none")
            check(library)
            if not library.without_power:
                check_energies(library)
        except ToolError as error:
            refusals.append((path.name, str(error)))
            continue
        if read < TIMED:
            best = synthesise_module(library, PROBE, "probe", tmp_path / f"probe_{i}", effort=ONE).best
            assert math.isfinite(best.period)
            assert 2 * library.fo4_ps < 1e3 * best.period < 1e5 * library.fo4_ps
            assert best.area >= 3 * library.nand2_area
        read += 1
    assert 0 < read < EACH
    assert all(name in error for name, error in refusals)


@pytest.mark.parametrize("name", TEXTS)
def test_without_faults(name: str, tmp_path: Path) -> None:
    path = tmp_path / "library.lib"
    path.write_text(TEXTS[name])
    library = load(str(path), wires="none")
    check(library)
    if not library.is_unit:
        check_energies(library)
