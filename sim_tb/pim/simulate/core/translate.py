"""A small part of Python, written as C++.

What can be said in it: functions of integers and of rows of integers (``int64`` arrays of one dimension), which return
an integer or nothing; assignments, conditions, loops over ranges in steps of 1 or -1 and over tuples, calls of each
other, slices as views, ``len``, ``min`` and ``max``. Names of modules are integers, functions or modules. It means the
same in both languages, with integers of 64 bits and indices within their rows; anything else is refused with its line.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from types import FunctionType, ModuleType
from typing import Any, NoReturn

from hdl.params import ToolError

__all__ = ["Function", "source_of"]

PRELUDE = """
#include <cstdint>
#include <initializer_list>
typedef int64_t I;
struct Row {
  I *at; I many;
  I &operator[](I i) const { return at[i]; }
  Row cut(I first, I past) const { return {at + first, past - first}; }
};
static inline I div_(I a, I b) { I q = a / b; return q - (a % b != 0 && (a < 0) != (b < 0)); }
static inline I mod_(I a, I b) { I r = a % b; return r != 0 && (r < 0) != (b < 0) ? r + b : r; }
static inline I min_(I a, I b) { return a < b ? a : b; }
static inline I max_(I a, I b) { return a > b ? a : b; }
"""
BINARY = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
}
CALLED = {ast.FloorDiv: "div_", ast.Mod: "mod_"}
COMPARE = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
UNARY = {ast.USub: "-", ast.Invert: "~", ast.UAdd: "+"}


@dataclass(eq=False)
class Function:
    """A function of the small part of Python.

    Parameters
    ----------
    function : function
    rows : set of str
        Its names that are rows.
    """

    function: FunctionType
    rows: set[str] = field(default_factory=set)

    @cached_property
    def tree(self) -> ast.FunctionDef:
        """Its syntax."""
        found = ast.parse(textwrap.dedent(inspect.getsource(self.function))).body[0]
        assert isinstance(found, ast.FunctionDef)
        return found

    @property
    def name(self) -> str:
        """In C++."""
        return f"{self.function.__module__.rpartition('.')[2]}_{self.function.__name__}"

    @property
    def parameters(self) -> list[str]:
        """The names of its parameters."""
        return [each.arg for each in self.tree.args.args]

    def value(self, node: ast.expr) -> Any:
        """What a name of its module, or of another one, stands for; None if it is its own."""
        if isinstance(node, ast.Attribute):
            module = self.value(node.value)
            return getattr(module, node.attr) if isinstance(module, ModuleType) else None
        return self.function.__globals__.get(node.id) if isinstance(node, ast.Name) else None

    def calls(self) -> Iterator[tuple[FunctionType, list[ast.expr]]]:
        """Functions that it calls, with what it passes."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(found := self.value(node.func), FunctionType):
                yield found, node.args

    def find_rows(self) -> None:
        """Names that have places, or a length, or are a part of a row."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                self.rows.add(node.value.id)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
                self.rows.update(each.id for each in node.args if isinstance(each, ast.Name))
            elif isinstance(node, ast.Assign) and _is_slice(node.value):
                self.rows.update(each.id for each in node.targets if isinstance(each, ast.Name))


class Writer(ast.NodeVisitor):
    """Writes a function in C++."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.lines: list[str] = []
        self.count = 0

    def write(self) -> str:
        """The whole function."""
        function, tree = self.function, self.function.tree
        own = set(function.parameters)
        found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        for name in sorted(found - own):
            self.lines.append(f"Row {name} = {{0, 0}};" if name in function.rows else f"I {name} = 0;")
        self.block(tree.body)
        body = "\n  ".join(self.lines)
        return f"{heading(function)} {{\n  {body}\n  return 0;\n}}\n"

    def block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.visit(statement)

    def braces(self, head: str, body: list[ast.stmt]) -> None:
        self.lines.append(f"{head} {{")
        self.block(body)
        self.lines.append("}")

    def generic_visit(self, node: ast.AST) -> NoReturn:
        self.refuse(node, type(node).__name__)

    def refuse(self, node: ast.AST, what: str) -> NoReturn:
        line = self.function.function.__code__.co_firstlineno + getattr(node, "lineno", 1) - 1
        where = f"{self.function.function.__code__.co_filename}:{line}"
        raise ToolError(f"{where}: {what} is beyond what can be compiled")

    # --- statements --------------------------------------------------------------------------------------------------
    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.lines.append(f"{self.text(node.value)};")

    def visit_Pass(self, node: ast.Pass) -> None:
        pass

    def visit_Return(self, node: ast.Return) -> None:
        self.lines.append(f"return {self.text(node.value) if node.value else 0};")

    def visit_Break(self, node: ast.Break) -> None:
        self.lines.append("break;")

    def visit_Continue(self, node: ast.Continue) -> None:
        self.lines.append("continue;")

    def visit_If(self, node: ast.If) -> None:
        self.braces(f"if ({self.truth(node.test)})", node.body)
        if node.orelse:
            self.braces("else", node.orelse)

    def visit_While(self, node: ast.While) -> None:
        if node.orelse:
            self.refuse(node, "while ... else")
        self.braces(f"while ({self.truth(node.test)})", node.body)

    def visit_For(self, node: ast.For) -> None:
        if node.orelse or not isinstance(node.target, ast.Name):
            self.refuse(node, "such a loop")
        self.count += 1
        index, past = f"i{self.count}_", f"p{self.count}_"
        match node.iter:
            case ast.Tuple(elts=several):
                self.lines.append(f"for (I {index} : {{{', '.join(map(self.text, several))}}}) {{")
            case ast.Call(func=ast.Name(id="range"), args=given, keywords=[]):
                step = ast.unparse(given[2]) if len(given) > 2 else "1"
                if step not in ("1", "-1"):
                    self.refuse(node, f"a step of {step}")
                first, last = map(self.text, given[:2]) if len(given) > 1 else ("I(0)", self.text(given[0]))
                goes_on, on = ("<", "++") if step == "1" else (">", "--")
                start = f"I {index} = {first}, {past} = {last}"
                self.lines.append(f"for ({start}; {index} {goes_on} {past}; {on}{index}) {{")
            case _:
                self.refuse(node, f"a loop over {ast.unparse(node.iter)}")
        self.lines.append(f"{self.text(node.target)} = {index};")
        self.block(node.body)
        self.lines.append("}")

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.lines.append(f"{self.text(node.target)} {BINARY[type(node.op)]}= {self.text(node.value)};")

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.targets[0], ast.Tuple):
            assert isinstance(node.value, ast.Tuple)
            pairs = list(zip(node.targets[0].elts, node.value.elts, strict=True))
        else:
            pairs = [(target, node.value) for target in node.targets]
        if len(pairs) == 1:
            self.lines.append(f"{self.text(pairs[0][0])} = {self.text(pairs[0][1])};")
            return
        self.count += 1
        names = [f"t{self.count}_{number}" for number in range(len(pairs))]
        for name, (_, value) in zip(names, pairs, strict=True):
            if not isinstance(node.targets[0], ast.Tuple) and name != names[0]:
                value_text = names[0]
            else:
                value_text = self.text(value)
            kind = "Row" if _is_slice(value) else "I"
            self.lines.append(f"{kind} {name} = {value_text};")
        for name, (target, _) in zip(names, pairs, strict=True):
            self.lines.append(f"{self.text(target)} = {name};")

    # --- expressions -------------------------------------------------------------------------------------------------
    def text(self, node: ast.expr) -> str:
        """An expression in C++."""
        return str(getattr(self, f"text_{type(node).__name__}", self.generic_visit)(node))

    def truth(self, node: ast.expr) -> str:
        """An expression of which only matters whether it is zero."""
        match node:
            case ast.BoolOp(op=op, values=values):
                sign = " && " if isinstance(op, ast.And) else " || "
                return f"I({sign.join(map(self.truth, values))})"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"I(!{self.truth(operand)})"
        return self.text(node)

    def text_Constant(self, node: ast.Constant) -> str:  # noqa: N802
        return f"I({int(node.value)})"  # type: ignore[arg-type]

    def text_Name(self, node: ast.Name) -> str:  # noqa: N802
        found = self.function.value(node)
        return f"I({int(found)}LL)" if isinstance(found, int) else node.id

    def text_Attribute(self, node: ast.Attribute) -> str:  # noqa: N802
        return f"I({int(self.function.value(node))}LL)"

    def text_Subscript(self, node: ast.Subscript) -> str:  # noqa: N802
        row = self.text(node.value)
        if isinstance(node.slice, ast.Slice):
            first = self.text(node.slice.lower) if node.slice.lower else "I(0)"
            past = self.text(node.slice.upper) if node.slice.upper else f"{row}.many"
            return f"{row}.cut({first}, {past})"
        return f"{row}[{self.text(node.slice)}]"

    def text_BinOp(self, node: ast.BinOp) -> str:  # noqa: N802
        left, right = self.text(node.left), self.text(node.right)
        if type(node.op) in CALLED:
            return f"{CALLED[type(node.op)]}({left}, {right})"
        return f"({left} {BINARY[type(node.op)]} {right})"

    def text_UnaryOp(self, node: ast.UnaryOp) -> str:  # noqa: N802
        return (
            self.truth(node) if isinstance(node.op, ast.Not) else f"I({UNARY[type(node.op)]}{self.text(node.operand)})"
        )

    def text_BoolOp(self, node: ast.BoolOp) -> str:  # noqa: N802
        if not _is_truth(node):  # its value would be that of an operand
            self.refuse(node, ast.unparse(node))
        return self.truth(node)

    def text_IfExp(self, node: ast.IfExp) -> str:  # noqa: N802
        return f"({self.truth(node.test)} ? {self.text(node.body)} : {self.text(node.orelse)})"

    def text_Compare(self, node: ast.Compare) -> str:  # noqa: N802
        found, left = [], node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In):
                assert isinstance(right, ast.Tuple)
                found += [" || ".join(f"{self.text(left)} == {self.text(each)}" for each in right.elts)]
            else:
                found.append(f"{self.text(left)} {COMPARE[type(op)]} {self.text(right)}")
            left = right
        return "I(" + " && ".join(f"({each})" for each in found) + ")"

    def text_Call(self, node: ast.Call) -> str:  # noqa: N802
        given = [self.text(each) for each in node.args]
        if isinstance(node.func, ast.Name) and node.func.id == "len":
            return f"{given[0]}.many"
        if isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
            found = given.pop()
            while given:
                found = f"{node.func.id}_({given.pop()}, {found})"
            return found
        called = self.function.value(node.func)
        if not isinstance(called, FunctionType) or len(Function(called).parameters) != len(given):
            self.refuse(node, ast.unparse(node))
        return f"{Function(called).name}({', '.join(given)})"


