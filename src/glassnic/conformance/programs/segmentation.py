"""§3.5: one send, many frames. How the payload is cut, what each header says, which descriptors may carry it."""

from __future__ import annotations

from dataclasses import replace

from glassnic.conformance.program import Give, Poke, Program, Sent, program
from glassnic.conformance.words import WHOLE, buffer, context, lay, send, sent, spread, taken, transmitter
from glassnic.driver.descriptors import encode_data
from glassnic.driver.message import Message
from glassnic.wire.tcp import ACK, ECE, FIN, PSH, URG

TCP = Message(payload=bytes(range(250)) * 2, mss=200)
UDP = replace(TCP, tcp=False)
UNEVEN = replace(TCP, payload=bytes(range(111)) * 2 + bytes(50), mss=111)
EXACT = replace(TCP, payload=bytes(range(200)) * 3)
STAMPED = bytes.fromhex("0101080a0123456789abcdef")
LONG_LINK_HEADER = bytes(range(4, 190))
"""Makes a TCP header of 240 bytes, of a link layer that nobody knows."""


def counting(length: int) -> bytes:
    return bytes(at * 7 & 0xFF for at in range(length))


CUT = "The payload is cut after each MSS bytes; the last frame has what is left, and none is empty."
CUTS = {
    "into-frames-and-a-rest": TCP,
    "into-an-exact-number-of-frames": EXACT,
    "one-byte-short-of-an-exact-number": replace(TCP, payload=counting(599)),
    "one-byte-more-than-an-exact-number": replace(TCP, payload=counting(601), options=STAMPED),
    "into-one-frame-exactly": replace(TCP, payload=counting(200)),
    "into-one-frame-that-is-not-full": replace(TCP, payload=counting(150)),
    "into-one-frame-of-a-byte": replace(TCP, payload=b"!", options=STAMPED),
    "into-two-frames-one-of-a-byte": replace(TCP, payload=counting(201), options=STAMPED),
    "into-frames-of-full-length": replace(TCP, payload=counting(5000), mss=1460),
    "into-40-frames": replace(TCP, payload=counting(40 * 64 - 5), mss=64),
    "into-frames-of-odd-length": replace(TCP, payload=counting(600), mss=133),
    "of-64-kb": replace(TCP, payload=counting(65_000), mss=1448, options=STAMPED),
}

HEAD = "The first HDRLEN bytes are the header of every frame, whatever they hold beside what is updated."
HEADS = {
    "with-options": replace(TCP, options=STAMPED),
    "with-all-options-there-can-be": replace(TCP, options=b"\1" * 40),
    "with-a-tag-in-the-buffer": replace(TCP, tags=b"\x81\0\0\x2a"),
    "of-240-bytes": replace(TCP, tags=LONG_LINK_HEADER),
    "of-udp-of-42-bytes": UDP,
}

FIELD = {
    "ip-identification-wraps": (
        "The IPv4 identification counts on from the header's by one a frame, in 16 bits.",
        replace(TCP, payload=counting(900)),
    ),
    "the-sequence-number-wraps": (
        "The TCP sequence number grows by MSS a frame, in 32 bits.",
        replace(TCP, payload=counting(900), sequence=0xFFFF_FFFF - 300),
    ),
    "the-sequence-number-carries-into-its-upper-half": (
        "The TCP sequence number grows by MSS a frame, as one number of 32 bits.",
        replace(TCP, payload=counting(900), sequence=0x1234_FF00),
    ),
    "fin-and-psh-only-in-the-last": ("FIN and PSH of the header are set in the last frame only.", TCP),
    "fin-alone-only-in-the-last": ("FIN of the header is set in the last frame only.", replace(TCP, flags=FIN | ACK)),
    "psh-alone-only-in-the-last": ("PSH of the header is set in the last frame only.", replace(TCP, flags=PSH | ACK)),
    "no-flag-is-invented": ("A flag that the header lacks is in no frame.", replace(TCP, flags=ACK)),
    "other-flags-in-every-frame": (
        "TCP's other flags are copied from the header into every frame.",
        replace(TCP, flags=ACK | URG | ECE | PSH),
    ),
    "one-frame-keeps-its-flags": (
        "A send of one frame is its own last: FIN and PSH stay.",
        replace(TCP, payload=counting(100)),
    ),
    "udp-lengths": (
        "Where TUCMD.TCP=0 the UDP length of each frame is set to the UDP header and this frame's payload.",
        replace(UDP, payload=counting(550)),
    ),
    "udp-lengths-of-one-frame": (
        "A send of one frame has its UDP length set like any other.",
        replace(UDP, payload=counting(150)),
    ),
}


def whole(section: str, name: str, rule: str, message: Message) -> Program:
    """One send in one descriptor."""
    return program(section, name, rule, transmitter(), send(message), sent(message))


def in_pieces(name: str, rule: str, message: Message, *sizes: int) -> Program:
    poke, data = spread(message, *sizes)
    return program("3.5.6", name, rule, (transmitter(), poke, Give((context(message), *data)), sent(message)))


