"""Own ports of what stands in front of an engine, as the harness has them: inputs in a word, outputs in another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hdl.params.port import Port

__all__ = ["Pins"]


class Pins:
    """Ports that follow each other in a word, the first one lowest.

    Parameters
    ----------
    ports : sequence of Port
        Inputs and outputs; none where nothing stands there.
    """

    #: The harness' word, by the direction of its ports.
    WORDS: Mapping[str, str] = {"input": "front", "output": "front_says"}

    def __init__(self, ports: Sequence[Port] = ()) -> None:
        self.ports = ports

    def _places(self, direction: str) -> Iterator[tuple[Port, int]]:
        """The ports of a direction, and their lowest bits in the word."""
        at = 0
        for port in self.ports:
            if port.direction == direction:
                yield port, at
                at += port.width

    def _bits(self, direction: str) -> int:
        return sum(port.width for port in self.ports if port.direction == direction)

    @property
    def defines(self) -> dict[str, str]:
        """The macro that connects them."""
        pairs = [
            f".{port.name}({word}[{at + port.width - 1}:{at}])"
            for direction, word in self.WORDS.items()
            for port, at in self._places(direction)
        ]
        return {"FRONT": ", ".join(pairs)} if pairs else {}

    @property
    def parameters(self) -> dict[str, str]:
        """Bits of both words."""
        names = {"FRONT_BITS": "input", "FRONT_SAYS": "output"}
        return {name: str(max(1, self._bits(direction))) for name, direction in names.items()} if self.ports else {}

    @property
    def public(self) -> tuple[str, ...]:
        """Signals of the harness that Python sets, or reads."""
        return tuple(self.WORDS.values()) if self.ports else ()

    def word(self, values: Mapping[str, int]) -> int:
        """Values of inputs by name as the word; 0 of those that are not named."""
        places = {port.name: at for port, at in self._places("input")}
        return sum(int(value) << places[name] for name, value in values.items())

    def read(self, word: int) -> dict[str, int]:
        """The outputs by name."""
        return {port.name: word >> at & ((1 << port.width) - 1) for port, at in self._places("output")}
