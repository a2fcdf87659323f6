"""Wholes and their parts: bars of shares, and bars that are made of the shares of something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gen.report.figures import percent, times
from gen.report.markup import Markup, tag

__all__ = ["CAUSES", "CLASSES", "KINDS", "OPERATIONS", "Kind", "against", "legend", "shares", "stacked"]


@dataclass(frozen=True)
class Kind:
    """How something is called, and the class of the style sheet that gives its colour."""

    name: str
    colour: str


#: Causes of clocks by their keys; where several are there in a clock, the first one counts.
CAUSES = {
    "mac": Kind("multiply-accumulates", "pe"),
    "write": Kind("words to the channels", "recode"),
    "read": Kind("words from the channels", "drain"),
    "rows": Kind("activates and precharges", "skew"),
    "mode": Kind("switches of mode", "adders"),
    "refresh": Kind("refreshes", "memory"),
    "vector": Kind("vector unit", "good"),
    "host": Kind("host", "rest"),
    "issue": Kind("issuer", "control"),
}
#: Classes of energy.
CLASSES = {
    "MAC": Kind("multiply-accumulates", "pe"),
    "activation": Kind("activates and precharges", "skew"),
    "read": Kind("columns read", "drain"),
    "write": Kind("columns written", "recode"),
    "registers": Kind("register transfers", "adders"),
    "refresh": Kind("refreshes", "memory"),
    "background": Kind("standby of the channels", "control"),
    "controller": Kind("controller", "good"),
}
#: What operations have in common.
KINDS = {
    "product": Kind("products with matrices", "pe"),
    "attention": Kind("attention: keys and values", "recode"),
    "vector": Kind("vector unit", "good"),
    "embedding": Kind("embedding, gains and biases", "drain"),
    "other": Kind("start and end", "rest"),
}
#: Operations by their keys: what they are called, and their kind.
OPERATIONS = {
    "embedding": ("embedding", "embedding"),
    "vectors": ("gains and biases", "embedding"),
    "normalisation": ("normalisations", "vector"),
    "attend": ("queries, keys, values", "product"),
    "rotation": ("rotation", "vector"),
    "caches": ("key and value stored", "attention"),
    "scores": ("scores", "attention"),
    "softmax": ("softmax", "vector"),
    "values": ("values mixed", "attention"),
    "mix": ("output of attention", "product"),
    "up": ("up to the inner width", "product"),
    "activation": ("activation", "vector"),
    "down": ("down to the width", "product"),
    "residual": ("residual sums", "vector"),
    "output": ("logits", "product"),
    "choice": ("choice of the token", "vector"),
    "control": ("start and end", "other"),
}


def shares(label: str, parts: Mapping[str, float], kinds: Mapping[str, Kind]) -> Markup:
    """A bar for each part that isn't nothing, the greatest first, on a scale from zero to the greatest."""
    whole = sum(parts.values()) or 1.0
    ranked = sorted(((value, name) for name, value in parts.items() if value), reverse=True)
    most = max((value for value, _ in ranked), default=0.0) or 1.0
    rows = [
        tag(
            "div",
            tag("span", kinds[name].name, class_="scope"),
            tag("div", tag("i", style=f"width:{100 * value / most:.2f}%"), class_="track"),
            tag("span", percent(value / whole), class_="value"),
            class_=f"bar {kinds[name].colour}",
        )
        for value, name in ranked
    ]
    spoken = "; ".join(f"{kinds[name].name} {percent(value / whole)}" for value, name in ranked)
    return tag("div", rows, class_="bars", role="img", aria_label=f"{label}. {spoken}")


def stacked(label: str, rows: Sequence[tuple[str, Mapping[str, float]]], kinds: Mapping[str, Kind]) -> Markup:
    """A bar for each row, made of its parts, all on one scale; beside it its share of the sum of all rows."""
    sums = [sum(parts.values()) for _, parts in rows]
    whole, most = sum(sums) or 1.0, max(sums, default=0.0) or 1.0
    lines = []
    for (name, parts), value in zip(rows, sums, strict=True):
        pieces = [
            tag("i", class_=f"piece {kind.colour}", style=f"width:{100 * parts[key] / most:.3f}%")
            for key, kind in kinds.items()
            if parts.get(key)
        ]
        track = tag("div", pieces, class_="pieces")
        cells = [tag("span", name, class_="scope"), track, tag("span", percent(value / whole), class_="value")]
        lines.append(tag("div", cells, class_="bar"))
    spoken = "; ".join(f"{name} {percent(value / whole)}" for (name, _), value in zip(rows, sums, strict=True))
    return tag("div", lines, class_="bars", role="img", aria_label=f"{label}. {spoken}")


def against(label: str, base: float, values: Sequence[tuple[str, float]]) -> Markup:
    """A bar for each value on a scale from zero, with its ratio to one that a line marks."""
    most = max([base, *(value for _, value in values)])
    line = tag("s", style=f"left:{100 * base / most:.2f}%")
    rows = [
        tag(
            "div",
            tag("span", name, class_="scope"),
            tag("div", tag("i", style=f"width:{100 * value / most:.2f}%"), line, class_="track"),
            tag("span", times(value / base), class_="value"),
            class_="bar ours",
        )
        for name, value in values
    ]
    spoken = "; ".join(f"{name} {times(value / base)}" for name, value in values)
    return tag("div", rows, class_="bars against", role="img", aria_label=f"{label}. {spoken}")


def legend(kinds: Mapping[str, Kind], used: Sequence[str] | None = None) -> Markup:
    """What colours stand for; of those that are used, if that is said."""
    items = [
        tag("li", tag("span", class_=f"key {kind.colour}"), kind.name)
        for name, kind in kinds.items()
        if used is None or name in used
    ]
    return tag("ul", items, class_="legend keys")
