"""§3.3.5, §3.3.6, §3.3.7.3, §3.5.8, §3.6: the two sums of a packet that is one frame: over what, and stored where."""

from __future__ import annotations

from dataclasses import replace

from glassnic.conformance.program import Either, Give, Poke, Program, Sent, program
from glassnic.conformance.words import (
    WHOLE,
    buffer,
    context,
    lay,
    plain_frame,
    send,
    sent,
    spread,
    summed,
    transmitter,
)
from glassnic.driver.descriptors import encode_context, encode_data
from glassnic.driver.message import Message

UDP = Message(tcp=False, payload=bytes(range(48)))
FRAME = plain_frame(100)
LAY_FRAME = Poke(buffer(0), FRAME)
LAY_UDP, (ASKS, ASKS_TOO) = spread(UDP, 42)
_, (ASKS_NOT, ASKS_NOT_EITHER) = spread(UDP, 42, TXSM=0, IXSM=0)

RIGHT = {
    "ipv4-tcp": Message(payload=bytes(range(64))),
    "ipv4-tcp-of-odd-length": Message(payload=bytes(range(63))),
    "ipv4-tcp-without-payload": Message(options=b"\1" * 12),
    "ipv4-tcp-with-options": Message(payload=b"card" * 9, options=bytes.fromhex("0101080a0123456789abcdef")),
    "ipv4-udp": Message(tcp=False, payload=bytes(range(64))),
    "ipv4-udp-of-odd-length": Message(tcp=False, payload=bytes(range(63))),
    "ipv4-udp-of-zeros": Message(tcp=False, payload=bytes(64)),
    "ipv6-tcp": Message(ipv6=True, payload=bytes(range(64))),
    "ipv6-tcp-of-odd-length": Message(ipv6=True, payload=bytes(range(63))),
    "ipv6-udp": Message(ipv6=True, tcp=False, payload=bytes(range(64))),
    "ipv6-udp-of-odd-length": Message(ipv6=True, tcp=False, payload=bytes(range(63))),
    "ipv4-udp-of-4000-bytes": Message(tcp=False, payload=bytes(range(250)) * 16),
    "a-tag-in-the-buffer": Message(payload=bytes(range(64)), tags=b"\x81\0\0\x2a"),
    "two-tags-in-the-buffer": Message(tcp=False, payload=bytes(range(64)), tags=b"\x88\xa8\0\7\x81\0\0\x2a"),
}


def right(name: str, message: Message) -> Program:
    return program(
        "3.6",
        f"sums-for-{name}",
        "With the pseudo header's sum in its checksum field, a packet leaves with right checksums of IP, TCP and UDP.",
        transmitter(),
        send(message),
        sent(message),
    )


def in_pieces(name: str, *sizes: int) -> Program:
    poke, data = spread(UDP, *sizes)
    return program(
        "3.3.7",
        f"sums-over-{name}",
        "A packet may lie in any number of descriptors, cut anywhere: its sums are those of the joined bytes.",
        (transmitter(), poke, Give((context(UDP), *data)), sent(UDP)),
    )


def options(name: str, txsm: int, ixsm: int) -> Program:
    raw, sealed = UDP.encode(), UDP.frames()[0]
    frame = raw[:24] + (sealed if ixsm else raw)[24:26] + raw[26:40] + (sealed if txsm else raw)[40:42] + raw[42:]
    return program(
        "3.3.7.3",
        f"options-for-{name}",
        "POPTS.TXSM and POPTS.IXSM each ask for one of the two sums; a field not asked for goes out as found.",
        (transmitter(), send(UDP, TXSM=txsm, IXSM=ixsm), Sent((frame,))),
    )


def ranged(section: str, name: str, rule: str, begin: int, place: int, end: int) -> Program:
    """One range, put to the TU sum and to the IP sum: they are two engines of one kind."""
    poke, data = Poke(buffer(0), FRAME), encode_data(buffer(0), len(FRAME), **WHOLE, TXSM=1)
    other = encode_data(buffer(0), len(FRAME), **WHOLE, IXSM=1)
    frame = summed(FRAME, begin, place, end)
    return program(
        section,
        name,
        rule,
        (transmitter(), poke),
        Give((encode_context(TUCSS=begin, TUCSO=place, TUCSE=end), data)),
        Give((encode_context(IPCSS=begin, IPCSO=place, IPCSE=end), other)),
        Sent((frame, frame)),
    )


