"""What the head of a Liberty file says about all that follows: units, measuring points, corner, templates."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from synth_scripts.library.liberty import Group, LibertyError
from synth_scripts.library.own_wires import own_wires

__all__ = ["Corner", "Header", "Thresholds", "quantity"]

_PREFIX = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3}
#: An absolute temperature in degrees Celsius no library is colder than, and one none is hotter than.
_COLDEST, _HOTTEST = -273.15, 1000.0
#: Volts no library is above.
_HIGHEST = 1000.0
_EDGES = ("rise", "fall")
_POINTS = ("input_threshold", "output_threshold", "slew_lower_threshold", "slew_upper_threshold")


def quantity(text: str, unit: str) -> float:
    """A number with a unit, in that unit: ``10ps`` is 1e-11 for ``s``; without a number, 1.

    Raises ValueError where it is something else, or not positive and finite.
    """
    found = re.fullmatch(rf"([\d.]+(?:e[+-]?\d+)?)?\s*([fpnumk]?){unit}", text.strip(), re.IGNORECASE)
    if not found:
        raise ValueError(text)
    value = float(found[1] or 1) * _PREFIX[found[2].lower()]
    if not (math.isfinite(value) and value > 0):
        raise ValueError(text)
    return value


@dataclass(frozen=True)
class Thresholds:
    """Where on an edge times are measured, in parts of the swing, for rising and falling edges.

    Parameters
    ----------
    inputs, outputs : (rise, fall)
        Where delays begin and end.
    lower, upper : (rise, fall)
        Between which slews are measured.
    derate : float
        What a slew in the tables has to be multiplied with for the time between these.
    """

    inputs: tuple[float, float] = (0.5, 0.5)
    outputs: tuple[float, float] = (0.5, 0.5)
    lower: tuple[float, float] = (0.2, 0.2)
    upper: tuple[float, float] = (0.8, 0.8)
    derate: float = 1.0

    @classmethod
    def read(cls, root: Group) -> Thresholds:
        """Read them; what a file leaves out has the values above, as in all tools."""
        default = cls()

        def points(stem: str, missing: tuple[float, float]) -> tuple[float, float]:
            rise, fall = (root.number(f"{stem}_threshold_pct_{edge}") for edge in _EDGES)
            return (missing[0] if rise is None else rise / 100, missing[1] if fall is None else fall / 100)

        derate = root.number("slew_derate_from_library")
        found = cls(
            points("input", default.inputs),
            points("output", default.outputs),
            points("slew_lower", default.lower),
            points("slew_upper", default.upper),
            1.0 if derate is None else derate,
        )
        for stem, pair in (("input", found.inputs), ("output", found.outputs)):
            if not all(0 < point < 1 for point in pair):
                raise LibertyError(
                    f"{stem}_threshold_pct_rise and _fall have to be between 0 and 100, not {_pct(pair)}"
                )
        if not all(0 <= low < high <= 1 for low, high in zip(found.lower, found.upper, strict=True)):
            raise LibertyError(
                f"slew_lower_threshold_pct ({_pct(found.lower)}) has to be below "
                f"slew_upper_threshold_pct ({_pct(found.upper)}), both from 0 to 100"
            )
        if not 0 < found.derate <= 10:
            raise LibertyError(f"slew_derate_from_library has to be above 0 and at most 10, not {found.derate:g}")
        return found

    @property
    def full_swing(self) -> tuple[float, float]:
        """The time of a whole edge, by a slew in the tables, rising and falling."""
        rise, fall = (self.derate / (high - low) for low, high in zip(self.lower, self.upper, strict=True))
        return rise, fall

    @property
    def attributes(self) -> list[str]:
        """Liberty's attributes for them."""
        pairs = (self.inputs, self.outputs, self.lower, self.upper)
        lines = [
            f"{stem}_pct_{edge} : {100 * point:g};"
            for stem, pair in zip(_POINTS, pairs, strict=True)
            for edge, point in zip(_EDGES, pair, strict=True)
        ]
        return [*lines, f"slew_derate_from_library : {self.derate:g};"]

    @property
    def delay_text(self) -> str:
        """The points of delays, in words."""
        return f"inputs {_pct(self.inputs)}, outputs {_pct(self.outputs)}"

    @property
    def slew_text(self) -> str:
        """The points of slews, in words."""
        derate = f", derated by {self.derate:g}" if self.derate != 1 else ""
        return f"{_pct(self.lower)} to {_pct(self.upper)}{derate}"


