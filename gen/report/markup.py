"""Markup as strings that know they are safe: everything else is escaped on its way into the page."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["Markup", "Node", "join", "tag"]

VOID = frozenset({"br", "hr", "img", "meta", "link"})


class Markup(str):
    """Text that is HTML or SVG already."""

    __slots__ = ()


Node = str | int | float | None | Iterable["Node"]


def join(*nodes: Node) -> Markup:
    """Concatenate nodes: markup as it is, None as nothing, sequences flattened, all other things as escaped text."""
    parts: list[str] = []
    for node in nodes:
        if node is None:
            continue
        if isinstance(node, Markup):
            parts.append(node)
        elif isinstance(node, str | int | float):
            parts.append(escape(str(node), quote=False))
        else:
            parts.append(join(*node))
    return Markup("".join(parts))


def tag(name: str, /, *children: Node, **attributes: str | int | float | bool | None) -> Markup:
    """One element.

    Parameters
    ----------
    name : str
        Element name.
    *children : Node
        Its content.
    **attributes
        ``class_`` gives ``class``, ``stroke_width`` gives ``stroke-width``; None and False leave an attribute out,
        True writes it without a value. Floats are rounded to two decimals.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        if isinstance(value, float):
            value = f"{value:.2f}".rstrip("0").rstrip(".")
        parts.append(key if value is True else f'{key}="{escape(str(value))}"')
    opening = " ".join(parts)
    return Markup(f"<{opening}>" if name in VOID else f"<{opening}>{join(*children)}</{name}>")