BETWEEN = "The header may come in several descriptors where each holds complete headers of link, network or transport."
PAYLOAD = "The payload may be cut anywhere: a frame may take from many descriptors, a descriptor give to many frames."
PIECES: tuple[Program, ...] = (
    in_pieces("the-header-in-a-descriptor-of-its-own", BETWEEN, TCP, 54),
    in_pieces("the-link-header-in-a-descriptor-of-its-own", BETWEEN, TCP, 14),
    in_pieces("link-network-and-transport-header-apart", BETWEEN, TCP, 14, 20, 20),
    in_pieces("the-transport-header-with-the-payload", BETWEEN, TCP, 34),
    in_pieces("a-descriptor-for-each-frame", PAYLOAD, TCP, 54, 200, 200),
    in_pieces("cut-where-the-frames-are-not", PAYLOAD, TCP, 54, 133, 133, 133),
    in_pieces("cut-one-byte-before-the-frames-end", PAYLOAD, TCP, 54, 199, 200),
    in_pieces("header-and-first-bytes-together", PAYLOAD, TCP, 54 + 60, 11, 300),
    in_pieces("bytes-one-by-one", PAYLOAD, TCP, 54, *(1,) * 20),
    in_pieces("the-last-four-bytes-apart", PAYLOAD, TCP, 54 + 496),
    in_pieces("the-last-four-bytes-apart-in-an-exact-send", PAYLOAD, EXACT, 54 + 596),
    in_pieces("udp-in-many-descriptors", PAYLOAD, UDP, 42, 99, 250),
    in_pieces("descriptors-of-no-bytes-between", "A descriptor of length 0 adds nothing.", TCP, 54, 0, 250, 0, 0),
)

LAY_TCP, TCP_DATA = lay(TCP, 0)
LAY_UDP, UDP_DATA = lay(UDP, 1)
LAY_PIECES, PIECES_DATA = spread(TCP, 54, 250, number=2)
RAW, FRAMES = TCP.encode(), TCP.frames()
SUM_AT = TCP.fields["TUCSO"]
LONG = Message(payload=counting(100_000), mss=8960)
LONG_BYTES = replace(LONG, payload=b"").encode() + LONG.payload
LONG_DATA = encode_data(buffer(0), len(LONG_BYTES), **WHOLE | LONG.bits)


def as_found(at: int) -> Sent:
    """The frames with the checksum at `at` as the driver left it."""
    return Sent(tuple(frame[:at] + RAW[at : at + 2] + frame[at + 2 :] for frame in FRAMES))


UPDATED = "Lengths, identification, sequence and flags are updated whether or not POPTS asks for sums."
SENDS: tuple[Program, ...] = (
    program(
        "3.5.5",
        "payload-from-several-doorbells",
        "A send may be given with several writes of TDT; it leaves as if it had come with one.",
        (transmitter(), LAY_PIECES, Give((context(TCP),)), [Give((data,)) for data in PIECES_DATA], sent(TCP)),
    ),
    program(
        "3.5.5",
        "header-taken-before-the-payload-is-there",
        "A header whose payload is given later waits for it.",
        (transmitter(), LAY_PIECES, Give((context(TCP), PIECES_DATA[0])), taken(2), Sent(())),
        (Give(PIECES_DATA[1:]), sent(TCP)),
    ),
    program(
        "3.5.5",
        "sends-one-after-the-other",
        "Each send counts anew: frame number, identification and sequence begin with its own header.",
        (transmitter(), LAY_TCP, LAY_UDP),
        Give((context(TCP), TCP_DATA, context(UDP), UDP_DATA, context(TCP), TCP_DATA)),
        sent(TCP, UDP, TCP),
    ),
    program(
        "3.3.7",
        "a-descriptor-of-more-than-64-kb",
        "DTALEN and PAYLEN have 20 bits.",
        (transmitter(), Poke(buffer(0), LONG_BYTES), Give((context(LONG), LONG_DATA)), sent(LONG)),
    ),
    program("3.3.7.3", "segments-without-the-tu-sum", UPDATED, transmitter(), send(TCP, TXSM=0), as_found(SUM_AT)),
    program("3.3.7.3", "segments-without-the-ip-sum", UPDATED, transmitter(), send(TCP, IXSM=0), as_found(24)),
    program(
        "3.5.7",
        "the-length-is-added-for-each-frame",
        "The TU sum of a segment takes in the length of its own TCP header and payload, which the driver left out.",
        (transmitter(), send(UNEVEN), sent(UNEVEN)),
    ),
)

PROGRAMS: tuple[Program, ...] = (
    *(whole("3.5.5", f"cut-{name}", CUT, message) for name, message in CUTS.items()),
    *(whole("3.5.5", f"a-header-{name}", HEAD, message) for name, message in HEADS.items()),
    *(whole("3.5.9", name, rule, message) for name, (rule, message) in FIELD.items()),
    *PIECES,
    *SENDS,
)
