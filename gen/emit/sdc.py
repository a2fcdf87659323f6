"""The timing constraints of an engine (Synopsys Design Constraints)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gen.config import Config

if TYPE_CHECKING:
    from gen.emit.verilog import Emission
    from hdl.params.port import Port

__all__ = ["sdc"]

#: The clock period where the configuration names none.
DEFAULT_CLOCK_NS = 10.0
#: The share of the clock period that lies outside the engine, on either side.
OUTSIDE = 0.3

TEMPLATE = """\
# Timing constraints of {top}, in nanoseconds.
# A library in another unit (some use picoseconds) needs the period in that unit.

# One clock; every register of the engine is in its domain.{clock_note}
set clock_period {period:g}
create_clock -name clk -period $clock_period [get_ports clk]

# What surrounds the engine is taken to spend {percent:g} % of the period before an input arrives and after an output
# leaves: room for a register and some logic outside. Replace it with the real budget of the chip around it.
set outside [expr {{{outside:g} * $clock_period}}]

# Inputs. The reset is synchronous, so it is timed like every other input and is no false path.
{inputs}

# Outputs
{outputs}
"""


def sdc(config: Config, emission: Emission) -> str:
    """The text of the constraints.

    Parameters
    ----------
    config : Config
        ``synth.clock_ns`` is the period; 10 ns where it is ``auto``.
    emission : Emission
        Its ports get their delays by name.
    """
    clock = config.synth.clock_ns
    automatic = not isinstance(clock, (int, float))
    inputs = [port for port in emission.ports if port.direction == "input" and port.name != "clk"]
    outputs = [port for port in emission.ports if port.direction == "output"]
    return TEMPLATE.format(
        top=emission.top,
        period=DEFAULT_CLOCK_NS if automatic else clock,
        clock_note="\n# The configuration names no period (synth.clock_ns): this one is a start." if automatic else "",
        percent=100 * OUTSIDE,
        outside=OUTSIDE,
        inputs="\n".join(f"set_input_delay $outside -clock clk {_get(port)}" for port in inputs),
        outputs="\n".join(f"set_output_delay $outside -clock clk {_get(port)}" for port in outputs),
    )


def _get(port: Port) -> str:
    """The query for all bits of a port; braces keep Tcl from reading the brackets as a command."""
    return f"[get_ports {{{port.name}[*]}}]" if port.width > 1 else f"[get_ports {port.name}]"
