"""The operands that figures rest on where they depend on operands: those of `explain`, throughput and power alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hdl.params.formats import OperandFormat

__all__ = ["KINDS", "MOST_SIGMA", "USUAL", "USUAL_SIGMA", "Operands", "operands_in_words", "usual_sigma"]

#: Standard deviation of operands of eight signed bits where none is given, and the greatest.
USUAL_SIGMA, MOST_SIGMA = 20.0, 100.0
#: What operands may be, and how that is said.
KINDS = {
    "normal": "normal operands",
    "uniform": "uniform operands",
    "digits": "activations and weights of the network on handwritten digits",
    "photographs": "pixels of photographs and filters of a convolution over them",
}


def usual_sigma(operand: OperandFormat) -> float:
    """The standard deviation of operands A where none is given: `USUAL_SIGMA` in proportion to the range."""
    return USUAL.sigma_of(operand)


def operands_in_words(sigma: float) -> str:
    """What is said of a figure that rests on operands with this standard deviation of A."""
    return f"{KINDS['normal']} (sigma {sigma:g} of A, of B in proportion to its range)"


@dataclass(frozen=True)
class Operands:
    """A choice of operands, as ``synth.operands`` has it: ``uniform``, ``normal``, ``normal 35``, ``digits``, ...

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    sigma : float
        Standard deviation of normal operands of eight signed bits; of others it is in proportion to the range.
    """

    kind: str = "normal"
    sigma: float = USUAL_SIGMA

    @classmethod
    def read(cls, text: str) -> Operands:
        """Read a choice. Raises ValueError, which says what is wrong and what is legal."""
        kind, *more = text.split() or [""]
        if kind not in KINDS:
            raise ValueError(f"must be one of {', '.join(KINDS)}, not {text!r}")
        if not more:
            return cls(kind)
        try:
            sigma = float(more[0])
        except ValueError:
            sigma = math.nan
        if kind != "normal" or len(more) > 1 or not 1 <= sigma <= MOST_SIGMA:
            raise ValueError(
                f"{text!r}: only 'normal' has a number behind it, the standard deviation, from 1 to {MOST_SIGMA:g}"
            )
        return cls(kind, sigma)

    @property
    def drawn(self) -> bool:
        """They are random numbers, not those of layers."""
        return self.kind in ("normal", "uniform")

    @property
    def text(self) -> str:
        """The choice in its shortest form, which :meth:`read` takes."""
        return self.kind if self.sigma == USUAL_SIGMA else f"{self.kind} {self.sigma:g}"

    def sigma_of(self, operand: OperandFormat) -> float:
        """The standard deviation of normal operands of a format; floating-point numbers are those of -1 to 1."""
        return self.sigma * operand.reach / 128

    def words(self, operand: OperandFormat) -> str:
        """What is said of a figure that rests on these operands, those of A in the given format."""
        return operands_in_words(self.sigma_of(operand)) if self.kind == "normal" else KINDS[self.kind]


#: Where nothing else is chosen.
USUAL = Operands()