THROUGH = "The sum runs from CSS through CSE, the last byte included, and is stored at CSO."
TO_THE_END = "CSE=0 sums to the end of the packet."
ANYWHERE = "A checksum may be stored before, inside or behind the bytes that were summed."
ANY_BYTE = "Ranges need not begin, end or be stored at even offsets; the words are counted from the first byte summed."

RANGES: tuple[Program, ...] = (
    ranged("3.5.8", "a-range-includes-its-last-byte", THROUGH, 20, 30, 39),
    ranged("3.5.8", "a-range-of-one-word", THROUGH, 20, 60, 21),
    ranged("3.5.8", "a-range-that-ends-with-the-packet", THROUGH, 20, 60, 99),
    ranged(
        "3.5.8", "the-field-itself-is-summed", "What the checksum field held before is part of the sum.", 20, 22, 39
    ),
    ranged("3.3.6", "no-end-means-the-end-of-the-packet", TO_THE_END, 20, 30, 0),
    ranged("3.3.6", "no-end-from-the-first-byte", TO_THE_END, 0, 30, 0),
    ranged("3.3.5", "a-sum-stored-before-its-range", ANYWHERE, 50, 30, 79),
    ranged("3.3.5", "a-sum-stored-behind-its-range", ANYWHERE, 20, 70, 39),
    ranged("3.3.5", "a-sum-stored-in-the-last-two-bytes", ANYWHERE, 20, 98, 39),
    ranged("3.3.5", "a-sum-stored-in-the-addresses", ANYWHERE, 20, 6, 39),
    ranged("3.3.3", "a-range-from-an-odd-offset", ANY_BYTE, 21, 60, 40),
    ranged("3.3.3", "a-range-of-an-odd-number-of-bytes", ANY_BYTE, 20, 60, 40),
    ranged("3.3.3", "a-sum-stored-at-an-odd-offset", ANY_BYTE, 20, 61, 39),
    ranged("3.3.3", "a-range-of-one-byte", ANY_BYTE, 20, 60, 20),
)


def in_one_packet(section: str, name: str, rule: str, *expected: Sent | Either, **fields: int) -> Program:
    """A context of these fields and a packet that asks for both sums."""
    data = encode_data(buffer(0), len(FRAME), **WHOLE, TXSM=1, IXSM=1)
    return program(section, name, rule, (transmitter(), LAY_FRAME), Give((encode_context(**fields), data)), expected)


TU = {"TUCSS": 20, "TUCSO": 30, "TUCSE": 39}
IP = {"IPCSS": 60, "IPCSO": 70, "IPCSE": 79}
ONLY_TU, ONLY_IP = summed(FRAME, 20, 30, 39), summed(FRAME, 60, 70, 79)
BEYOND = "A checksum whose place lies beyond the packet is not inserted; the other one is."

PLACES: tuple[Program, ...] = (
    in_one_packet(
        "3.3.5",
        "two-sums-of-any-two-ranges",
        "The two sums are of one kind: any two ranges of a packet can be summed, and stored anywhere in it.",
        Sent((summed(ONLY_TU, 60, 70, 79),)),
        **TU | IP,
    ),
    in_one_packet(
        "3.6", "the-place-of-the-ip-sum-beyond-the-packet", BEYOND, Sent((ONLY_TU,)), **TU | IP | {"IPCSO": 130}
    ),
    in_one_packet(
        "3.6", "the-place-of-the-tu-sum-beyond-the-packet", BEYOND, Sent((ONLY_IP,)), **TU | IP | {"TUCSO": 130}
    ),
    program(
        "3.3.7.3",
        "the-first-descriptor-asks-for-sums",
        "POPTS counts in the first descriptor of a packet; in the others it is not looked at.",
        transmitter(),
        LAY_UDP,
        Give((context(UDP), ASKS, ASKS_NOT_EITHER)),
        Give((ASKS_NOT, ASKS_TOO)),
        Sent((*UDP.frames(), UDP.encode())),
    ),
    program(
        "3.6",
        "options-are-each-packets-own",
        "Sums are asked for packet by packet: what one packet asked for does not spill into the next.",
        transmitter(),
        LAY_UDP,
        Give((context(UDP), lay(UDP)[1], lay(UDP, TXSM=0, IXSM=0)[1], lay(UDP)[1])),
        Sent((*UDP.frames(), UDP.encode(), *UDP.frames())),
    ),
)


