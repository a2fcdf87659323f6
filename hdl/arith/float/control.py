"""The control of all lanes: what every unit does with the element that reaches it in this step."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.lane import CONTROLS
from hdl.arith.float.passes import CONSTANTS, OP_BITS, PASSES, LaneShape, Pass
from hdl.lib.delay import delay, later
from hdl.lib.shared import Part, Shared

__all__ = ["LaneControl", "control_values"]


def control_values(each: Pass) -> dict[str, int | str]:
    """The controls of a pass: 0 or 1, or for a word the name of a scalar or of a constant."""
    flags = {
        "a0_takes_b": each.a0 in ("b", "-b"),
        "a0_negates": each.a0 in ("-b", "-s0"),
        "seed_reciprocal": each.seed == "reciprocal",
        "seed_rsqrt": each.seed == "rsqrt",
        "m0_takes_b": each.m0 == "b",
        "m0_takes_start": each.m0 == "start",
        "m0_takes_itself": each.m0 == "itself",
        "split_takes_integer": each.split,
        "m1_takes_f": each.m1 == "f",
        "a4_takes_a3": each.a4 == "a3",
        "m2_takes_y": each.m2 == "y",
        "m2_takes_b": each.m2 == "b",
        "a5_takes_c": each.a5 == "c",
        "m3_takes_start": each.m3 == "start",
    }
    scalar = {"a0_word": "s0", "m0_word": "s1", "m3_word": "s2"}
    words = {}
    for name, (unit, width) in CONTROLS.items():
        if width > 1:
            operand = getattr(each, unit)
            # A word that is not looked at may be any.
            words[name] = operand if operand in CONSTANTS else scalar.get(name, "1")
    return {name: int(value) for name, value in flags.items()} | words


def _among(op: Value, codes: list[int]) -> Value:
    """Whether an operation code is one of these."""
    return Cat(op == code if code else ~op.any() for code in codes).any() if codes else Const(0, 1)


class LaneControl(Part):
    """Take an operation with every element, and tell each unit of the lanes when its turn comes.

    Operations of any kind may follow each other without a gap, each with scalars of its own, as long as no two want the
    same operand or end in the same step. Equal passes never do. A short pass and a long one before it do not end
    together if the short one begins while ``short_free`` is high; operand ``b`` is due at three different moments (see
    the lags in :mod:`hdl.arith.float.passes`), which is for the caller to mind.

    Parameters
    ----------
    shape : LaneShape
        That of the lanes.
    tag_bits : int
        Width of a tag that travels with each operation; may be 0.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    valid, op : In(1), In(5)
        There is an operation, and its code in :data:`hdl.arith.float.passes.PASSES`. Due with the lanes' ``a``.
    whole : In(1)
        Its result comes at the end of the chain, though it be that of a short pass: nothing behind changes it.
    s0, s1, s2 : In(32)
        Its fp32 scalars. Due with ``op``.
    tag : In(tag_bits)
    short_free : Out(1)
        A short pass may begin in this step.
    moves : Out(shape.full + 1)
        To all lanes, as ``en``: steps that hold an element, while all advance.
    (controls), full : Out
        To all lanes; :func:`LaneControl.connect` lists them.
    y_valid, y_tag : Out(1), Out(tag_bits)
        The lanes' ``y`` holds a result, and the tag of its operation. The bf16 result follows one step later.
    """

    resets = True

    def __init__(self, shape: LaneShape | None = None, tag_bits: int = 0) -> None:
        self.shape = shape = shape or LaneShape()
        self.module = f"lane_control_{shape.adder}{shape.multiplier}{shape.splitter}_{tag_bits}"
        super().__init__(
            {
                "en": In(1),
                "valid": In(1),
                "op": In(OP_BITS),
                "whole": In(1),
                **{f"s{i}": In(32) for i in range(3)},
                "tag": In(tag_bits),
                "short_free": Out(1),
                "moves": Out(shape.full + 1),
                **{name: Out(width) for name, (_, width) in CONTROLS.items()},
                "full": Out(1),
                "y_valid": Out(1),
                "y_tag": Out(tag_bits),
            }
        )

    @staticmethod
    def connect(control: Shared) -> dict[str, Value]:
        """The inputs of a lane that come from a placed LaneControl."""
        return {name: getattr(control, name) for name in (*CONTROLS, "full")} | {"en": control.moves}

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape = self.shape
        short, full = shape.short, shape.full

        def wait(name: str, value: Value, begin: int, end: int) -> Value:
            """``value``, which belongs to the element in step ``begin``, when that is in step ``end``."""
            return delay(m, name, self.moves[begin:end], value, end - begin)

        # Decoded in the step before it is due, and registered; but for the first unit there is no step before.
        op: Value = self.op
        before = 0
        units = dict.fromkeys(unit for unit, _ in CONTROLS.values())
        scalars = {"s0": self.s0}
        scalars |= {
            name: wait(f"{name}_{unit}", scalar, 0, shape.start_of(unit) - 1)
            for name, unit, scalar in (("s1", "m0", self.s1), ("s2", "m3", self.s2))
        }
        for unit in units:
            depth = max(shape.start_of(unit) - 1, 0)
            op, before = wait(f"op_{unit}", op, before, depth), depth
            self._decode(m, unit, op, scalars, None if unit == "a0" else self.moves[depth])

        is_short = Signal()
        short_codes = [code for code, each in enumerate(PASSES) if each.short]
        m.d.comb += is_short.eq(_among(self.op, short_codes) & ~self.whole)
        shorts = later(m, "shorts", self.en, self.valid & is_short, short)
        fulls = later(m, "fulls", self.en, self.valid & ~is_short, full)
        # Behind the last step an element of either kind is narrowed.
        inside = Cat(shorts[:-1] | fulls[: short - 1], fulls[short - 1 : -1])
        m.d.comb += [
            self.moves.eq(Cat(self.valid, inside, self.y_valid) & self.en.replicate(full + 1)),
            self.short_free.eq(~fulls[full - short - 1]),
            self.full.eq(fulls[-1]),
            self.y_valid.eq(fulls[-1] | shorts[-1]),
        ]
        if len(self.tag):
            early = wait("tag_short", self.tag, 0, short)
            m.d.comb += self.y_tag.eq(Mux(self.full, wait("tag_full", early, short, full), early))
        return m

    def _decode(self, m: Module, unit: str, op: Value, scalars: dict[str, Value], en: Value | None) -> None:
        """The controls of one unit, registered with an enable or straight from the operation."""
        for name, (owner, width) in CONTROLS.items():
            if owner != unit:
                continue
            values = [control_values(each)[name] for each in PASSES]
            # Constants bit by bit: the operations that set it. Scalars as whole words.
            constants = [CONSTANTS.get(value, 0) if isinstance(value, str) else value for value in values]
            setting = ([code for code, bits in enumerate(constants) if bits >> i & 1] for i in range(width))
            control: Value = Cat(_among(op, codes) for codes in setting)
            for scalar, word in scalars.items():
                codes = [code for code, value in enumerate(values) if value == scalar]
                if codes:
                    control = control | (word & _among(op, codes).replicate(width))
            if en is not None:
                register = Signal(width, name=f"{name}_now", reset_less=True)
                with m.If(en):
                    m.d.sync += register.eq(control)
                control = register
            m.d.comb += getattr(self, name).eq(control)
