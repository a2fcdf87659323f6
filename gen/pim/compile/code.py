"""A list of instructions in the making, with loops whose addresses move."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from hdl.params.pim import Instruction, PimParams, instruction
from hdl.params.pim.encoding import advance_bit

__all__ = ["Code", "Loop", "Pieces"]

#: Pieces of code by what they depend on: labelled instructions, and the places of those with operands of their own.
Pieces = dict[Hashable, tuple[list[tuple[Instruction, str]], list[int]]]


@dataclass(frozen=True)
class Loop:
    """An open loop: its level, or None where it runs once and is no loop at all."""

    level: int | None


class Code:
    """Collects instructions.

    Parameters
    ----------
    params : PimParams
    pieces : Pieces, optional
        What other lists were made of, and this one may be: it grows.

    Attributes
    ----------
    labelled : list of (Instruction, str)
        With each instruction what it is for: a key of :data:`gen.pim.compile.operations.OPERATIONS`.
    """

    def __init__(self, params: PimParams, pieces: Pieces | None = None) -> None:
        self.params = params
        self._pieces = {} if pieces is None else pieces
        self.labelled: list[tuple[Instruction, str]] = []
        self._operation = "control"
        self._depth = 0

    @property
    def everyone(self) -> int:
        """The mask of all channels."""
        return (1 << self.params.channels) - 1

    def add(
        self,
        name: str,
        *flags: str,
        at: int | None = None,
        move: Mapping[str, Sequence[Loop]] | None = None,
        **values: int,
    ) -> None:
        """Append an instruction.

        Parameters
        ----------
        name : str
        *flags : str
        at : int, optional
            Column of a bank, in place of ``row`` and ``col``.
        move : mapping, optional
            The loops that each address moves with; ``row`` moves row and column.
        **values : int
            Operands.
        """
        if at is not None:
            values["row"], values["col"] = divmod(at, self.params.row_cols)
        advance = 0
        for address, loops in (move or {}).items():
            for loop in loops:
                if loop.level is not None:
                    advance |= 1 << advance_bit(address, loop.level)
        self._append(instruction(name, *flags, advance=advance, **values))

    def _append(self, one: Instruction) -> None:
        self.labelled.append((one, self._operation))

    @contextmanager
    def of(self, operation: str) -> Iterator[None]:
        """What is added inside is for this operation, unless it says otherwise itself."""
        before, self._operation = self._operation, operation
        try:
            yield
        finally:
            self._operation = before

    def piece(self, key: Hashable, emit: Callable[[], None], **own: int) -> None:
        """Append what a function emits outside of loops, or what it has emitted before for the same key.

        Parameters
        ----------
        key : hashable
            All that the piece depends on.
        emit : function
        **own : int
            Operands of instructions that have them, whatever the key.
        """
        found = self._pieces.get(key)
        if found is None:
            begin = len(self.labelled)
            emit()
            piece = self.labelled[begin:]
            places = [place for place, (one, _) in enumerate(piece) if not own.keys().isdisjoint(one.values)]
            self._pieces[key] = piece, places
            return
        begin = len(self.labelled)
        self.labelled += found[0]
        for place in found[1]:
            one, operation = found[0][place]
            self.labelled[begin + place] = replace(one, values={**one.values, **own}), operation

    def add_unit(
        self, name: str, unit: int, at: int, move: Mapping[str, Sequence[Loop]] | None = None, **values: int
    ) -> None:
        """Append an instruction for columns of the bank of one unit."""
        channel, bank = divmod(unit, self.params.banks)
        self.add(name, at=at, move=move, mask=1 << channel, bank=bank, **values)

    @contextmanager
    def loop(self, count: int, *, columns: int = 0, **steps: int) -> Iterator[Loop]:
        """Repeat what is added inside, moving by so many columns, and by words of ``a``, ``b`` and ``d``."""
        if count == 1:
            yield Loop(None)
            return
        row, col = divmod(columns, self.params.row_cols)
        self._append(instruction("LOOP", n=count, row=row, col=col, **steps))
        self._depth += 1
        yield Loop(self._depth - 1)
        self._depth -= 1
        self._append(instruction("ENDL"))

    @contextmanager
    def rows(self, count: int, rows: int) -> Iterator[None]:
        """Repeat what is added inside, all of it so many rows further each time; around all other loops."""
        if count == 1:
            yield
            return
        self._append(instruction("LOOP", "rows", n=count, row=rows))
        yield
        self._append(instruction("ENDL"))
