"""The slave's side of AXI4-Lite: one access at a time, taken from its five channels."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.bus.registers import REGISTER_BITS
from hdl.lib.shared import Part

__all__ = ["AXI_INPUTS", "AXI_OUTPUTS", "AxiLite", "axi_members"]

STROBES = REGISTER_BITS // 8
#: The slave's ports without their prefix ``s_axi_``, and their widths; that of addresses is the block's.
AXI_INPUTS = {"awaddr": 0, "awvalid": 1, "wdata": REGISTER_BITS, "wstrb": STROBES, "wvalid": 1, "bready": 1}
AXI_INPUTS |= {"araddr": 0, "arvalid": 1, "rready": 1}
AXI_OUTPUTS = {"awready": 1, "wready": 1, "bresp": 2, "bvalid": 1}
AXI_OUTPUTS |= {"arready": 1, "rdata": REGISTER_BITS, "rresp": 2, "rvalid": 1}
SLVERR = 2


def axi_members(address_bits: int) -> dict[str, object]:
    """The ports of a slave, as members of a component."""
    members: dict[str, object] = {f"s_axi_{name}": In(width or address_bits) for name, width in AXI_INPUTS.items()}
    return members | {f"s_axi_{name}": Out(width) for name, width in AXI_OUTPUTS.items()}


class AxiLite(Part):
    """Turns the five channels into single accesses of two clocks each.

    Address and data of a write come in any order. Where a read and a write wait, they take turns. Every output is a
    register, so that nothing on the bus depends on anything else in the same clock. An access takes four clocks and
    however long the host waits for its answer. Protection bits mean nothing here, and are not among the ports. The
    lowest two bits of an address are ignored: a byte lies where its strobe says.

    Parameters
    ----------
    address_bits : int
        Bits of a byte address.

    Members
    -------
    s_axi_*
        The bus (ARM IHI 0022, AXI4-Lite), 32 bits wide.
    address : Out
        The address of the register, in words, from ``look`` on.
    writes : Out(1), data, strobes : Out
        The access is a write, and of what.
    look : Out(1)
        First clock of the access.
    act : Out(1)
        Second clock: ``word`` is the register's value, and ``refused`` says that there is nothing to access.
    """

    resets = True

    def __init__(self, address_bits: int) -> None:
        self.module = f"axi_lite_{address_bits}"
        super().__init__(
            {
                **axi_members(address_bits),
                "address": Out(address_bits - 2),
                "writes": Out(1),
                "data": Out(REGISTER_BITS),
                "strobes": Out(STROBES),
                "look": Out(1),
                "act": Out(1),
                "word": In(REGISTER_BITS),
                "refused": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        free = {name: Signal(init=1, name=f"{name}_free") for name in ("aw", "w", "ar")}
        to_write, to_read = (Signal(len(self.address), name=name, reset_less=True) for name in ("to_write", "to_read"))
        rests = Signal(init=1)
        answered = Signal()
        # Each channel has a register of its own, which is free again when the access begins; data stay until they are
        # written.
        for name, target, source in (("aw", to_write, self.s_axi_awaddr), ("ar", to_read, self.s_axi_araddr)):
            with m.If(free[name] & getattr(self, f"s_axi_{name}valid")):
                m.d.sync += [target.eq(source[2:]), free[name].eq(0)]
        with m.If(free["w"] & self.s_axi_wvalid):
            m.d.sync += [self.data.eq(self.s_axi_wdata), self.strobes.eq(self.s_axi_wstrb), free["w"].eq(0)]
        write, read = ~free["aw"] & ~free["w"], ~free["ar"]
        m.d.sync += [self.look.eq(rests & (write | read)), self.act.eq(self.look)]
        with m.If(rests & (write | read)):
            chosen = write & ~(read & self.writes)  # it was a write that came last: now the read
            m.d.sync += [rests.eq(0), self.writes.eq(chosen), self.address.eq(Mux(chosen, to_write, to_read))]
        with m.If(self.act):
            response = Mux(self.refused, SLVERR, 0)
            with m.If(self.writes):
                m.d.sync += [self.s_axi_bvalid.eq(1), self.s_axi_bresp.eq(response)]
                m.d.sync += [free["aw"].eq(1), free["w"].eq(1)]
            with m.Else():
                m.d.sync += [self.s_axi_rvalid.eq(1), self.s_axi_rresp.eq(response), self.s_axi_rdata.eq(self.word)]
                m.d.sync += free["ar"].eq(1)
        m.d.comb += answered.eq((self.s_axi_bvalid & self.s_axi_bready) | (self.s_axi_rvalid & self.s_axi_rready))
        with m.If(answered):
            m.d.sync += [self.s_axi_bvalid.eq(0), self.s_axi_rvalid.eq(0), rests.eq(1)]
        m.d.comb += [getattr(self, f"s_axi_{name}ready").eq(value) for name, value in free.items()]
        return m
