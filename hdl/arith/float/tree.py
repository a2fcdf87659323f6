"""Trees over the lanes: sums and greatest values of what comes out of them in one step."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.add import Adder
from hdl.arith.float.format import BF16, FP32, FloatFormat
from hdl.arith.float.maximum import Maximum
from hdl.lib.delay import delay
from hdl.lib.shared import Part, place

__all__ = ["MaximumTree", "SumTree"]


class _Tree(Part):
    """Neighbours meet first: ((0, 1), (2, 3)), ...; an odd one out waits for the next level."""

    def __init__(self, form: FloatFormat, count: int, step: int) -> None:
        self.form = form
        self.count = count
        self.step = step
        super().__init__({"en": In(self.latency), "x": In(count * form.width), "o": Out(form.width)})

    @property
    def levels(self) -> int:
        """Levels of the tree."""
        return (self.count - 1).bit_length()

    @property
    def latency(self) -> int:
        """Steps from operands to result."""
        return self.levels * self.step

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.form.width
        values: list[Value] = [self.x[i * width : (i + 1) * width] for i in range(self.count)]
        for level in range(self.levels):
            pairs = zip(values[::2], values[1::2], strict=False)
            en = self.en[level * self.step :][: self.step]
            met = [self.meet(m, f"level{level}_{i}", en, x, y) for i, (x, y) in enumerate(pairs)]
            if len(values) % 2:
                odd = delay(m, f"level{level}_odd", en, values[-1], self.step)
                met.append(odd)
            values = met
        m.d.comb += self.o.eq(values[0])
        return m

    def meet(self, m: Module, name: str, en: Value, x: Value, y: Value) -> Value:
        """What becomes of two neighbours, ``step`` steps later."""
        raise NotImplementedError


class SumTree(_Tree):
    """Sum of ``count`` numbers in a fixed order: ((0, 1), (2, 3)), ... Every addition rounds.

    Parameters
    ----------
    form : FloatFormat
    count : int
        Numbers, at least 1. An odd one out waits for the next level.
    adder : int
        Latency of an adder. The tree takes that many steps for each of its ``(count - 1).bit_length()`` levels.

    Members
    -------
    en : In(latency)
        Bit i: what is in step i moves on; otherwise the registers behind that step keep what they hold.
    x : In(count * form.width)
        Number 0 in the lowest bits. What is not to count is +0.
    o : Out(form.width)
        ``latency`` steps later.
    """

    def __init__(self, count: int, form: FloatFormat = FP32, adder: int = Adder.STAGES) -> None:
        self.adder = Adder(form, adder)
        self.module = f"sum_{count}_{self.adder.module}"
        super().__init__(form, count, adder)

    def meet(self, m: Module, name: str, en: Value, x: Value, y: Value) -> Value:
        return place(m, name, self.adder, en=en, x=x, y=y).o


class MaximumTree(_Tree):
    """The greatest of ``count`` numbers; NaN if there is one. A step a level.

    Members
    -------
    en : In(latency)
        Bit i: what is in step i moves on; otherwise the registers behind that step keep what they hold.
    x : In(count * form.width)
        Number 0 in the lowest bits. What is not to count is -infinity.
    o : Out(form.width)
        ``latency`` steps later.
    """

    def __init__(self, count: int, form: FloatFormat = BF16) -> None:
        self.module = f"maximum_{count}_{form}"
        super().__init__(form, count, 1)

    def meet(self, m: Module, name: str, en: Value, x: Value, y: Value) -> Value:
        register = Signal(self.form.width, name=f"{name}_o", reset_less=True)
        greater = place(m, name, Maximum(self.form), x=x, y=y)
        with m.If(en):
            m.d.sync += register.eq(greater.o)
        return register
