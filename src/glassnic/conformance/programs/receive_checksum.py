"""§3.2.9, §13.4.47: checksums of received packets. What is calculated, what is said of it, and what is not judged."""

from __future__ import annotations

from dataclasses import replace

from glassnic.conformance.program import MAC, Arrive, Delivered, Either, Program, Write, program
from glassnic.conformance.words import PEER, RECEIVING, incoming, receiver
from glassnic.driver.message import ADDRESSES, Message
from glassnic.spec.bits import Bits
from glassnic.spec.descriptors import RX
from glassnic.spec.fields import RCTL, RXCSUM
from glassnic.wire.checksum import checksum, ones_sum
from glassnic.wire.ethernet import ARP, IPV4, Ethernet
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.udp import PROTOCOL as UDP_PROTOCOL
from glassnic.wire.udp import Udp
from glassnic.wire.vlan import insert_tags

BOTH = RXCSUM.IPOFL.mask | RXCSUM.TUOFL.mask
ALL_THREE = BOTH | RXCSUM.IPV6OFL.mask
SOURCE, TARGET = ADDRESSES[4]
ICMP = 1
IP_SUM, TCP_SUM, UDP_SUM = 24, 50, 40
"""Where the checksums are in a plain frame."""

TCP = Message(to=MAC, payload=bytes(range(100)))
UDP = replace(TCP, tcp=False)
(TCP4,), (UDP4,) = TCP.frames(), UDP.frames()
(TCP6,) = replace(TCP, ipv6=True).frames()
(UDP6,) = replace(UDP, ipv6=True).frames()


def bent(frame: bytes, at: int) -> bytes:
    """The frame with one bit of this byte changed."""
    return frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1 :]


def around(packet: Ipv4) -> bytes:
    """A frame with this packet, its header's checksum right."""
    return Ethernet(MAC, PEER, IPV4, packet.sealed().encode()).encode()


OPTIONS = Ipv4(SOURCE, TARGET, UDP_PROTOCOL, UDP4[34:], options=b"\1" * 8)
FRAGMENT = Ipv4(SOURCE, TARGET, UDP_PROTOCOL, UDP4[34:], flags=1)
LATER_FRAGMENT = Ipv4(SOURCE, TARGET, UDP_PROTOCOL, bytes(80), flags=0, fragment_offset=185)
PING = Ipv4(SOURCE, TARGET, ICMP, bytes(range(64)))
UNSUMMED = Ipv4(SOURCE, TARGET, UDP_PROTOCOL, Udp(7, 7, bytes(range(64))).encode())
SNAP = TCP4[:12] + (len(TCP4) - 14 + 8).to_bytes(2, "big") + b"\xaa\xaa\3\0\0\0\x08\0" + TCP4[14:]
SHORT = replace(TCP, payload=b"ab").frames()[0]
TAGGED = insert_tags(TCP4, b"\x81\0\0\7")
ODD = replace(TCP, payload=bytes(range(101))).frames()[0]
LONG = replace(TCP, payload=bytes(range(250)) * 16).frames()[0]


def says(frame: bytes, *bits: Bits) -> Delivered:
    """These bits are set of those that then mean something: IPE only with IPCS, TCPE only with TCPCS (§3.2.3)."""
    mask = RX.IXSM.mask
    if RX.IXSM not in bits:
        mask |= RX.IPCS.mask | RX.TCPCS.mask
        mask |= RX.IPE.mask * (RX.IPCS in bits) | RX.TCPE.mask * (RX.TCPCS in bits)
    return Delivered(frame, sum(bit.mask for bit in bits), mask)


def judged(name: str, rule: str, frame: bytes, *bits: Bits, rxcsum: int = BOTH, rctl: int = RECEIVING) -> Program:
    """With these bits of RXCSUM a card says so of the frame."""
    return program(
        "3.2.9",
        name,
        rule,
        (receiver(rctl=rctl), Write("VET", 0x8100), Write("RXCSUM", rxcsum), Arrive((frame,)), says(frame, *bits)),
    )


def open_to(section: str, name: str, rule: str, frame: bytes, *readings: tuple[str, Delivered], rxcsum: int) -> Program:
    return program(section, name, rule, (receiver(), Write("RXCSUM", rxcsum), Arrive((frame,))), Either(readings))


GOOD = "Of TCP and UDP over IPv4 both checksums are calculated, and no error is said where both are right."
BAD = "A wrong checksum is said with an error bit; the frame is taken all the same."
NOT_BOTH = "What is not a whole segment or datagram has no TCP or UDP checksum to calculate: only the IP header's is."
NEITHER = "Where no checksum was calculated, IXSM says to ignore the other bits."

