"""§3.5, §3.3.6, §13.7.53: sends of other kinds than TCP over IPv4, and sends whose fields do not go together."""

from __future__ import annotations

from dataclasses import replace

from glassnic.conformance.program import ALL, Either, Give, Program, Sent, Steps, Until, program
from glassnic.conformance.words import (
    context,
    counted,
    done,
    lay,
    legacy,
    plain_frame,
    send,
    sent,
    spread,
    summed,
    taken,
    transmitter,
)
from glassnic.driver.message import Message
from glassnic.wire.tcp import ACK

TCP = Message(payload=bytes(range(250)) * 2, mss=200)
EXACT = replace(TCP, payload=bytes(range(200)) * 3)
UDP = Message(tcp=False, payload=bytes(range(64)))
FRAME = plain_frame(80)
LAY_TCP, TCP_DATA = lay(TCP, 0)
LAY_FRAME, FRAME_DATA = legacy(FRAME, 4)


# What is counted of a send (§13.7.53, §13.7.54)

COMPLETED = "TSCTC counts each send whose last portion went into the FIFO, of one frame or many, of TCP or UDP."
FAILED = "TSCTFC counts each send whose descriptors end elsewhere than PAYLEN says, once."


def completed(name: str, *messages: Message) -> Program:
    steps = [(send(message), sent(message)) for message in messages]
    return program("13.7.53", name, COMPLETED, transmitter(), steps, counted(TSCTC=len(messages), TSCTFC=0))


def failed(name: str, paylen: int) -> Program:
    """A send of 500 bytes of payload with this PAYLEN."""
    return program(
        "13.7.54",
        name,
        FAILED,
        (transmitter(), LAY_TCP, Give((context(TCP, PAYLEN=paylen), TCP_DATA)), taken(2), done(1)),
        Until("TSCTFC", ALL, 1),
    )


COUNTS: tuple[Program, ...] = (
    completed("a-send-of-several-frames", TCP),
    completed("a-send-of-an-exact-number-of-frames", EXACT),
    completed("a-send-of-one-frame", replace(TCP, payload=bytes(range(99)))),
    completed("a-send-of-udp", replace(TCP, tcp=False)),
    completed("two-sends", TCP, replace(TCP, mss=150)),
    program(
        "13.7.53",
        "a-packet-that-is-no-send",
        "TSCTC and TSCTFC leave packets with DCMD.TSE=0 out.",
        (transmitter(), send(UDP), sent(UDP), counted(TSCTC=0, TSCTFC=0)),
    ),
    failed("more-promised-than-given", 700),
    failed("less-promised-than-given", 300),
)


# The ring goes on, whatever a send asks for (§3.4)


def goes_on(name: str, why: str, **fields: int) -> Program:
    """A send whose context was bent, then a packet that must be written back all the same."""
    return program(
        "3.4",
        f"the-ring-goes-on-after-{name}",
        f"{why}: what leaves is not described, but the ring is worked off and what follows is written back.",
        (transmitter(), LAY_TCP, LAY_FRAME, Give((context(TCP, **fields), TCP_DATA, FRAME_DATA))),
        (taken(3), done(0, 1, 2)),
    )


BENT: tuple[Program, ...] = (
    goes_on("a-send-with-mss-0", "A send with MSS=0 cannot be cut", MSS=0),
    goes_on("a-send-without-header", "A send with HDRLEN=0 has no header", HDRLEN=0),
    goes_on("a-send-with-mss-and-header-0", "A send with MSS=0 and HDRLEN=0 cannot be cut", MSS=0, HDRLEN=0),
    goes_on("a-send-without-payload", "A send with PAYLEN=0 has nothing to send", PAYLEN=0),
    goes_on("a-header-longer-than-240-bytes", "The header buffer holds 240 bytes", HDRLEN=255),
    goes_on("frames-longer-than-the-fifo", "MSS and HDRLEN together exceed the FIFO", MSS=0xFFFF, PAYLEN=0xFFFFF),
    goes_on("ranges-outside-the-header", "The offsets of a context point behind its header", IPCSS=250, TUCSS=254),
    program(
        "3.4",
        "the-ring-goes-on-after-a-header-cut-short",
        "A send whose descriptors end within its header has nothing to send; the ring is worked off all the same.",
        (transmitter(), LAY_TCP, LAY_FRAME),
        Give((context(TCP), spread(TCP, 30, EOP=1)[1][0], FRAME_DATA)),
        (taken(3), done(0, 1, 2)),
        Sent((FRAME,)),
    ),
)


# Where the manual can be read in two ways


def either(section: str, name: str, rule: str, steps: Steps, readings: dict[str, tuple[bytes, ...]]) -> Program:
    choice = Either(tuple((reading, Sent(frames)) for reading, frames in readings.items()))
    return program(section, name, rule, transmitter(), steps, choice)


def with_length(message: Message, more: int) -> tuple[bytes, ...]:
    """The frames of an IPv6 message with a payload length that is larger by so much."""
    at = message.l3 + 4
    lengths = [int.from_bytes(frame[at : at + 2], "big") + more for frame in message.frames()]
    return tuple(
        frame[:at] + length.to_bytes(2, "big") + frame[at + 2 :]
        for frame, length in zip(message.frames(), lengths, strict=True)
    )


def ipv6(name: str, message: Message) -> Program:
    return either(
        "3.5.9",
        name,
        "The formula printed for the IPv6 payload length counts the header's own 40 bytes in, which no receiver takes.",
        send(message),
        {"less the IPv6 header": message.frames(), "as printed": with_length(message, 40)},
    )


TCP6 = replace(TCP, ipv6=True)
BLOCK = replace(TCP6, tcp=False)
HEADER = BLOCK.encode()[: BLOCK.header_bytes]
COPIED = [HEADER + BLOCK.payload[at : at + 200] for at in range(0, 500, 200)]

OPEN: tuple[Program, ...] = (
    ipv6("ipv6-payload-lengths", TCP6),
    ipv6("ipv6-payload-length-of-one-frame", replace(TCP6, payload=bytes(100))),
    either(
        "3.3.6.1",
        "a-generic-block-send",
        "With TUCMD.IP=0 and TCP=0 the header is copied unchanged to each frame; but IPv6 with UDP has no other code.",
        send(BLOCK),
        {
            "copied unchanged": tuple(summed(frame, BLOCK.l4, BLOCK.l4 + 6) for frame in COPIED),
            "taken for IPv6 and UDP": BLOCK.frames(),
            "taken for IPv6 and UDP, its length as printed": with_length(BLOCK, 40),
        },
    ),
    either(
        "3.3.7.1",
        "a-send-that-ends-short-of-paylen",
        "What leaves of a send whose last descriptor comes before PAYLEN is met is not said.",
        (LAY_TCP, Give((context(TCP, PAYLEN=700), TCP_DATA))),
        {
            "what is left is the last frame": TCP.frames(),
            "what is left is a frame like the others": replace(TCP, flags=ACK).frames(),
            "what is left is dropped": TCP.frames()[:2],
        },
    ),
)

PROGRAMS: tuple[Program, ...] = COUNTS + BENT + OPEN
