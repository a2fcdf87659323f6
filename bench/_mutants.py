"""Random single changes of emitted Verilog, all of them in one model: which one is in force is chosen when it runs.

The emitted text has one operation a line, so that a change is one of an operator, an operand or a bit. Every copy of a
module changes with it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Mutant", "armed", "below", "chosen", "mutants"]

#: An operator, and what takes its place.
SWAPS = {
    "&": "|",
    "|": "&",
    "^": "|",
    "+": "-",
    "-": "+",
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "<<": ">>",
    ">>": "<<",
    "&&": "||",
    "||": "&&",
}
NAME = r"\\\S+ |[A-Za-z_][\w$]*"
TOKEN = re.compile(rf"{NAME}|\d+'s?[hdb][0-9a-fA-FxzXZ]+|\d+|<<<|>>>|<<|>>|&&|\|\||==|!=|<=|>=|\$signed|\S")
ASSIGN = re.compile(r"  assign (.+?) = (.+);")
#: What a register without an enable takes.
TAKES = re.compile(r"    (?!if )(.+?) <= (.+);")
ENABLE = re.compile(r"(    if \()(.+)(\)(?: .+ <= .+;)?)")
PORT = re.compile(rf"    \.({NAME}) ?\((.+)\)(,?)")
RANGE = r"(?:signed )?(?:\[(\d+):0\] )?"
#: A port in a module's head, or what is declared below it; memories are not among them.
DECLARED = re.compile(rf"^  (?:wire|reg|input|output|output reg) {RANGE}({NAME}) ?[,;]?$", re.MULTILINE)
INPUT = re.compile(rf"^  input {RANGE}({NAME}) ?,?$", re.MULTILINE)
#: A module's name, its ports and its body.
MODULE = re.compile(rf"^module ({NAME}) ?\((.*?)\);\n(.*?)^endmodule", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Mutant:
    """One change.

    Parameters
    ----------
    number : int
        Names it in a model.
    module : str
    at : int
        The line in the module's body.
    before, after : str
        What is changed in it, and to what: what is assigned, an enable, or what is connected to a port.
    target : str
        What is assigned, ``if``, or the port.
    kind : str
        In words.
    """

    number: int
    module: str
    at: int
    before: str
    after: str
    target: str
    kind: str

    @property
    def name(self) -> str:
        """Of the signal that says that it is in force, and of the argument that makes it so."""
        return f"mutant_{self.number:04}"

    @property
    def says(self) -> str:
        """For a reader."""
        return f"{self.target}: {self.before} -> {self.after} ({self.kind})"


@dataclass(frozen=True)
class _Site:
    """An expression that may be changed."""

    at: int
    target: str
    text: str
    width: int


def mutants(text: str, count: int, seed: int) -> list[Mutant]:
    """``count`` different changes; small modules, which are mostly control, have more than their share."""
    rng = random.Random(seed)
    modules = {found[1]: found for found in MODULE.finditer(text)}
    widths = {name: _widths(found[0]) for name, found in modules.items()}
    inputs = {name: {port for _, port in INPUT.findall(found[2])} for name, found in modules.items()}
    sites = {name: list(_sites(found[3], widths[name], inputs)) for name, found in modules.items()}
    names = [name for name, found in sites.items() if found]
    weights = [len(sites[name]) ** 0.5 for name in names]
    made: dict[tuple[str, int, str, str], Mutant] = {}
    for _ in range(100 * count):
        if len(made) == count:
            break
        (module,) = rng.choices(names, weights)
        site = rng.choice(sites[module])
        kinds: dict[str, list[Change]] = {}
        for kind, change in _changes(site, widths[module]):
            kinds.setdefault(kind, []).append(change)
        changed = rng.choice(kinds[rng.choice(sorted(kinds))])(rng) if kinds else None
        if changed is None or changed[0] == site.text:
            continue
        key = (module, site.at, site.target, changed[0])
        made.setdefault(key, Mutant(len(made) + 1, module, site.at, site.text, changed[0], site.target, changed[1]))
    return list(made.values())


def below(text: str, module: str) -> str:
    """A module's Verilog and that of all modules which it places, each once."""
    bodies = {found[1].strip(): found[3] for found in MODULE.finditer(text)}
    waiting, found = [module.strip()], dict[str, str]()
    while waiting:
        name = waiting.pop()
        if name in bodies and name not in found:
            found[name] = bodies[name]
            waiting += [placed.strip() for placed in re.findall(rf"^  ({NAME}) ?(?:{NAME}) \($", bodies[name], re.M)]
    return "".join(found.values())


def armed(text: str, changes: list[Mutant], *, always: bool = False) -> str:
    """The text with all changes in it, each of them in force with the argument ``+name`` only, or ``always``."""
    by_module: dict[str, list[Mutant]] = {}
    for change in changes:
        by_module.setdefault(change.module, []).append(change)

    def module(found: re.Match[str]) -> str:
        own = by_module.get(found[1], [])
        if not own:
            return found[0]
        lines = found[3].splitlines()
        for at in {change.at for change in own}:
            here = [change for change in own if change.at == at]
            lines[at] = _line(lines[at], here, always=always)
        flags = [] if always else [f'  reg {one.name} = $test$plusargs("{one.name}");' for one in own]
        body = "\n".join([*flags, *lines, ""])
        name = found[1] if not found[1].startswith("\\") else f"{found[1]} "
        return f"module {name}({found[2]});\n{body}endmodule"

    return MODULE.sub(module, text)


def chosen(text: str, arguments: Sequence[str]) -> str:
    """An armed text with those changes in force that arguments name, for what has none: a proof."""

    def flag(found: re.Match[str]) -> str:
        return f"  wire {found[1]} = 1'h{int(f'+{found[1]}' in arguments)};"

    return re.sub(r'  reg (\w+) = \$test\$plusargs\("\w+"\);', flag, text)