def coming_to_zero(message: Message) -> Message:
    """The message with two more bytes of payload, such that its checksum comes out 0."""
    longer = replace(message, payload=message.payload + bytes(2))
    at = longer.fields["TUCSO"]
    return replace(message, payload=message.payload + longer.frames()[0][at : at + 2])


def zero(name: str, message: Message) -> Program:
    at = message.fields["TUCSO"]
    frame = message.frames()[0]
    readings = [(f"{value:04X}h", frame[:at] + value.to_bytes(2, "big") + frame[at + 2 :]) for value in (0xFFFF, 0)]
    return program(
        "3.6",
        name,
        "Whether a checksum that comes out 0 leaves as 0000h or as FFFFh is not said; UDP takes 0000h for none.",
        (transmitter(), send(message)),
        Either(tuple((reading, Sent((wanted,))) for reading, wanted in readings)),
    )


def in_doubt(name: str, rule: str, readings: dict[str, bytes], **fields: int) -> Program:
    choice = Either(tuple((reading, Sent((frame,))) for reading, frame in readings.items()))
    return in_one_packet("3.6", name, rule, choice, **IP | fields)


NOTHING = "nothing is inserted"
TU_FIRST = summed(summed(FRAME, 40, 90, 99), 20, 60, 95)
IP_FIRST = summed(summed(FRAME, 20, 60, 95), 40, 90, 99)
AS_FETCHED = summed(FRAME, 40, 90, 99)[:60] + summed(FRAME, 20, 60, 95)[60:62] + summed(FRAME, 40, 90, 99)[62:]

OPEN: tuple[Program, ...] = (
    zero("a-udp-sum-of-zero", coming_to_zero(UDP)),
    zero("an-ipv6-udp-sum-of-zero", coming_to_zero(replace(UDP, ipv6=True))),
    zero("a-tcp-sum-of-zero", coming_to_zero(Message(payload=bytes(range(48))))),
    in_doubt(
        "a-range-that-begins-behind-the-packet",
        "What happens to a sum that begins at or behind the end of the packet is not predictable.",
        {NOTHING: ONLY_IP, "the sum of no bytes, FFFFh": ONLY_IP[:30] + b"\xff\xff" + ONLY_IP[32:]},
        TUCSS=130, TUCSO=30,
    ),
    in_doubt(
        "a-range-that-ends-behind-the-packet",
        "A sum that ends behind the end of the packet is not described.",
        {"the packet's end is its end": summed(ONLY_IP, 90, 30), NOTHING: ONLY_IP},
        TUCSS=90, TUCSO=30, TUCSE=500,
    ),
    in_doubt(
        "a-range-that-ends-before-it-begins",
        "A sum whose last byte lies before its first is not described.",
        {NOTHING: ONLY_IP, "the sum of no bytes, FFFFh": ONLY_IP[:30] + b"\xff\xff" + ONLY_IP[32:]},
        TUCSS=40, TUCSO=30, TUCSE=20,
    ),
    in_one_packet(
        "3.6",
        "ranges-that-overlap",
        "Which sum is made first, where one covers the place of the other, is not said.",
        Either(
            (
                ("TU first", Sent((TU_FIRST,))),
                ("IP first", Sent((IP_FIRST,))),
                ("both from the packet as fetched", Sent((AS_FETCHED,))),
            )
        ),
        TUCSS=40, TUCSO=90, TUCSE=99, IPCSS=20, IPCSO=60, IPCSE=95,
    ),
)  # fmt: skip

PROGRAMS: tuple[Program, ...] = (
    *(right(name, message) for name, message in RIGHT.items()),
    in_pieces("a-header-of-its-own", 42),
    in_pieces("pieces-cut-at-odd-offsets", 13, 22, 1, 17),
    in_pieces("pieces-of-a-byte-or-two", 1, 2, 1, 1, 2, 1, 2, 2, 1, 30, 1, 1, 1),
    options("both", 1, 1),
    options("the-tu-sum-only", 1, 0),
    options("the-ip-sum-only", 0, 1),
    options("none", 0, 0),
    *RANGES,
    *PLACES,
    *OPEN,
)
