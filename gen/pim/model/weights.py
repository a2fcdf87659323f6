"""A model's weights: safetensors files, one or many, as the tensors of its decoder in bf16."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gen.pim.model.decoder import Decoder
from gen.pim.model.layouts import LAYOUTS, Layout, Piece
from hdl.params import ConfigError, Problem, ToolError

__all__ = ["Checkpoint", "to_bf16"]

Elements = npt.NDArray[np.uint16]

#: Numbers that a weight may be stored as.
_KINDS = {"BF16": "<u2", "F16": "<f2", "F32": "<f4", "F64": "<f8"}
_INDEX, _SINGLE = "model.safetensors.index.json", "model.safetensors"
#: What other files begin with that are given the name of a safetensors file.
_FOREIGN = {
    b"GGUF": "a GGUF file",
    b"PK": "a file of PyTorch",
    b"version https://git-lfs": "a pointer of Git LFS, whose file was not fetched (git lfs pull)",
    b"<": "a page of the web",
}
#: Problems of one kind that are listed; of more, the number.
_LISTED = 8


@dataclass(frozen=True)
class _Stored:
    """A tensor of a checkpoint: its file, kind, shape, and where its first byte is."""

    path: Path
    kind: str
    shape: tuple[int, ...]
    at: int

    def read(self) -> npt.NDArray[Any]:
        """Its numbers, from the disk as they are asked for."""
        kind: np.dtype[Any] = np.dtype(_KINDS[self.kind])
        return np.memmap(self.path, kind, "r", self.at, self.shape)


class Checkpoint(Mapping[str, Elements]):
    """The weights of a decoder by the names of :meth:`Decoder.tensors`, each a uint16 array of bf16 numbers' bits.

    Only headers are read at first, and every tensor's shape is compared; numbers are read, transposed, taken out of
    fused matrices and rounded to bf16 (nearest, ties to even) when they are asked for. All have to be finite then, as
    bf16 too: a single one that is not makes NaN of every logit.

    Parameters
    ----------
    path : Path
        The model's folder, or its one safetensors file.
    decoder : Decoder

    Raises
    ------
    ConfigError
        With every file that is missing, truncated or none, and every tensor that is missing, unknown, in two files, of
        a wrong shape or of a kind that isn't a plain floating-point number; and, when a tensor is asked for, if a
        number of it is infinite or NaN.
    """

    def __init__(self, path: str | Path, decoder: Decoder) -> None:
        self.decoder = decoder
        path = Path(path)
        files = _files(path) if path.is_dir() else [path]
        self._stored: dict[str, _Stored] = {}
        problems: list[Problem] = []
        for file in files:
            try:
                for name, stored in _tensors(file):
                    other = self._stored.setdefault(name, stored)
                    if other is not stored:
                        problems.append(Problem(f"{file}: {name}", f"is in {other.path.name}, too"))
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(problems)
        self._pieces = self._find(str(files[0] if len(files) == 1 else path))

    def __getitem__(self, name: str) -> Elements:
        piece = self._pieces[name]
        values = self._stored[piece.name].read()
        if piece.start is not None:
            values = (
                values[piece.start : piece.stop] if self._outputs_first(piece) else values[:, piece.start : piece.stop]
            )
        found = to_bf16(values.T if piece.transposed else values)
        if (found & 0x7F80 == 0x7F80).any():
            raise self._infinite(piece.name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._pieces)

    def __len__(self) -> int:
        return len(self._pieces)

    def _infinite(self, name: str) -> ConfigError:
        """What is said of a stored tensor with numbers that are no bf16 numbers."""
        stored = self._stored[name]
        bad = np.argwhere(to_bf16(stored.read()) & 0x7F80 == 0x7F80)
        place = ", ".join(map(str, bad[0]))
        message = f"{len(bad):,} of its numbers are infinite or NaN as bf16, the first one at [{place}]"
        return ConfigError([Problem(f"{stored.path}: {name}", message, "did its training fail?")])

    def _outputs_first(self, piece: Piece) -> bool:
        return piece.transposed or len(self._stored[piece.name].shape) == 1

    def _find(self, where: str) -> dict[str, Piece]:
        """Where every tensor of the decoder is, in the layout that has most of them."""
        tried = [
            (layout, dict(layout.pieces(self.decoder, prefix)))
            for layout in LAYOUTS[self.decoder.family]
            for prefix in layout.prefixes
        ]
        layout, pieces = max(tried, key=lambda each: sum(piece.name in self._stored for piece in each[1].values()))
        shapes = self.decoder.tensors()
        missing, wrong = [], []
        for name, piece in pieces.items():
            stored = self._stored.get(piece.name)
            if stored is None:
                missing.append(piece.name)
            elif problem := self._mismatch(stored, piece, shapes[name]):
                wrong.append(Problem(piece.name, problem))
        problems = [Problem(name, "is missing") for name in dict.fromkeys(missing)]
        wrong = list(dict.fromkeys(wrong))
        problems = [*_some(problems, "tensors are missing"), *_some(wrong, "tensors don't fit")]
        problems += _some(list(self._unknown(layout, pieces)), "tensors are not of this decoder")
        if problems:
            raise ConfigError(problems, where)
        return pieces

    @staticmethod
    def _mismatch(stored: _Stored, piece: Piece, shape: tuple[int, ...]) -> str:
        """What is wrong with a stored tensor, or nothing."""
        if stored.kind not in _KINDS:
            return (
                f"holds {stored.kind}, and only {', '.join(_KINDS)} are read: quantised checkpoints are not supported"
            )
        expected = (*shape[:-1], piece.total or shape[-1])
        if piece.transposed:
            expected = expected[::-1]
        return "" if stored.shape == expected else f"must have the shape {expected}, not {stored.shape}"

    def _unknown(self, layout: Layout, pieces: Mapping[str, Piece]) -> Iterator[Problem]:
        """Tensors that the decoder has no place for: it isn't the decoder that the configuration describes."""
        used = {piece.name for piece in pieces.values()}
        tied = f"{layout.ends['output']}.weight" if self.decoder.tied else None
        for name in self._stored:
            if name not in used and name != tied and not name.endswith(layout.ignored):
                yield Problem(name, "is no tensor of this decoder")


