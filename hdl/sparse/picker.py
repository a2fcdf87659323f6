"""Selection of the digits that are not zero, one a cycle."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params.sparse import SparseShape

__all__ = ["Picker", "Picks"]


class Picks:
    """What a picker does, to be built into a part: it gives those digits of a group that are not zero, in turn.

    Parameters
    ----------
    shape : SparseShape

    Attributes
    ----------
    valid, two, neg : Value
        There is a digit that is not zero; it is +-2; it is negative.
    digit : Value
        Its place in the group.
    last : Value
        None is left after it.
    """

    def __init__(self, m: Module, shape: SparseShape, load: Value, group: Value) -> None:
        size = shape.group_digits
        mask, twos, negs = (Signal(size, name=f"group_{name}", reset_less=name != "mask") for name in GROUP)
        rest = Signal(size)
        # The lowest bit that is set: each bit unless there is a lower one.
        lower = [mask[:i].any() for i in range(size)]
        first = Cat(mask[i] & ~lower[i] for i in range(size))
        m.d.comb += rest.eq(mask & ~first)
        parts = [group.word_select(i, size) for i in range(3)]
        m.d.sync += mask.eq(Mux(load, parts[0], rest))
        with m.If(load):
            m.d.sync += [twos.eq(parts[1]), negs.eq(parts[2])]
        bits = (size - 1).bit_length()
        self.digit = Cat(Cat(first[i] for i in range(size) if i >> b & 1).any() for b in range(bits))
        self.step_bits = (shape.group - 1).bit_length()
        self.valid = mask.any()
        self.two = (first & twos).any()
        self.neg = (first & negs).any()
        self.last = ~rest.any()

    def place(self, digit: Value, slot: Value) -> Value:
        """Where the operand of a digit is: its step in the group, its slot, and the shift of its product."""
        return Cat(digit[: self.step_bits], slot, digit[self.step_bits :])


#: What is known of the digits of a group, in this order: they are not zero, are +-2, are negative.
GROUP = ("mask", "twos", "negs")


class Picker(Part):
    """A picker that stands at the edge of a row, for all of its PEs (Wu et al., HPCA 2025: OPT4C).

    Members
    -------
    load : In(1)
        Take the group of the window's slot ``slot`` (and above that the shift of its products), given as ``group``:
        which digits are not zero, which are +-2, and which are negative. While ``last`` is low, nothing may be loaded.
    valid, two, neg, last
        See :class:`Picks`.
    index : Out
        The digit's place in the window: that in its group, and above it the group's slot.
    """

    module = "picker"
    role = roles.PICKER
    resets = True

    def __init__(self, shape: SparseShape) -> None:
        self.shape = shape
        super().__init__(
            {
                "load": In(1),
                "slot": In(shape.shared_bits),
                "group": In(3 * shape.group_digits),
                "index": Out(shape.index_bits),
                **{name: Out(1) for name in ("valid", "two", "neg", "last")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        picks = Picks(m, self.shape, self.load, self.group)
        slot = Signal(len(self.slot), name="group_slot", reset_less=True)
        with m.If(self.load):
            m.d.sync += slot.eq(self.slot)
        m.d.comb += [getattr(self, name).eq(getattr(picks, name)) for name in ("valid", "two", "neg", "last")]
        m.d.comb += self.index.eq(picks.place(picks.digit, slot))
        return m
