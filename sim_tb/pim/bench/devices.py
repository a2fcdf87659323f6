"""The channels of a system as simulation hardware: SystemVerilog that places a device model at each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hdl.params.pim import PimParams, TimingTable
from hdl.pim.channel.channel import PHY_INPUTS, phy_outputs

__all__ = ["channel_ports", "device_text", "timing_arguments"]

Elements = npt.NDArray[np.uint16]
#: The device's names of the times that are keywords or functions elsewhere.
OWN_NAMES = {"tWR": "WRT", "tMAC": "MACT"}


def timing_arguments(timing: TimingTable) -> Mapping[str, int]:
    """What tells the devices their timing, on the command line of a simulation."""
    return {OWN_NAMES.get(symbol, symbol.removeprefix("t")): clocks for symbol, clocks in timing.symbols().items()}


def channel_ports(params: PimParams) -> str:
    """Connections of a controller's channels to the wires of :func:`device_text`."""
    names = [f"c{c}_{name}" for c in range(params.channels) for name in (*phy_outputs(params), *PHY_INPUTS)]
    return ", ".join(f".{name}({name})" for name in names)


def device_text(params: PimParams, rows: int = 0) -> str:
    """Wires and device models of all channels.

    Each reads ``bank<c>.hex`` and ``buffer<c>.hex`` at first and writes ``bank<c>.out``, ``buffer<c>.out`` and
    ``accumulators<c>.out`` at the end. Around it there are ``clk``, ``rst``, ``log_file`` and ``viol_file``.

    Parameters
    ----------
    params : PimParams
    rows : int
        Rows that are kept, the first ones; 0 for all. Others read as zero.
    """
    sizes = {"BANKS": params.banks, "LANES": params.lanes, "ROW_COLS": params.row_cols, "ROWS": params.rows}
    sizes |= {"GB_WORDS": params.gb_words, "BANK_BITS": params.bank_bits, "ROW_BITS": params.row_bits}
    sizes |= {"COL_BITS": params.col_bits, "KEPT": rows or params.rows}
    sizes |= {"ACCUMULATORS": params.accumulators, "VECTORS": params.vectors, "BUFFERS": params.buffers}
    sizes |= {"INT8": int(params.int8)}
    widths = phy_outputs(params) | {"rdata": params.word_bits, "rvalid": 1}
    texts = []
    for c in range(params.channels):
        settings = ", ".join(f".{key}({value})" for key, value in {"CHANNEL": c, **sizes}.items())
        connected = ", ".join(f".{name}(c{c}_{name})" for name in widths)
        lines = [f"  logic [{width - 1}:0] c{c}_{name};" for name, width in widths.items()]
        lines += [
            f"  pim_device #({settings}) device{c} (.clk, .rst, .log_file, .viol_file, {connected},"
            " .viol_valid(), .viol_code());",
            f'  initial begin\n    $readmemh("bank{c}.hex", device{c}.memory);',
            f'    $readmemh("buffer{c}.hex", device{c}.buffer);',
            f"    for (int i = 0; i < {params.accumulators * params.banks}; i++) device{c}.accumulator[i] = 0;\n  end",
            f'  final begin\n    $writememh("bank{c}.out", device{c}.memory);',
            f'    $writememh("buffer{c}.out", device{c}.buffer);',
            f'    $writememh("accumulators{c}.out", device{c}.accumulator);\n  end',
        ]
        texts += lines
    return "\n".join(texts)
