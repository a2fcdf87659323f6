"""What the figures of a simulation are in words, for the console and for the page."""

from __future__ import annotations

from typing import Any

from gen.report.figures import count, percent, quantity, rate

__all__ = ["about_model", "about_positions", "about_system", "bytes_text", "energy_text", "figure_rows", "time_text"]

Figures = dict[str, Any]


def about_model(found: Figures) -> str:
    """The model."""
    return (
        f"{found['model']}: {found['family']}, {count(found['parameters'])} parameters, {count(found['layers'])} layers"
    )


def about_system(found: Figures) -> str:
    """The system, with what was changed in it."""
    sizes, changes = found["sizes"], "".join(f", {each}" for each in found["changes"])
    return (
        f"{found['system']}{changes}: {sizes['channels']} channels of {sizes['banks']} banks with "
        f"{sizes['lanes']} multipliers each, {quantity(1e6 / found['timing']['clock_ps'], 'MHz')}; "
        f"{count(found['rows'])} of {count(sizes['rows'])} rows used, layout {found['layout']}, "
        f"weights {found['weights']}, caches {found['caches']}"
    )


def about_positions(found: Figures) -> str:
    """The positions, and whether the output matrix takes part."""
    first, count, batch = found["first"], len(found["positions"]), found["batch"]
    where = f"position {first}" if count == 1 else f"positions {first} to {first + count - 1}"
    many = f" of {batch} sequences" if batch > 1 else ""
    return f"{where}{many}, {'with' if found['output_matrix'] else 'without'} the output matrix"


def time_text(seconds: float) -> str:
    """A time in a unit that suits it."""
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= scale:
            return quantity(seconds / scale, unit)
    return quantity(seconds * 1e9, "ns")


def energy_text(joules: float) -> str:
    """An energy in a unit that suits it."""
    for scale, unit in ((1.0, "J"), (1e-3, "mJ"), (1e-6, "µJ")):
        if joules >= scale:
            return quantity(joules / scale, unit)
    return quantity(joules * 1e9, "nJ")


def bytes_text(number: float) -> str:
    """Bytes, with an SI prefix."""
    return rate(number, "B")


def figure_rows(found: Figures) -> list[tuple[str, str, str]]:
    """The main figures: name, value, and a remark."""
    tokens, energy, traffic = found["tokens"], found["energy"], found["traffic_bytes"]
    each = {name: bytes_text(number / tokens) for name, number in traffic.items()}
    interval = next(rule["clocks"] for rule in found["timing"]["rules"] if rule["symbol"] == "tREFI")
    due = f"one due every {count(interval)} clocks of a channel" if interval else "off: tREFI is 0"
    step = f"{time_text(found['seconds'] / len(found['positions']))} a {'position' if found['batch'] > 1 else 'token'}"
    return [
        ("Speed", f"{quantity(found['tokens_per_second'])} tokens/s", step),
        ("Clocks a token", count(found["clocks_per_token"]), f"{count(found['clocks'])} of all" if tokens > 1 else ""),
        ("Energy a token", energy_text(energy["joules_per_token"]), _a_mac(energy)),
        ("Power", f"{quantity(energy['average_mw'] / 1000)} W", "channels and controller, on average"),
        ("Row hits", percent(found["row_hits"]["share"]), f"of {count(found['row_hits']['columns'])} columns"),
        ("MAC units", percent(found["utilisation"]["mac"]), "of the multiply-accumulates that fit into the time"),
        ("Vector unit", percent(found["utilisation"]["vector"]), "of the clocks at work"),
        ("Stays in the banks", each["multiplied"], "a token, multiplied where it lies"),
        ("From the channels", each["read"], "a token, over their buses"),
        ("To the channels", each["written"], "a token, over their buses"),
        ("Refreshes", count(found["refreshes"]), due),
    ]


def _a_mac(energy: Figures) -> str:
    return "" if energy["pj_per_mac"] is None else f"{quantity(energy['pj_per_mac'], 'pJ')} a multiply-accumulate"
