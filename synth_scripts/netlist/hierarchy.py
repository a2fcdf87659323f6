"""The modules of a design in Verilog text, and how often each is placed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from functools import cached_property

__all__ = ["Hierarchy"]


class Hierarchy:
    """Which module places which.

    Reads Verilog as Yosys writes it: a module begins with ``module NAME(`` and ends with ``endmodule``, each at the
    beginning of a line, and an instance with ``NAME INSTANCE (``.

    Parameters
    ----------
    verilog : str
    """

    def __init__(self, verilog: str) -> None:
        found = re.findall(r"^(?=module (\w+))(.*?^endmodule)$", verilog, re.MULTILINE | re.DOTALL)
        #: Text of each module, in the order of the file.
        self.texts: dict[str, str] = dict(found)

    @cached_property
    def places(self) -> dict[str, Counter[str]]:
        """How often each module places each other one directly."""
        begin = re.compile(r"^ *(\w+)(?: #\(.*?\))? +\S+ *\(", re.MULTILINE)
        return {
            name: Counter(word for word in begin.findall(text) if word in self.texts and word != name)
            for name, text in self.texts.items()
        }

    def below(self, top: str, stop: Collection[str] = ()) -> list[str]:
        """``top`` and every module in it, each before those that it places; not what is inside the modules ``stop``."""
        order: dict[str, None] = {}

        def visit(name: str) -> None:
            if name in order:
                return
            if name == top or name not in stop:
                for kind in self.places[name]:
                    visit(kind)
            order[name] = None

        visit(top)
        return list(reversed(order))

    def instances(self, top: str, stop: Collection[str] = ()) -> Counter[str]:
        """How often each module stands in ``top``; what is inside the modules ``stop`` is not counted."""
        counts = Counter({top: 1})
        for name in self.below(top, stop):
            if name == top or name not in stop:
                for kind, number in self.places[name].items():
                    counts[kind] += number * counts[name]
        return counts

    def text(self, top: str) -> str:
        """The text of ``top`` and of every module in it, in the order of the file."""
        names = set(self.below(top))
        return "\n".join(text for name, text in self.texts.items() if name in names) + "\n"

    def clocked(self, name: str) -> bool:
        """A module has a clock."""
        return re.search(r"^\s*input clk\b|\binput clk\b", self.texts[name], re.MULTILINE) is not None