def _some(problems: list[Problem], what: str) -> list[Problem]:
    """The first few problems, and how many there are."""
    if len(problems) <= _LISTED:
        return problems
    return [*problems[:_LISTED], Problem("", f"{len(problems) - _LISTED} further {what}")]


def _files(folder: Path) -> list[Path]:
    """The safetensors files of a model's folder."""
    index, single = folder / _INDEX, folder / _SINGLE
    if index.exists():
        return _shards(index)
    if single.exists():
        return [single]
    found = sorted(folder.glob("*.safetensors"))
    if len(found) == 1:
        return found
    raise ConfigError([Problem(str(folder), f"holds neither {_SINGLE} nor {_INDEX}", other_files(folder))])


def other_files(folder: Path) -> str:
    """What is said of weights in a folder that are not read; nothing if there are none."""
    others = sorted({path.suffix for path in folder.glob("*") if path.suffix in (".gguf", ".bin", ".pt", ".pth")})
    return f"{' and '.join(others)} files are not read: take the checkpoint in safetensors" if others else ""


def _shards(index: Path) -> list[Path]:
    """The files that an index names."""
    try:
        table = json.loads(index.read_text("utf-8"))["weight_map"]
        names = sorted(set(table.values()))
        bad = [name for name in names if not isinstance(name, str) or Path(name).name != name]
    except OSError as error:
        raise ConfigError([Problem(str(index), f"can't be read ({error.strerror or error})")]) from None
    except (ValueError, LookupError, TypeError, AttributeError):
        message = "must be JSON with a table 'weight_map' of the file of each tensor"
        raise ConfigError([Problem(str(index), message)]) from None
    if bad:
        raise ConfigError([Problem(str(index), f"names {bad[0]!r}, which is no file beside it")])
    missing = [name for name in names if not (index.parent / name).exists()]
    if missing:
        raise ConfigError([Problem(str(index.parent / name), "is missing: the index names it") for name in missing])
    return [index.parent / name for name in names]


def _tensors(path: Path) -> Iterator[tuple[str, _Stored]]:
    """The tensors of a file. The package has read and checked the header; their bytes lie in the order of offsets."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise ToolError("weights are read by the package safetensors: pip install 'bitloom[models]'") from None
    try:
        with safe_open(path, "np") as file:
            with path.open("rb") as raw:
                at = 8 + int.from_bytes(raw.read(8), "little")
            for name in file.offset_keys():
                view = file.get_slice(name)
                kind, shape = view.get_dtype(), tuple(view.get_shape())
                yield name, _Stored(path, kind, shape, at)
                at += prod(shape) * _bytes(kind)
    except SafetensorError as error:
        with path.open("rb") as raw:
            begins = raw.read(len(max(_FOREIGN, key=len)))
        what = next((text for first, text in _FOREIGN.items() if begins.startswith(first)), "")
        message = f"is {what}, and no safetensors file" if what else f"is no whole safetensors file ({error})"
        raise ConfigError([Problem(str(path), message, "" if what else "was its download cut short?")]) from None
    except OSError as error:
        raise ConfigError([Problem(str(path), f"can't be read ({error.strerror or error})")]) from None


def _bytes(kind: str) -> int:
    """Bytes of an element, by the digits of its kind's name."""
    digits = "".join(char for char in kind.split("_")[0] if char.isdigit())
    return max(1, int(digits or 8) // 8)


def to_bf16(values: npt.NDArray[Any]) -> Elements:
    """Numbers rounded to bf16, nearest and ties to even, as bits; bf16's own bits stay.

    Numbers below the least normal one become zeros of their sign, and every NaN is 0x7FC0, as the hardware has them.
    """
    if values.dtype == np.uint16:
        bits = np.ascontiguousarray(values).astype(np.uint16)
    else:
        # Twice rounded would be wrong: float64 goes to float32 by rounding to odd.
        single = values.astype(np.float32) if values.dtype != np.float64 else _to_odd(values)
        wide = np.ascontiguousarray(single).view(np.uint32)
        bits = ((wide + np.uint32(0x7FFF) + (wide >> 16 & 1)) >> 16).astype(np.uint16)
        bits = np.where(np.isnan(single), np.uint16(0x7FC0), bits)
    exponent, fraction = bits >> 7 & 0xFF, bits & 0x7F
    bits = np.where(exponent == 0, bits & 0x8000, bits)
    return np.where((exponent == 0xFF) & (fraction != 0), 0x7FC0, bits).astype(np.uint16)


def _to_odd(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Double precision to single, towards zero, with the last bit set where anything is lost."""
    exact = np.ascontiguousarray(values).astype(np.float64)
    with np.errstate(over="ignore"):
        near = exact.astype(np.float32)
    bits = near.view(np.uint32).copy()
    lost = np.isfinite(near) & (near.astype(np.float64) != exact)
    away = lost & (np.abs(near.astype(np.float64)) > np.abs(exact))
    bits[away] -= 1
    bits[lost] |= 1
    return bits.view(np.float32)
