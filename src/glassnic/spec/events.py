"""What can happen? Each event the card records: its number, what its three columns mean, the sentence it becomes, the section.

The card appends rows `(event, a, b, c)` while it acts; words are made from them elsewhere, later. `sentence` is a template
over the column names, and over the two numbers that a column of PACKED holds. An event with a severity is a finding: it
tells of a request the manual does not allow or define.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from glassnic.spec.findings import ERROR, WARNING


class Event(NamedTuple):
    """One kind of row in the recorder."""

    number: int
    name: str
    columns: tuple[str, str, str]
    sentence: str
    section: str
    severity: str = ""
    """Of what is a finding: ERROR or WARNING (`findings.py`)."""

    @property
    def finding(self) -> bool:
        return bool(self.severity)


# Numbers are constants so that jitted code can use them. Append only: files keep them.
TURN = 1
RESET = 2
LINK = 3
REGISTER_UNKNOWN = 4
DMA_REFUSED = 5
RING_MISLAID = 6
HEAD_MOVED = 7
TX_CONTEXT = 10
TX_DESCRIPTOR = 11
TX_FRAME = 12
TX_SUM = 14
TX_TAG = 15
TX_PAD = 16
TX_PROTOTYPE = 17
TX_RING_ODD = 20
TX_RING_OUTSIDE = 21
TX_BUFFER_OUTSIDE = 22
TX_RESERVED = 23
TX_CONTEXT_INSIDE = 24
TX_MIXED = 25
TX_TSE_MIXED = 26
TX_EMPTY = 27
TX_RUNT = 28
TX_TOO_LONG = 29
TX_SUM_OUTSIDE = 30
TX_SEGMENTATION_IMPOSSIBLE = 31
TX_PAYLEN_UNMET = 32
TX_PAYLEN_EXCEEDED = 33
TX_HEADER_SHORT = 34
TX_BAD_FCS = 35
TX_UNLOADED = 36
TX_WRITE_BACK_OUTSIDE = 37
TX_HEADER_FIELD_OUTSIDE = 38
RX_FRAME = 50
RX_DESCRIPTOR = 51
RX_FILTERED = 52
RX_NO_BUFFER = 53
RX_MISSED = 54
RX_BAD = 55
RX_PAUSE = 56
RX_SIZE_RESERVED = 57
RX_WAITS = 58
RX_CUT = 59
RX_RING_OUTSIDE = 60
RX_BUFFER_OUTSIDE = 61
RX_DISABLED = 62
RX_RING_ODD = 63

EVENTS: tuple[Event, ...] = (
    Event(TURN, "TURN", ("now_ns", "tdh", "tdt"), "a turn begins at {now_ns} ns: TDH {tdh}, TDT {tdt}", "3.4"),
    Event(RESET, "RESET", ("cause", "b", "c"), "the card is reset (cause {cause})", "14.7"),
    Event(LINK, "LINK", ("up", "speed_mbps", "full_duplex"), "link {up}, {speed_mbps} Mbit/s", "8.6"),
    Event(
        REGISTER_UNKNOWN,
        "REGISTER_UNKNOWN",
        ("offset", "write", "value"),
        "an access to {offset:#x}, where there is no register",
        "13.1",
        WARNING,
    ),
    Event(
        DMA_REFUSED,
        "DMA_REFUSED",
        ("tdh", "rdh", "c"),
        "there is work in a ring, but bus mastering is off in the PCI command register",
        "4.1",
        WARNING,
    ),
    Event(RING_MISLAID, "RING_MISLAID", ("offset", "written", "kept"), "{written:#x} is written to the ring register at {offset:#x}, which keeps {kept:#x}: rings begin at multiples of 16 and are multiples of 128 bytes long", "13.4.36", ERROR),
    Event(HEAD_MOVED, "HEAD_MOVED", ("offset", "written", "c"), "{written} is written to the head at {offset:#x} while its ring is enabled", "13.4.39", WARNING),
    Event(
        TX_CONTEXT,
        "TX_CONTEXT",
        ("place", "ranges", "command"),
        "descriptor {place} loads a context",
        "3.3.6",
    ),
    Event(TX_DESCRIPTOR, "TX_DESCRIPTOR", ("place", "address", "command"), "descriptor {place} points at {address:#x}", "3.3.7"),
    Event(TX_FRAME, "TX_FRAME", ("serial", "length", "how"), "frame {serial} leaves with {length} bytes", "3.3"),
    Event(TX_SUM, "TX_SUM", ("range", "place", "change"), "the sum of bytes {begin} to {end} is stored at {place}: {before:#06x} becomes {after:#06x}", "3.5.8"),
    Event(TX_TAG, "TX_TAG", ("type", "tag", "c"), "a VLAN tag {tag:#06x} of type {type:#06x} is inserted", "3.3.4"),
    Event(TX_PAD, "TX_PAD", ("from_length", "to_length", "c"), "padded from {from_length} to {to_length} bytes", "13.4.33"),
    Event(TX_PROTOTYPE, "TX_PROTOTYPE", ("ip", "transport", "flags"), "the prototype header holds {ip:#010x} from IPCSS+2 on, {transport:#010x} from TUCSS+4 on, {flags:#04x} at TUCSS+13", "3.5.5"),
    Event(TX_RING_ODD, "TX_RING_ODD", ("head", "tail", "entries"), "head {head} or tail {tail} lies beyond the ring of {entries}", "13.4.40", ERROR),
    Event(TX_RING_OUTSIDE, "TX_RING_OUTSIDE", ("place", "address", "c"), "descriptor {place} at {address:#x} is outside memory", "3.4", ERROR),
    Event(TX_BUFFER_OUTSIDE, "TX_BUFFER_OUTSIDE", ("place", "address", "length"), "the buffer of descriptor {place} at {address:#x}, {length} bytes, is outside memory", "3.3.7", ERROR),
    Event(TX_RESERVED, "TX_RESERVED", ("place", "dtyp", "c"), "descriptor {place} has the reserved type {dtyp}", "3.3.5", ERROR),
    Event(TX_CONTEXT_INSIDE, "TX_CONTEXT_INSIDE", ("place", "b", "c"), "descriptor {place} loads a context in the middle of a packet", "3.3.5", WARNING),
    Event(TX_MIXED, "TX_MIXED", ("place", "b", "c"), "descriptor {place} mixes legacy and extended format in a packet", "3.3.5", WARNING),
    Event(TX_TSE_MIXED, "TX_TSE_MIXED", ("place", "b", "c"), "descriptor {place} changes TSE within a packet", "3.3.7.1", WARNING),
    Event(TX_EMPTY, "TX_EMPTY", ("place", "b", "c"), "a packet without bytes ends at descriptor {place}: nothing is sent", "3.3.3.1", WARNING),
    Event(TX_RUNT, "TX_RUNT", ("place", "length", "c"), "the packet that ends at descriptor {place} is too short to send: {length} bytes", "13.4.33", ERROR),
    Event(TX_TOO_LONG, "TX_TOO_LONG", ("place", "length", "limit"), "the packet that ends at descriptor {place} has {length} bytes and exceeds the FIFO's {limit}", "3.3.7", ERROR),
    Event(TX_SUM_OUTSIDE, "TX_SUM_OUTSIDE", ("range", "place", "length"), "a checksum over bytes {begin} to {end}, to be stored at {place}, does not fit a packet of {length} bytes: not inserted", "3.3.6", ERROR),
    Event(TX_SEGMENTATION_IMPOSSIBLE, "TX_SEGMENTATION_IMPOSSIBLE", ("mss", "hdrlen", "paylen"), "MSS {mss} with HDRLEN {hdrlen} and PAYLEN {paylen} cannot be sent", "3.3.6", ERROR),
    Event(TX_PAYLEN_UNMET, "TX_PAYLEN_UNMET", ("place", "gathered", "paylen"), "the packet ends at descriptor {place} after {gathered} of PAYLEN's {paylen} bytes", "3.3.7.1", ERROR),
    Event(TX_PAYLEN_EXCEEDED, "TX_PAYLEN_EXCEEDED", ("place", "excess", "paylen"), "{excess} bytes beyond PAYLEN {paylen} are dropped from the packet that ends at descriptor {place}", "3.3.7.1", ERROR),
    Event(TX_HEADER_SHORT, "TX_HEADER_SHORT", ("place", "gathered", "hdrlen"), "the packet ends at descriptor {place} inside the prototype header, after {gathered} of HDRLEN's {hdrlen} bytes", "3.5.5", ERROR),
    Event(TX_BAD_FCS, "TX_BAD_FCS", ("place", "found", "expected"), "IFCS is off at descriptor {place}, and the last four bytes are {found:#010x}, not the FCS {expected:#010x}: the peer drops the frame", "3.3.3.1", ERROR),
    Event(TX_UNLOADED, "TX_UNLOADED", ("place", "slot", "c"), "the packet from descriptor {place} on uses context {slot}, which was not loaded since the reset", "3.6", ERROR),
    Event(TX_WRITE_BACK_OUTSIDE, "TX_WRITE_BACK_OUTSIDE", ("place", "address", "c"), "descriptor {place} cannot be written back: its memory is read only", "3.4.2", ERROR),
    Event(TX_HEADER_FIELD_OUTSIDE, "TX_HEADER_FIELD_OUTSIDE", ("offset", "hdrlen", "c"), "a header field at {offset} lies outside the header of {hdrlen} bytes: left alone", "3.5.9", ERROR),
    Event(RX_FRAME, "RX_FRAME", ("serial", "length", "marks"), "the card's frame {serial}, {length} bytes, is delivered", "3.2.3"),
    Event(RX_DESCRIPTOR, "RX_DESCRIPTOR", ("place", "address", "filled"), "descriptor {place} takes {bytes} bytes at {address:#x}", "3.2.3"),
    Event(RX_FILTERED, "RX_FILTERED", ("destination", "length", "why"), "a frame passes no filter", "3.2.1"),
    Event(RX_NO_BUFFER, "RX_NO_BUFFER", ("length", "rdh", "rdt"), "a frame finds too few receive descriptors", "13.7.33"),
    Event(RX_MISSED, "RX_MISSED", ("length", "fifo_bytes", "c"), "a frame of {length} bytes is lost: no room in the FIFO", "13.7.5"),
    Event(RX_BAD, "RX_BAD", ("length", "why", "c"), "a bad frame of {length} bytes is dropped", "3.2.3.2"),
    Event(RX_PAUSE, "RX_PAUSE", ("quanta", "b", "c"), "the partner asks for a pause of {quanta} quanta", "8.9"),
    Event(RX_SIZE_RESERVED, "RX_SIZE_RESERVED", ("rctl", "b", "c"), "RCTL {rctl:#x} sets BSEX with BSIZE 00, a buffer size that is reserved: 2048 is taken", "13.4.22", WARNING),
    Event(RX_WAITS, "RX_WAITS", ("length", "frames", "fifo_bytes"), "a frame of {length} bytes waits in the FIFO behind {frames} others, {fifo_bytes} bytes", "13.4.16"),
    Event(RX_CUT, "RX_CUT", ("length", "frames", "c"), "a packet of {length} bytes, left whole by the host, is cut into {frames} frames at the card's door", "3.2"),
    Event(RX_RING_OUTSIDE, "RX_RING_OUTSIDE", ("place", "address", "c"), "receive descriptor {place} at {address:#x} is outside memory", "3.2.6", ERROR),
    Event(RX_BUFFER_OUTSIDE, "RX_BUFFER_OUTSIDE", ("place", "address", "length"), "the buffer of receive descriptor {place} at {address:#x} is outside memory", "3.2.3", ERROR),
    Event(RX_DISABLED, "RX_DISABLED", ("length", "b", "c"), "a frame arrives while the receiver is disabled or the link is down", "13.4.22"),
    Event(RX_RING_ODD, "RX_RING_ODD", ("head", "tail", "entries"), "head {head} or tail {tail} lies beyond the receive ring of {entries}", "13.4.29", ERROR),
)  # fmt: skip

BY_NUMBER: dict[int, Event] = {event.number: event for event in EVENTS}
KINDS = 64
"""Event numbers are below this: the recorder counts each kind."""

PACKED: dict[str, tuple[str, str, int]] = {
    "range": ("begin", "end", 32),
    "change": ("before", "after", 16),
    "filled": ("bytes", "status", 16),
    "marks": ("way", "status", 16),
}
"""Columns that hold two numbers: the name of the upper, of the lower, and the width of the lower in bits."""


UNUSED = frozenset("bc")
"""Names of columns that mean nothing."""


def values_of(event: Event, columns: Iterable[int]) -> dict[str, int]:
    """What the columns of one row hold, by name; those that mean nothing (`b`, `c`) are left out."""
    values = {name: value for name, value in zip(event.columns, columns, strict=True) if name not in UNUSED}
    for name, (upper, lower, width) in PACKED.items():
        if name in values:
            packed = values.pop(name)
            values |= {upper: packed >> width, lower: packed & ((1 << width) - 1)}
    return values


def say(event: Event, columns: Iterable[int]) -> str:
    """The event's sentence, filled in from the columns of one row."""
    return event.sentence.format(**values_of(event, columns))
