"""A screenshot in 256 colours: a third of the bytes, and nobody sees the difference in flat areas and letters."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256
_RGB, _PALETTE = 2, 3


def reduce_colours(png: bytes) -> bytes:
    """The picture with its 256 most frequent colours, every other one replaced by the nearest of these; for 8-bit RGB alone."""
    found = list(_chunks(png))
    width, height, depth, kind = struct.unpack(">IIBB", found[0][1][:10])
    if (depth, kind) != (8, _RGB):
        raise ValueError(f"expected a PNG of 8-bit RGB, got depth {depth} and kind {kind}")
    packed = zlib.decompress(b"".join(body for name, body in found if name == b"IDAT"))
    pixels = [row[place : place + 3] for row in _rows(packed, width * 3) for place in range(0, width * 3, 3)]
    counted = Counter(pixels)
    palette = [colour for colour, _ in counted.most_common(_COLOURS)]
    number = {colour: _nearest(colour, palette) for colour in counted}
    lines = (bytes([0, *(number[pixel] for pixel in pixels[row * width : (row + 1) * width])]) for row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, _PALETTE, 0, 0, 0)
    body = zlib.compress(b"".join(lines), 9)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"PLTE", b"".join(palette)) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _rows(packed: bytes, width: int) -> Iterator[bytes]:
    """The rows as they were before they were filtered, as PNG's specification says."""
    above = bytes(width)
    for start in range(0, len(packed), width + 1):
        above = _unfiltered(packed[start], packed[start + 1 : start + 1 + width], above)
        yield above


def _unfiltered(kind: int, line: bytes, above: bytes) -> bytes:
    row = bytearray(line)
    for place, value in enumerate(line):
        left = row[place - 3] if place >= 3 else 0
        corner = above[place - 3] if place >= 3 else 0
        row[place] = (value + _predicted(kind, left, above[place], corner)) & 255
    return bytes(row)


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda near: abs(guess - near))
    return (0, left, up, (left + up) // 2)[kind]


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    return min(range(len(palette)), key=lambda place: sum((a - b) ** 2 for a, b in zip(colour, palette[place], strict=True)))