VERDICTS: tuple[Program, ...] = (
    judged("tcp", GOOD, TCP4, RX.IPCS, RX.TCPCS),
    judged("udp", GOOD, UDP4, RX.IPCS, RX.TCPCS),
    judged("an-odd-number-of-bytes", GOOD, ODD, RX.IPCS, RX.TCPCS),
    judged("a-tagged-packet", GOOD, TAGGED, RX.IPCS, RX.TCPCS),
    judged("a-packet-behind-snap", GOOD, SNAP, RX.IPCS, RX.TCPCS),
    judged("ip-options", GOOD, around(OPTIONS), RX.IPCS, RX.TCPCS),
    judged("tcp-options", GOOD, replace(TCP, options=b"\1" * 12).frames()[0], RX.IPCS, RX.TCPCS),
    program(
        "3.2.9",
        "a-long-packet",
        GOOD,
        (receiver(rctl=RECEIVING | RCTL.LPE.mask), Write("RXCSUM", BOTH), Arrive((LONG,))),
        replace(says(LONG, RX.IPCS, RX.TCPCS), descriptors=2),
    ),
    judged(
        "padding-is-not-summed",
        "What fills a short frame up does not count in its checksums.",
        SHORT + b"\xff" * (60 - len(SHORT)),
        RX.IPCS,
        RX.TCPCS,
    ),
    judged("a-wrong-tcp-checksum", BAD, bent(TCP4, TCP_SUM), RX.IPCS, RX.TCPCS, RX.TCPE),
    judged("a-bent-byte-of-the-payload", BAD, bent(TCP4, len(TCP4) - 1), RX.IPCS, RX.TCPCS, RX.TCPE),
    judged("a-wrong-udp-checksum", BAD, bent(UDP4, UDP_SUM), RX.IPCS, RX.TCPCS, RX.TCPE),
    judged("a-wrong-ip-checksum", BAD, bent(TCP4, IP_SUM), RX.IPCS, RX.TCPCS, RX.IPE),
    judged("a-wrong-ip-checksum-without-payload", BAD, bent(around(PING), IP_SUM), RX.IPCS, RX.IPE),
    judged("both-wrong", BAD, bent(bent(TCP4, IP_SUM), TCP_SUM), RX.IPCS, RX.TCPCS, RX.IPE, RX.TCPE),
    judged("a-first-fragment", NOT_BOTH, around(FRAGMENT), RX.IPCS),
    judged("a-later-fragment", NOT_BOTH, around(LATER_FRAGMENT), RX.IPCS),
    judged("another-protocol", NOT_BOTH, around(PING), RX.IPCS),
    judged("no-ip", NEITHER, incoming(100), RX.IXSM),
    judged("arp", NEITHER, Ethernet(MAC, PEER, ARP, bytes(46)).encode(), RX.IXSM),
    judged("another-ip-version", NEITHER, TCP4[:14] + b"\x75" + TCP4[15:], RX.IXSM),
    judged("ip-header-too-short", NEITHER, TCP4[:14] + b"\x44" + TCP4[15:], RX.IXSM),
    judged("both-off", NEITHER, TCP4, RX.IXSM, rxcsum=0),
    judged("both-off-and-both-wrong", NEITHER, bent(bent(TCP4, IP_SUM), TCP_SUM), RX.IXSM, rxcsum=0),
    judged("ipv6-without-ipv6ofl", NEITHER, TCP6, RX.IXSM, rxcsum=RXCSUM.IPOFL.mask),
    judged("ip-alone", "With IPOFL alone only the IP header is judged.", TCP4, RX.IPCS, rxcsum=RXCSUM.IPOFL.mask),
    judged(
        "ip-alone-and-wrong",
        "With IPOFL alone only the IP header is judged.",
        bent(bent(TCP4, IP_SUM), TCP_SUM),
        RX.IPCS,
        RX.IPE,
        rxcsum=RXCSUM.IPOFL.mask,
    ),
)


# What the manual leaves open

UNFILTERED = (
    "Whether a packet must pass the IP filter, with IPOFL, before its TCP checksum is calculated, is not clear."
)
IPV6 = "Whether this part judges TCP and UDP over IPv6, and by which bit, is not clear."

OPEN: tuple[Program, ...] = (
    open_to(
        "3.2.9",
        "tcp-alone",
        UNFILTERED,
        TCP4,
        ("TCP is judged", says(TCP4, RX.TCPCS)),
        ("IPv4 is not looked at", says(TCP4, RX.IXSM)),
        rxcsum=RXCSUM.TUOFL.mask,
    ),
    *(
        open_to(
            "3.2.9",
            f"{name}-over-ipv6",
            IPV6,
            frame,
            ("it is judged", says(frame, RX.TCPCS)),
            ("it is not judged", says(frame, RX.IXSM)),
            rxcsum=ALL_THREE,
        )
        for name, frame in (("tcp", TCP6), ("udp", UDP6))
    ),
    open_to(
        "3.2.9",
        "udp-without-a-checksum",
        "A UDP checksum field of 0 means that there is none; whether the card knows is not said.",
        around(UNSUMMED),
        ("it is not judged", says(around(UNSUMMED), RX.IPCS)),
        ("it is right", says(around(UNSUMMED), RX.IPCS, RX.TCPCS)),
        ("it is wrong", says(around(UNSUMMED), RX.IPCS, RX.TCPCS, RX.TCPE)),
        rxcsum=BOTH,
    ),
)


# The packet checksum


def field(value: int, frame: bytes) -> Delivered:
    return Delivered(frame, value << RX.CHECKSUM.lo, RX.CHECKSUM.mask)


def swapped(value: int) -> int:
    return (value & 0xFF) << 8 | value >> 8


def summed_from(start: int) -> Program:
    frame = incoming(200)
    plain, inverse = ones_sum(frame[start:]), checksum(frame[start:])
    return open_to(
        "3.2.3",
        f"the-packet-checksum-from-byte-{start}",
        "The packet checksum is the one's complement sum from byte RXCSUM.PCSS to the end, in one form or another.",
        frame,
        ("complemented", field(inverse, frame)),
        ("plain", field(plain, frame)),
        ("complemented, in the order of the wire", field(swapped(inverse), frame)),
        ("plain, in the order of the wire", field(swapped(plain), frame)),
        rxcsum=start,
    )


PROGRAMS: tuple[Program, ...] = (*VERDICTS, *OPEN, *map(summed_from, (0, 14, 34, 150)))
