"""Pictures as PNG files."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["data_url", "png"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR = 0, 2


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A picture as a PNG file (ISO/IEC 15948), of bytes in grey (height, width), or in colour (height, width, 3)."""
    height, width = pixels.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 8, GREY if pixels.ndim == 2 else COLOUR, 0, 0, 0)
    lines = np.zeros((height, 1 + pixels.size // height), np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = pixels.reshape(height, -1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def data_url(pixels: NDArray[np.uint8]) -> str:
    """A picture as the address of an image on a page that needs nothing but itself."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode("ascii")
