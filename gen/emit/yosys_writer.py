"""RTLIL to Verilog, in a process of its own: Yosys prints to the standard output of its process."""

from __future__ import annotations

from pyosys import libyosys as ys

#: Initial values go: the hardware is defined by its reset. A choice among many is a tree of multiplexers: as a case of
#: overlapping patterns it would be right only because one is true at a time, which no other tool can know. What is
#: computed twice is written once.
BEFORE = (
    *("proc", "opt_clean", "opt_dff -simple-dffe -nosdff", "setattr -unset init", "wreduce"),
    *("pmuxtree", "opt_expr", "opt_merge", "opt_clean -purge"),
)
AFTER = ("opt_clean -purge", "check -assert")


def main(source: str, target: str) -> None:
    """Read RTLIL, write Verilog; both file names go into commands of Yosys as they are."""
    design = ys.Design()
    ys.run_pass(f"read_rtlil {source}", design)
    for command in BEFORE:
        ys.run_pass(command, design)
    for module in design.all_selected_modules():
        for cell in module.selected_cells():
            _match_widths(cell)
    for command in AFTER:
        ys.run_pass(command, design)
    ys.run_pass(f"write_verilog -noattr {target}", design)


#: Operators whose operands Verilog extends to the width of the result, or to each other's, without saying so.
TO_RESULT = ("$add", "$sub", "$and", "$or", "$xor", "$xnor", "$not")
TO_EACH_OTHER = ("$eq", "$ne", "$lt", "$le", "$ge", "$gt")


def _match_widths(cell: ys.Cell) -> None:
    """Extend operands explicitly, so that the Verilog holds no implicit extension."""
    kind = cell.type.str()
    if kind == "$logic_not":
        _compare_with_zero(cell)
        return
    if kind not in TO_RESULT + TO_EACH_OTHER:
        return
    operands = {name: cell.getPort(ys.IdString(f"\\{name}")) for name in ("A" if kind == "$not" else "AB")}
    widths = [operand.size() for operand in operands.values()]
    width = cell.getPort(ys.IdString("\\Y")).size() if kind in TO_RESULT else max(widths)
    for name, operand in operands.items():
        signed = cell.getParam(ys.IdString(f"\\{name}_SIGNED")).as_bool()
        operand.extend_u0(width, signed)
        cell.setPort(ys.IdString(f"\\{name}"), operand)
        cell.setParam(ys.IdString(f"\\{name}_WIDTH"), ys.Const(width, 32))


def _compare_with_zero(cell: ys.Cell) -> None:
    """A word that is negated as a whole is compared with zero: so it reads, and so it keeps its width."""
    width = cell.getPort(ys.IdString("\\A")).size()
    cell.type = ys.IdString("$eq")
    cell.setPort(ys.IdString("\\B"), ys.SigSpec(ys.Const(0, width)))
    cell.setParam(ys.IdString("\\B_SIGNED"), ys.Const(0, 1))
    cell.setParam(ys.IdString("\\A_SIGNED"), ys.Const(0, 1))
    cell.setParam(ys.IdString("\\B_WIDTH"), ys.Const(width, 32))
