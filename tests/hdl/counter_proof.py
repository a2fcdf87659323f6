"""A proof that counters in emitted Verilog count, at their full width: no simulation lasts until their last carry."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from hdl.params import CheckFailed, ToolError
from synth_scripts.work import yosys

__all__ = ["counters", "counts"]

_NAME = re.compile(r"^module (\w+_count_(up|down)_(\d+)) ?\(", re.MULTILINE)
_PART = re.compile(r"^  reg (?:\[(\d+):0\] )?part(\d+);", re.MULTILINE)


def counters(text: str) -> list[str]:
    """The modules of counters."""
    return [found[1] for found in _NAME.finditer(text)]


def counts(text: str, module: str) -> bool:
    """Whether a counter's value is that of a plain number, from a reset on and for ever, whatever is done to it.

    By induction over one step: the value is right, and so is what each part says of passing the next step on.

    Parameters
    ----------
    text : str
        Verilog with the module in it.
    module : str
        One of :func:`counters`.
    """
    body = re.search(rf"^module {module} ?\(.*?^endmodule$", text, re.DOTALL | re.MULTILINE)
    kind = _NAME.match(body[0]) if body else None
    assert body is not None
    assert kind is not None
    down, bits = kind[2] == "down", int(kind[3])
    parts = sorted((int(first), int(high or 0) + 1) for high, first in _PART.findall(body[0]))
    assert sum(width for _, width in parts) == bits
    wants = [f"{'~|' if down else '&'}plain[{first + width - 1}:{first}]" for first, width in parts]
    properties = f"""module properties(input clk, rst, step, set, input [{bits - 1}:0] to);
  reg [{bits - 1}:0] plain;
  wire [{bits - 1}:0] value;
  {module} dut(.clk(clk), .rst(rst), .step(step), .set(set), .value(value){", .to(to)" if down else ""});
  always @(posedge clk) plain <= rst ? 0 : set ? {"to" if down else 0} : plain {"-" if down else "+"} step;
  wire [{len(parts) - 1}:0] passes = {{{", ".join(reversed(wants))}}};
endmodule
"""
    proofs = ["-prove value plain"]
    proofs += [f"-prove dut.passes{first} passes[{i}]" for i, (first, _) in enumerate(parts[:-1])]
    solve = f"sat -tempinduct -seq 1 -set-at 1 rst 1 -set-def-inputs -maxsteps 4 -verify {' '.join(proofs)} properties"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "counter.v").write_text(body[0], encoding="utf-8")
        (place / "properties.v").write_text(properties, encoding="utf-8")
        script = ["read_verilog counter.v properties.v", "hierarchy -top properties", "proc", "flatten"]
        try:
            yosys.run([*script, "async2sync", solve], place, "proof")
        except (ToolError, CheckFailed):
            return False
    return True
