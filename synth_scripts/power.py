"""Power."""
from __future__ import annotations
from dataclasses import dataclass, field
@dataclass(frozen=True)
class Power:
    total_mw: float | None
    parts_mw: dict[str, float] = field(default_factory=dict)
    activity: str = "not measured"
def measure(*a): return Power(None)
