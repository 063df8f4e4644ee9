"""How do frames and what is known of them stand in a file? As pcapng: written little endian, read in either order.

Blocks: a section header names hardware and program, an interface description each card, an enhanced packet each frame
with its direction and comments. Times count nanoseconds from 1970. The format is draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct, error, unpack_from
from typing import BinaryIO, NamedTuple

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER_MAGIC = 0x1A2B3C4D
_ETHERNET = 1
_END, _COMMENT, _FLAGS, _DROPPED = 0, 1, 2, 4
_HARDWARE, _PROGRAM = 2, 4
_NAME, _DESCRIPTION, _RESOLUTION = 2, 3, 9
_NANOSECONDS, _MICROSECONDS = 9, 6
INBOUND, OUTBOUND = 1, 2
_OPTION_MOST_BYTES = 65_532
_BLOCK_MOST_BYTES = 1 << 24
_BLOCK, _OPTION, _HEAD = Struct("<II"), Struct("<HH"), Struct("<IIIII")


class CaptureError(Exception):
    """A capture file cannot be written or read; the message is one sentence for the user."""


class Interface(NamedTuple):
    """A card, as a capture names it."""

    name: str
    description: str


class Packet(NamedTuple):
    """A frame of a capture; `direction` is INBOUND, OUTBOUND or 0 where the file does not say."""

    interface: str
    at_ns: int
    frame: bytes
    direction: int
    comments: tuple[str, ...]


def section(hardware: str, program: str, interfaces: Iterable[Interface]) -> bytes:
    """What a file begins with; packets name the interfaces by their number."""
    body = Struct("<IHHq").pack(_BYTE_ORDER_MAGIC, 1, 0, -1)
    parts = [_block(_SECTION, body + _options((_HARDWARE, hardware.encode()), (_PROGRAM, program.encode())))]
    for one in interfaces:
        options = (_NAME, one.name.encode()), (_DESCRIPTION, one.description.encode()), (_RESOLUTION, b"\x09")
        parts.append(_block(_INTERFACE, Struct("<HHI").pack(_ETHERNET, 0, 0) + _options(*options)))
    return b"".join(parts)


def packet(
    number: int, at_ns: int, frame: bytes, direction: int, comments: Iterable[str] = (), dropped: int = 0
) -> bytes:
    """A frame of interface `number`; `dropped` counts frames lost to the file since the packet before."""
    head = _HEAD.pack(number, at_ns >> 32 & 0xFFFF_FFFF, at_ns & 0xFFFF_FFFF, len(frame), len(frame))
    options = [(_COMMENT, comment.encode()) for comment in comments] + [(_FLAGS, direction.to_bytes(4, "little"))]
    if dropped:
        options.append((_DROPPED, dropped.to_bytes(8, "little")))
    return _block(_PACKET, head + _padded(frame) + _options(*options))


def read(file: BinaryIO) -> Iterator[Packet]:
    """The packets of a file; one that still grows ends at its last whole block. CaptureError if it is no pcapng."""
    order = ""
    interfaces: list[tuple[str, float]] = []
    while len(head := file.read(8)) == 8:
        if head[:4] == _SECTION.to_bytes(4, "big"):  # the number reads the same both ways
            magic = file.read(4)
            order = "<" if magic == _BYTE_ORDER_MAGIC.to_bytes(4, "little") else ">"
            if order == ">" and magic != _BYTE_ORDER_MAGIC.to_bytes(4, "big"):
                raise CaptureError("this is no pcapng file")
            interfaces = []
        elif not order:
            raise CaptureError("this is no pcapng file")
        kind, length = unpack_from(order + "II", head)
        taken = 12 if kind == _SECTION else 8
        if not taken + 4 <= length <= _BLOCK_MOST_BYTES:
            raise CaptureError(f"the pcapng file is damaged: a block of {length} bytes")
        body = file.read(length - taken)
        if len(body) < length - taken:
            return
        try:
            if kind == _INTERFACE:
                interfaces.append(_read_interface(order, body))
            elif kind == _PACKET:
                yield _read_packet(order, body, interfaces)
        except (error, IndexError) as spoilt:
            raise CaptureError(f"the pcapng file is damaged: {spoilt}") from spoilt


def _read_interface(order: str, body: bytes) -> tuple[str, float]:
    """Its name, and how many nanoseconds its clock's unit is."""
    name, resolution = "", _MICROSECONDS
    for code, value in _read_options(order, body, 8):
        if code == _NAME:
            name = value.decode(errors="replace")
        elif code == _RESOLUTION and value:
            resolution = value[0]
    ticks = 2.0 ** (resolution & 0x7F) if resolution & 0x80 else 10.0**resolution
    return name, 1e9 / ticks


def _read_packet(order: str, body: bytes, interfaces: list[tuple[str, float]]) -> Packet:
    number, high, low, length, _ = unpack_from(order + "IIIII", body)
    end = _HEAD.size + length
    if end > len(body):
        raise IndexError("a packet that is longer than its block")
    direction, comments = 0, []
    for code, value in _read_options(order, body, end + -length % 4):
        if code == _COMMENT:
            comments.append(value.decode(errors="replace"))
        elif code == _FLAGS and len(value) == 4:
            direction = int(unpack_from(order + "I", value)[0]) & 3
    name, unit_ns = interfaces[number]
    ticks = high << 32 | low
    at_ns = ticks * int(unit_ns) if unit_ns >= 1 else int(ticks * unit_ns)
    return Packet(name, at_ns, body[_HEAD.size : end], direction, tuple(comments))


def _read_options(order: str, body: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(body) - 4:  # the block's length stands behind once more
        code, length = unpack_from(order + "HH", body, at)
        if code == _END:
            return
        yield code, body[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4


def _block(kind: int, body: bytes) -> bytes:
    length = len(body) + 12
    return _BLOCK.pack(kind, length) + body + length.to_bytes(4, "little")


def _options(*options: tuple[int, bytes]) -> bytes:
    kept = [(code, value[:_OPTION_MOST_BYTES]) for code, value in options]
    return b"".join(_OPTION.pack(code, len(value)) + _padded(value) for code, value in kept) + bytes(4)


def _padded(data: bytes) -> bytes:
    """Filled up to a multiple of four."""
    return data + bytes(-len(data) % 4)
