"""What do parsers take, what do they say of bytes that are no packet? `Octets` in; a shape or a `ParseError` out."""

from __future__ import annotations

Octets = bytes | bytearray | memoryview


class ParseError(ValueError):
    """These bytes are not what they claim to be; `str()` says in which way. Parsers raise nothing else."""


def need(data: Octets, length: int, what: str) -> None:
    """Raise ParseError unless `data` holds at least `length` bytes."""
    if len(data) < length:
        raise ParseError(f"{what} needs {length} bytes, {len(data)} are there")
