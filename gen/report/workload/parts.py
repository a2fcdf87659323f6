"""What a page about a workload is made of: sections, and the tables, charts and pictures in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bars", "Lines", "Part", "Pictures", "Section", "Table"]

#: A cell of a table: numbers are set to the right, and written with four significant places.
Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows under headings.

    Parameters
    ----------
    columns : sequence of str
    rows : sequence of sequences
        As long as ``columns``; None is what was not measured. A text that begins with a digit is a number written by
        whoever knows better how to.
    note : str
        Stands below.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"each row needs {len(self.columns)} cells")


@dataclass(frozen=True)
class Lines:
    """Lines over a linear axis.

    Parameters
    ----------
    title, x_label, y_label : str
    series : mapping
        Points (x, y) by the name of their line; x grows.
    note : str
        Stands below.
    """

    title: str
    x_label: str
    y_label: str
    series: Mapping[str, Sequence[tuple[float, float]]]
    note: str = ""

    def __post_init__(self) -> None:
        if not self.series or any(len(points) < 2 for points in self.series.values()):
            raise ValueError(f"{self.title}: a line needs two points")
        if not all(isfinite(value) for points in self.series.values() for point in points for value in point):
            raise ValueError(f"{self.title}: a point is not finite")


@dataclass(frozen=True)
class Bars:
    """Bars from zero, one below the other.

    Parameters
    ----------
    title, unit : str
    bars : sequence of (str, float)
        Names and values, of which none is negative.
    most : float
        Where the scale ends; 0: at the greatest value.
    note : str
        Stands below.
    """

    title: str
    unit: str
    bars: Sequence[tuple[str, float]]
    most: float = 0.0
    note: str = ""

    def __post_init__(self) -> None:
        if any(not (isfinite(value) and value >= 0) for _, value in self.bars):
            raise ValueError(f"{self.title}: a bar is negative or not finite")


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side.

    Parameters
    ----------
    items : sequence of (str, array)
        Captions, and bytes of shape (height, width) in grey or (height, width, 3) in red, green and blue.
    zoom : int
        Width and height of a pixel on the page, where there is room.
    note : str
        Stands below.
    """

    items: Sequence[tuple[str, NDArray[np.uint8]]]
    zoom: int = 1
    note: str = ""

    def __post_init__(self) -> None:
        for caption, pixels in self.items:
            shaped = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)
            if pixels.dtype != np.uint8 or not shaped or not pixels.size:
                raise ValueError(f"{caption}: {pixels.dtype} of shape {pixels.shape} is no picture")


Part = Table | Lines | Bars | Pictures


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Parameters
    ----------
    title : str
    words : str
        What is shown, and what it means.
    parts : sequence
        Tables, charts, pictures.
    """

    title: str
    words: str
    parts: Sequence[Part] = ()