def _is_slice(node: ast.expr) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)


def _is_truth(node: ast.expr) -> bool:
    """Its value is 0 or 1, which it is in both languages."""
    match node:
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp(op=ast.And(), values=[*_, last]):  # an operand before it is its value only where that is 0
            return _is_truth(last)
        case ast.BoolOp(values=values):
            return all(map(_is_truth, values))
    return False


def heading(function: Function) -> str:
    """The head of a function in C++."""
    given = ", ".join(f"{'Row' if name in function.rows else 'I'} {name}" for name in function.parameters)
    return f"static I {function.name}({given})"


def reached(entries: list[FunctionType]) -> list[Function]:
    """Functions, and all that they call, with the names in them that are rows."""
    found: dict[FunctionType, Function] = {}
    left = list(entries)
    while left:
        if (each := left.pop()) not in found:
            found[each] = Function(each)
            found[each].find_rows()
            left += [called for called, _ in found[each].calls()]
    changed = True
    while changed:  # whatever is passed on as a row is one, and remains one
        changed = False
        for function in found.values():
            for called, given in function.calls():
                other = found[called]
                for name, node in zip(other.parameters, given, strict=False):
                    if isinstance(node, ast.Name) and (name in other.rows) != (node.id in function.rows):
                        function.rows.add(node.id)
                        other.rows.add(name)
                        changed = True
    return list(found.values())


def source_of(entries: list[FunctionType]) -> str:
    """Functions, and all that they call, in C++; an entry takes its arguments from a row, of rows place and length."""
    functions = reached(entries)
    parts = [PRELUDE, *(f"{heading(each)};" for each in functions), *(Writer(each).write() for each in functions)]
    for function in functions:
        if function.function not in entries:
            continue
        place, given = 0, []
        for name in function.parameters:
            row = name in function.rows
            given.append(f"Row{{(I *)a[{place}], a[{place + 1}]}}" if row else f"a[{place}]")
            place += 1 + row
        parts.append(f'extern "C" I call_{function.name}(I *a) {{ return {function.name}({", ".join(given)}); }}')
    return "\n".join(parts) + "\n"