def _pct(pair: tuple[float, float]) -> str:
    rise, fall = (f"{100 * point:g} %" for point in pair)
    return rise if rise == fall else f"{rise} rising and {fall} falling"


@dataclass(frozen=True)
class Corner:
    """The conditions that the tables hold for; None where the file doesn't say.

    Parameters
    ----------
    process : float or None
    voltage : float or None
        Volts.
    temperature : float or None
        Degrees Celsius.
    conditions : str
        Their name.
    """

    process: float | None
    voltage: float | None
    temperature: float | None
    conditions: str


@dataclass
class Header:
    """The head of one file.

    Parameters
    ----------
    name : str
    time_ps, cap_ff : float
        Picoseconds in its time unit, femtofarads in its capacitance unit.
    volts, leakage_nw : float
        Volts in its voltage unit, nanowatts in its unit of leakage.
    resistance : str
        Its unit of resistance.
    thresholds : Thresholds
    corner : Corner
    templates : dict
        The attributes of table templates, by name.
    input_cap, output_cap : float or None
        Of pins without a capacitance, in the file's unit.
    max_transition : float or None
        In the file's unit.
    wires : float or None
        Capacitance of wire for each sink of a net that it names as its default, in its unit.
    notes : list of str
        What a reader of the figures should know.
    """

    name: str
    time_ps: float
    cap_ff: float
    volts: float
    leakage_nw: float
    resistance: str
    thresholds: Thresholds
    corner: Corner
    templates: dict[str, Group]
    input_cap: float | None
    output_cap: float | None
    max_transition: float | None
    wires: float | None
    notes: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, root: Group, stem: str) -> Header:
        """Read the head of a library; ``stem`` names it where it has no name. Raises LibertyError."""
        model = root.get("delay_model", "table_lookup").lower()
        if model != "table_lookup":
            raise LibertyError(f"delay_model is {model!r}: only tables (table_lookup) are read")
        if any(name.startswith("include_file") for name in root.raw):
            raise LibertyError("include_file is not followed: put the other file's text in its place")
        notes: list[str] = []
        if any(f"{stem}_pct_{edge}" not in root.raw for stem in _POINTS for edge in _EDGES):
            notes.append(
                "the file does not say everywhere where times are measured; where it doesn't, delays are taken as "
                "from and to 50 %, slews as from 20 to 80 %"
            )
        volts = _unit(root, "voltage_unit", "V", "1V", 1.0)
        corner = _corner(root, volts, re.sub(r"[^\w.+-]+", "_", root.name).strip("_") or stem, notes)
        return cls(
            name=re.sub(r"[^\w.+-]+", "_", root.name).strip("_") or stem,
            time_ps=_time(root, notes),
            cap_ff=_capacitance(root, notes),
            volts=volts,
            leakage_nw=_unit(root, "leakage_power_unit", "W", "1nW", 1e-9),
            resistance=f"{_unit(root, 'pulling_resistance_unit', 'ohm', '1kohm', 1e3):g}kohm",
            thresholds=Thresholds.read(root),
            corner=corner,
            templates=_templates(root),
            input_cap=_positive(root, "default_input_pin_cap"),
            output_cap=_positive(root, "default_output_pin_cap"),
            max_transition=_positive(root, "default_max_transition"),
            wires=own_wires(root),
            notes=notes,
        )


def _positive(root: Group, name: str) -> float | None:
    value = root.number(name)
    if value is not None and value < 0:
        raise LibertyError(f"{name} is negative: {value:g}")
    return value


def _unit(root: Group, name: str, unit: str, missing: str, scale: float) -> float:
    text = root.get(name) or missing
    try:
        return quantity(text, unit) / scale
    except ValueError:
        raise LibertyError(f"{name} {text!r} is not understood; one like {missing!r} is expected") from None


