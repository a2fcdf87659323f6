"""What an engine is called: by its names, or else by what sets its axes apart from the nearest engine that has some.

Everything that prints an engine asks this object.
"""

from __future__ import annotations

from dataclasses import dataclass

from hdl.params.axis_words import in_short
from hdl.params.engine import EngineParams
from hdl.params.presets import named_like, nearest

__all__ = ["NEST", "Title"]

#: What stands for the scheme of an engine without a name: it was given as its nest.
NEST = "nest"


@dataclass(frozen=True)
class Title:
    """Names and words of an engine.

    Parameters
    ----------
    params : EngineParams
    """

    params: EngineParams

    @property
    def scheme(self) -> str:
        """One word, for tables and JSON: the scheme, or ``nest`` for an engine without a name."""
        return self.params.scheme if self.params.point is None else NEST

    @property
    def form(self) -> str:
        """The scheme, and how it multiplies where there is a choice: ``mac (fused)``."""
        return f"{self.scheme} ({self.params.multiplier})" if self.params.axes.multiplies else self.scheme

    @property
    def likeness(self) -> str:
        """What an engine without a name is like, and where it differs; empty for one that has a name."""
        if self.params.point is None:
            return ""
        array, scheme = nearest(self.params.point)
        own, other = (in_short(axes) for axes in (self.params.point, named_like((array, scheme), self.params.point)))
        but = "; ".join(words for axis, words in own.items() if words != other[axis])
        return f"like {scheme} on {array}, but {but}"

    @property
    def names(self) -> str:
        """Array and scheme: ``systolic_os opt1``, or ``nest, like opt1 on systolic_os, but ...``; groups of columns."""
        params = self.params
        names = f"{params.array} {self.form}" if params.point is None else f"{self.form}, {self.likeness}"
        return names if params.column_groups == 1 else f"{names}, {params.column_groups} groups of columns"

    @property
    def caption(self) -> str:
        """Array and scheme in a sentence: ``array systolic_os, scheme opt1``, or ``a nest like ...``."""
        params = self.params
        return f"array {params.array}, scheme {params.scheme}" if params.point is None else f"a nest {self.likeness}"

    def size(self, times: str = "x") -> str:
        """Rows and columns, and the steps of K in space where they count: ``4x6x3``."""
        params = self.params
        return times.join(map(str, [params.rows, params.cols, *([params.depth] if params.deep else [])]))

    @property
    def place(self) -> str:
        """Size and array: ``4x6 systolic_os``, or ``4x6 nest``."""
        return f"{self.size()} {self.params.array if self.params.point is None else NEST}"

    def __str__(self) -> str:
        """The engine in a few words."""
        return f"{self.size()} {self.names}, {self.params.a} x {self.params.b}"
