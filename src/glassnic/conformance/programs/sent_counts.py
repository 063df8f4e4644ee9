"""§13.7: what is counted of frames that left: packets, octets with FCS, sizes, kinds; and how a reader clears it."""

from __future__ import annotations

from glassnic.conformance.program import Give, Poke, Program, Read, Sent, Step, Steps, Write, program
from glassnic.conformance.words import (
    PEER,
    TRANSMITTING,
    buffer,
    context,
    counted,
    plain_frame,
    send,
    sent,
    transmitter,
)
from glassnic.driver.descriptors import encode_legacy
from glassnic.driver.message import Message
from glassnic.spec.fields import TCTL
from glassnic.wire.ethernet import BROADCAST

FCS_BYTES = 4
MULTICAST = bytes.fromhex("01005e000001")
TCP = Message(payload=bytes(range(250)) * 2, mss=200)
OCTETS = sum(len(frame) + FCS_BYTES for frame in TCP.frames())
SIZES = {
    "PTC64": (64, 64),
    "PTC127": (65, 127),
    "PTC255": (128, 255),
    "PTC511": (256, 511),
    "PTC1023": (512, 1023),
    "PTC1522": (1024, 1522),
}
"""Which lengths, FCS included, a counter takes: from, to."""


def leave(*frames: bytes) -> Steps:
    """These frames leave, as legacy packets."""
    places = [buffer(2 * number) for number in range(len(frames))]
    descriptors = [
        encode_legacy(place, len(frame), EOP=1, IFCS=1, RS=1) for place, frame in zip(places, frames, strict=True)
    ]
    pokes = [Poke(place, frame) for place, frame in zip(places, frames, strict=True)]
    return (pokes, Give(tuple(descriptors)), Sent(frames))


def counts(section: str, name: str, rule: str, *steps: Step | Steps) -> Program:
    return program(section, name, rule, transmitter(), steps)


def sized(counter: str, length: int) -> Program:
    """A frame of so many bytes, FCS included, is counted by this counter of sizes and no other."""
    others = {name: 0 for name in SIZES if name != counter}
    return counts(
        f"13.7.{45 + list(SIZES).index(counter)}",
        f"a-frame-of-{length}-bytes",
        f"{counter} counts frames of {SIZES[counter][0]} to {SIZES[counter][1]} bytes, FCS included.",
        (leave(plain_frame(length - FCS_BYTES)), counted(**{counter: 1}, **others)),
    )


PROGRAMS: tuple[Program, ...] = (
    *(sized(counter, length) for counter, bounds in SIZES.items() for length in sorted(set(bounds))),
    counts(
        "13.7.44",
        "packets-sent",
        "TPT counts every packet that left, GPTC the good ones.",
        (leave(*(plain_frame(60 + number) for number in range(5))), counted(TPT=5, GPTC=5)),
    ),
    counts(
        "13.7.30",
        "a-short-packet-is-no-good-one",
        "GPTC and GOTC count packets of 64 bytes and more, FCS included; TPT and TOT count all.",
        Write("TCTL", TRANSMITTING & ~TCTL.PSP.mask),
        (leave(plain_frame(40)), counted(TPT=1, TOTL=44, GPTC=0, GOTCL=0)),
    ),
    counts(
        "13.7.42",
        "octets-sent",
        "TOT and GOTC count the octets of packets from the address to the FCS.",
        (leave(plain_frame(60), plain_frame(61), plain_frame(1000))),
        counted(GOTCL=1121 + 3 * FCS_BYTES, TOTL=1121 + 3 * FCS_BYTES),
    ),
    counts(
        "13.7.44",
        "each-segment-is-a-packet",
        "Each frame of a send is counted, with its own length.",
        (send(TCP), sent(TCP), counted(TPT=3, GPTC=3, TOTL=OCTETS, GOTCL=OCTETS, PTC255=1, PTC511=2)),
    ),
    counts(
        "13.7.44",
        "what-does-not-leave-is-not-counted",
        "A context is no packet.",
        (Give((context(TCP),)), leave(plain_frame(60)), counted(TPT=1, TOTL=64)),
    ),
    counts(
        "13.7.51",
        "multicasts-sent",
        "MPTC counts packets to a group, BPTC those to all.",
        (leave(plain_frame(60, to=MULTICAST), plain_frame(60, to=MULTICAST)), counted(MPTC=2, BPTC=0)),
    ),
    counts(
        "13.7.52",
        "broadcasts-sent",
        "BPTC counts packets to all.",
        (leave(plain_frame(60, to=BROADCAST), plain_frame(60)), counted(BPTC=1)),
    ),
    counts(
        "13.7.51",
        "packets-to-one-station",
        "A packet to one station is neither multicast nor broadcast.",
        (leave(plain_frame(60, to=PEER)), counted(MPTC=0, BPTC=0)),
    ),
    counts(
        "13.7.51",
        "multicasts-of-full-length",
        "Every packet to a group is counted, whatever its length.",
        (leave(plain_frame(1514, to=MULTICAST), plain_frame(200, to=MULTICAST)), counted(MPTC=2)),
    ),
    counts(
        "13.7",
        "a-read-clears-a-count",
        "Reading a statistic clears it; then it counts from 0.",
        (leave(plain_frame(60)), counted(TPT=1, GPTC=1, PTC64=1), counted(TPT=0, GPTC=0, PTC64=0)),
        (leave(plain_frame(60)), counted(TPT=1, GPTC=1, PTC64=1)),
    ),
    counts(
        "13.7.32",
        "good-octets-are-cleared-by-the-high-half",
        "Reading the low half of a count of octets clears nothing; reading the high half clears both.",
        (leave(plain_frame(60)), Read("GOTCL", 64), Read("GOTCL", 64), Read("GOTCH", 0), Read("GOTCL", 0)),
    ),
    counts(
        "13.7.42",
        "total-octets-are-cleared-by-the-high-half",
        "Reading the low half of a count of octets clears nothing; reading the high half clears both.",
        (leave(plain_frame(60)), Read("TOTL", 64), Read("TOTL", 64), Read("TOTH", 0), Read("TOTL", 0)),
    ),
    counts(
        "13.7",
        "counts-are-each-their-own",
        "Clearing one statistic leaves the others.",
        (leave(plain_frame(60)), counted(TPT=1), leave(plain_frame(60)), counted(TPT=1, GPTC=2, PTC64=2, TOTL=128)),
    ),
)
