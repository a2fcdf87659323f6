"""Names that every tool reads: what a cell or pin is called in netlists, where its own name won't do."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from synth_scripts.liberty import Group

__all__ = ["pin_names", "safe_name"]

_WORDS = """
always and assign automatic begin bit buf bufif0 bufif1 byte case casex casez cell cmos config const deassign
default defparam design disable do edge else end endcase endconfig endfunction endgenerate endmodule
endprimitive endspecify endtable endtask enum event final for force forever fork function generate genvar global
highz0 highz1 if ifnone import incdir include initial inout input instance int integer interface join large
liblist library localparam logic longint macromodule medium modport module nand negedge nmos nor noshowcancelled
not notif0 notif1 or output package parameter pmos posedge priority primitive property pull0 pull1 pulldown
pullup pulsestyle_ondetect pulsestyle_onevent rcmos real realtime ref reg release repeat return rnmos rpmos
rtran rtranif0 rtranif1 scalared sequence shortint showcancelled signed small specify specparam static string
strong0 strong1 struct supply0 supply1 table task this time tran tranif0 tranif1 tri tri0 tri1 triand trior
trireg type typedef union unique unsigned use var vectored virtual void wait wand weak0 weak1 while wire with
wor xnor xor
"""
#: Words that Verilog and SystemVerilog keep for themselves.
_KEYWORDS = frozenset(_WORDS.split())


def safe_name(name: str, taken: Collection[str] = ()) -> str:
    """The name itself where all tools read it as it stands, else one like it that is not taken."""
    if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and name not in _KEYWORDS:
        return name
    base = re.sub(r"\W", "_", name, flags=re.ASCII)
    base = base if re.match(r"[A-Za-z_]", base) and base not in _KEYWORDS else f"n_{base}"
    made, again = base, 2
    while made in taken:
        made, again = f"{base}_{again}", again + 1
    return made


def pin_names(group: Group) -> dict[str, str]:
    """The names that the pins of a cell get, by those in the file."""
    return _safe_names([name for pin in group.all("pin") for name in pin.args])


def _safe_names(originals: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    plain = set(originals)
    for name in originals:
        if name not in found:
            found[name] = safe_name(name, plain | set(found.values()))
    return found