def _line(line: str, changes: list[Mutant], *, always: bool) -> str:
    """A line with its changes: each has one expression."""
    found = ASSIGN.fullmatch(line) or TAKES.fullmatch(line) or ENABLE.match(line) or PORT.fullmatch(line)
    assert found is not None
    value = found[2]
    for change in changes:
        value = change.after if always else f"{change.name} ? ({change.after}) : ({value})"
    return line[: found.start(2)] + value + line[found.end(2) :]


def _widths(module: str) -> dict[str, int]:
    return {name.strip(): int(high or 0) + 1 for high, name in DECLARED.findall(module)}


def _sites(body: str, widths: dict[str, int], inputs: dict[str, set[str]]) -> Iterator[_Site]:
    placed = ""
    for at, line in enumerate(body.splitlines()):
        if (found := ASSIGN.fullmatch(line) or TAKES.fullmatch(line)) is not None:
            yield _Site(at, found[1], found[2], _width(found[1], widths))
        elif (found := ENABLE.match(line)) is not None and found[2] != "1'h1":
            yield _Site(at, "if", found[2], 1)
        elif (found := re.match(rf"  ({NAME}) ?(?:{NAME}) \($", line)) is not None:
            placed = found[1]
        elif (found := PORT.fullmatch(line)) is not None and found[1] in inputs.get(placed, ()) and found[1] != "clk":
            yield _Site(at, found[1], found[2], _width(found[2], widths))


def _width(text: str, widths: dict[str, int]) -> int:
    """Bits of a name, a bit or a range of it, or several of them; 0 where that is not clear."""
    text = text.strip()
    if text.startswith("{"):
        parts = [_width(part, widths) for part in text.strip("{}").split(",")]
        return sum(parts) if all(parts) else 0
    if (found := re.fullmatch(rf"({NAME}) ?\[(\d+)(?::(\d+))?\]", text)) is not None:
        return int(found[2]) - int(found[3] or found[2]) + 1
    if (found := re.fullmatch(r"(\d+)'.*", text)) is not None:
        return int(found[1])
    return widths.get(text, 0)


Change = Callable[[random.Random], tuple[str, str]]
#: Another word at a place, and what that is.
Put = Callable[[int, str, str], Change]


def _changes(site: _Site, widths: dict[str, int]) -> Iterator[tuple[str, Change]]:
    """What can be done to an expression, each with its kind."""
    tokens = list(TOKEN.finditer(site.text))
    words = [token[0] for token in tokens]

    def put(place: int, word: str, says: str) -> Change:
        start, end = tokens[place].span()
        return lambda rng: (site.text[:start] + word + site.text[end:], says)

    for i, word in enumerate(words):
        unary = i == 0 or words[i - 1] in SWAPS or words[i - 1] in "([{,?:~!"
        inside = words[:i].count("[") > words[:i].count("]")
        if word in "~!":
            yield "operator", put(i, "", "inverter dropped")
        elif word in SWAPS and not inside and (not unary or word in "&|"):
            yield "operator", put(i, SWAPS[word], "operator swapped")
        elif (found := re.fullmatch(r"(\d+)'(s?)h([0-9a-fA-F]+)", word)) is not None:
            yield "constant", _constant(put, i, int(found[1]), found[2], int(found[3], 16))
        elif inside and words[i - 1] == "[" and word.isdigit():
            for change in _index(put, words, i, widths):
                yield "index", change
    if (mux := re.fullmatch(r"(\S+(?:\[\d+\])?) \? ([^?]+) : ([^?]+)", site.text)) is not None:
        for value, says in (
            (mux[2], "first operand of a multiplexer, always"),
            (mux[3], "second operand of a multiplexer, always"),
            (f"{mux[1]} ? {mux[3]} : {mux[2]}", "operands of a multiplexer swapped"),
        ):
            yield "multiplexer", _always(value, says)
    if site.target == "if":
        for value, says in (("1'h1", "enabled always"), ("1'h0", "never enabled")):
            yield "enable", _always(value, says)
    elif site.width and "$signed" not in site.text:
        for change in _bits(site):
            yield "bit", change


def _always(value: str, says: str) -> Change:
    return lambda rng: (value, says)


def _constant(put: Put, place: int, width: int, sign: str, value: int) -> Change:
    def change(rng: random.Random) -> tuple[str, str]:
        changed = value ^ 1 << rng.randrange(width)
        return put(place, f"{width}'{sign}h{changed:x}", "bit of a constant inverted")(rng)

    return change


def _index(
    put: Callable[[int, str, str], Change], words: list[str], i: int, widths: dict[str, int]
) -> Iterator[Change]:
    """The neighbour of a bit that is selected."""
    if i + 1 >= len(words) or words[i + 1] != "]" or i < 2:
        return
    width = widths.get(words[i - 2].strip(), 0)
    for other in (int(words[i]) - 1, int(words[i]) + 1):
        if 0 <= other < width:
            yield put(i, str(other), "another bit selected")


def _bits(site: _Site) -> Iterator[Change]:
    """A bit of the value is stuck, or inverted."""

    def change(operator: str, says: str, *, inverted: bool = False) -> Change:
        def at(rng: random.Random) -> tuple[str, str]:
            mask = 1 << rng.randrange(site.width)
            if inverted:
                mask ^= (1 << site.width) - 1
            return f"({site.text}) {operator} {site.width}'h{mask:x}", says

        return at

    yield change("|", "bit stuck at one")
    yield change("&", "bit stuck at zero", inverted=True)
    yield change("^", "bit inverted")