def _time(root: Group, notes: list[str]) -> float:
    if not root.get("time_unit"):
        notes.append("the file gives no time_unit; times are taken as nanoseconds, Liberty's default")
    value = _snap(_unit(root, "time_unit", "s", "1ns", 1e-12))
    if not 1e-6 <= value <= 1e9:
        raise LibertyError(f"time_unit {root.get('time_unit')!r} is absurd; one like '1ns' or '1ps' is expected")
    return value


def _capacitance(root: Group, notes: list[str]) -> float:
    given = root.values("capacitive_load_unit")
    if not given:
        notes.append("the file gives no capacitive_load_unit; capacitances are taken as picofarads")
    try:
        value = _snap(quantity("".join(" ".join(given).replace(",", " ").split()) or "1pf", "f") / 1e-15)
    except ValueError:
        value = 0.0
    if not 1e-6 <= value <= 1e9:
        text = ", ".join(given)
        raise LibertyError(f"capacitive_load_unit ({text}) is not understood; one like (1, pf) or (1, ff) is expected")
    return value


def _snap(value: float) -> float:
    """A power of ten, or another round number, without the noise of its computation."""
    return float(f"{value:.9g}")


def _templates(root: Group) -> dict[str, Group]:
    found: dict[str, Group] = {}
    for group in root.all("lu_table_template", "power_lut_template"):
        key = group.name if group.kind == "lu_table_template" else f"power {group.name}"
        other = found.setdefault(key, group)
        if other is not group and other.raw != group.raw:
            raise LibertyError(f"{group.kind} {group.name} stands at line {other.line} and, different, at {group.line}")
    return found


def _corner(root: Group, volts: float, name: str, notes: list[str]) -> Corner:
    """``nom_...``, or else the operating conditions: the default ones, or the only ones."""
    groups = {group.name: group for group in root.all("operating_conditions")}
    chosen = root.get("default_operating_conditions")
    if not chosen and len(groups) == 1:
        chosen_group: Group | None = next(iter(groups.values()))
    else:
        chosen_group = groups.get(chosen)
    nominal = [_condition(root, f"nom_{key}", key, volts) for key in ("process", "voltage", "temperature")]
    given = [
        _condition(chosen_group, key, key, volts) if chosen_group else None
        for key in ("process", "voltage", "temperature")
    ]
    differs = any(a is not None and b is not None and abs(a - b) > 1e-6 for a, b in zip(nominal, given, strict=True))
    process, voltage, temperature = nominal
    if differs and chosen_group:
        notes.append(
            f"figures are of the nominal conditions, at which the tables hold; operating_conditions "
            f"{chosen_group.name} are others and are not applied"
        )
        return Corner(process, voltage, temperature, name)
    process, voltage, temperature = (a if a is not None else b for a, b in zip(nominal, given, strict=True))
    return Corner(process, voltage, temperature, chosen or name)


def _condition(group: Group, attribute: str, kind: str, volts: float) -> float | None:
    text = group.get(attribute)
    if not text:
        return None
    found = re.fullmatch(r"([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(m?V|°?\s*C|K)?", text)
    try:
        value, unit = float(found[1]) if found else math.nan, (found[2] or "") if found else ""
    except ValueError:
        value, unit = math.nan, ""
    allowed = {"voltage": ("", "V", "mV"), "temperature": ("", "C", "°C"), "process": ("",)}[kind]
    if math.isnan(value) or unit.replace(" ", "") not in allowed:
        raise LibertyError(f"{attribute} is not a number: {text!r}")
    if kind == "voltage":
        value *= {"V": 1.0, "mV": 1e-3, "": volts}[unit]
        if not 0 < value <= _HIGHEST:
            raise LibertyError(f"{attribute} {text!r} is no supply voltage")
    if kind == "temperature" and not _COLDEST <= value <= _HOTTEST:
        raise LibertyError(f"{attribute} {text!r} is no temperature in degrees Celsius")
    if kind == "process" and not 0 < value < 1000:
        raise LibertyError(f"{attribute} {text!r} is no process factor")
    return value
