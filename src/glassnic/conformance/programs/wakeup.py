"""§6.4, §13.6: wake-up. Which frames wake a card in D3, and what it keeps of the first one.

What a card wakes for is read in WUS when it is awake again: no reset clears it (§14.7). It is cleared before and after.
"""

from __future__ import annotations

from struct import pack

from glassnic.conformance.program import (
    ALL,
    MAC,
    Arrive,
    Either,
    Power,
    Program,
    Read,
    Reset,
    Step,
    Steps,
    Wait,
    Write,
    program,
)
from glassnic.conformance.words import MS, PEER, station
from glassnic.spec.fields import CTRL, RCTL, WAKE, WUC
from glassnic.wire.arp import REPLY, REQUEST, Arp
from glassnic.wire.ethernet import ARP, BROADCAST, IPV4, IPV6, MIN_FRAME_BYTES

GROUP = bytes.fromhex("01005e0090bc")
GROUP_WORD = Write("MTA[94]", 1 << 9)
"""The place of `GROUP` in the hash, with MO=00 (§13.5.1)."""
OUR_IP, OTHER_IP = bytes([10, 2, 2, 10]), bytes([10, 2, 2, 11])
"""Ours reads the same in both orders of bytes, and so does the IPv6 address."""
OUR_IP6 = b"\x20" * 16
VALID = 0x1_0001
"""IPAV: the first IPv4 address and the IPv6 one."""
HEARING = RCTL.EN.mask | RCTL.BAM.mask
CLEAR = Write("WUS", ALL)


def frame(to: bytes, ethertype: int = 0x88B5, payload: bytes = b"") -> bytes:
    return (to + PEER + ethertype.to_bytes(2, "big") + payload).ljust(MIN_FRAME_BYTES, b"\0")


def arp(target: bytes, operation: int = REQUEST) -> bytes:
    return Arp(operation, PEER, OTHER_IP, bytes(6), target).encode()


def ipv4(to: bytes) -> bytes:
    return pack(">BBHHHBBH4s4s", 0x45, 0, 20, 0, 0, 64, 17, 0, OTHER_IP, to)


def ipv6(to: bytes) -> bytes:
    return pack(">IHBB16s16s", 6 << 28, 0, 59, 64, bytes(16), to)


MAGIC = frame(MAC, payload=b"\xff" * 6 + MAC * 16)
MAGIC_TO_ALL = frame(BROADCAST, payload=b"\xff" * 6 + MAC * 16)
TO_US = frame(MAC)
WAKING = {
    "a-magic-packet": (WAKE.MAG, MAGIC),
    "magic-in-the-middle": (WAKE.MAG, frame(MAC, payload=bytes(30) + b"\xff" * 6 + MAC * 16 + bytes(9))),
    "an-exact-address": (WAKE.EX, TO_US),
    "a-multicast": (WAKE.MC, frame(GROUP)),
    "a-broadcast": (WAKE.BC, frame(BROADCAST)),
    "an-arp-request-for-us": (WAKE.ARP, frame(BROADCAST, ARP, arp(OUR_IP))),
    "an-ipv4-packet-to-us": (WAKE.IPv4, frame(MAC, IPV4, ipv4(OUR_IP))),
    "an-ipv6-packet-to-us": (WAKE.IPv6, frame(MAC, IPV6, ipv6(OUR_IP6))),
}
OTHERS = {
    "magic-with-a-copy-too-few": (WAKE.MAG, frame(MAC, payload=b"\xff" * 6 + MAC * 15)),
    "magic-of-another": (WAKE.MAG, frame(MAC, payload=b"\xff" * 6 + PEER * 16)),
    "a-broadcast-by-the-exact-filter": (WAKE.EX, frame(BROADCAST)),
    "a-broadcast-by-the-multicast-filter": (WAKE.MC, frame(BROADCAST)),
    "a-multicast-by-the-broadcast-filter": (WAKE.BC, frame(GROUP)),
    "an-arp-request-for-another": (WAKE.ARP, frame(BROADCAST, ARP, arp(OTHER_IP))),
    "an-arp-reply": (WAKE.ARP, frame(BROADCAST, ARP, arp(OUR_IP, REPLY))),
    "an-ipv4-packet-to-another": (WAKE.IPv4, frame(MAC, IPV4, ipv4(OTHER_IP))),
    "an-ipv6-packet-to-another": (WAKE.IPv6, frame(MAC, IPV6, ipv6(bytes(16)))),
}


def sleep(wufc: int, *frames: bytes, rctl: int = HEARING, wuc: int = WUC.PME_En.mask) -> Steps:
    """Get ready, fall asleep, hear these frames, wake up."""
    tables = (Write("IP4AT[0]", int.from_bytes(OUR_IP, "little")), Write("IPAV", VALID), GROUP_WORD)
    address = [Write(f"IP6AT[{at}]", 0x2020_2020) for at in range(4)]
    ready = (CLEAR, station(MAC), tables, address, Write("WUFC", wufc), Write("WUC", wuc), Write("RCTL", rctl))
    return (ready, Power(True), Arrive(frames), Wait(2 * MS), Power(False), Wait(2 * MS))


def woken(reasons: int) -> Read:
    return Read("WUS", reasons, WAKE.FLX.mask | 0xFF)


def wakes(section: str, name: str, rule: str, *steps: Step | Steps) -> Program:
    return program(section, name, rule, *steps, CLEAR)


FILTERS: tuple[Program, ...] = (
    *(
        wakes(
            "6.4.3",
            f"{name}-wakes",
            "In D3 a frame that passes the address filters and one that WUFC enables wakes the card; WUS says why.",
            (sleep(bits.mask, waking), woken(bits.mask)),
        )
        for name, (bits, waking) in WAKING.items()
    ),
    *(
        wakes(
            "6.4.3",
            f"{name}-wakes-nobody",
            "A frame that the enabled filter does not look for wakes nobody.",
            (sleep(bits.mask, other), woken(0)),
        )
        for name, (bits, other) in OTHERS.items()
    ),
    wakes(
        "13.6.2",
        "a-filter-that-is-off",
        "Without its bit in WUFC a filter wakes nobody.",
        (sleep(WAKE.BC.mask, MAGIC), woken(0)),
    ),
    wakes(
        "13.6.2",
        "two-filters-at-once",
        "Where several filters match, WUS tells all.",
        (sleep(WAKE.MAG.mask | WAKE.EX.mask, MAGIC), woken(WAKE.MAG.mask | WAKE.EX.mask)),
    ),
    wakes(
        "6.4.2",
        "a-frame-that-no-address-filter-takes",
        "What is not for the station wakes nobody, whatever it holds.",
        (sleep(WAKE.MAG.mask | WAKE.EX.mask, frame(PEER, payload=b"\xff" * 6 + MAC * 16)), woken(0)),
    ),
    wakes(
        "6.4.3",
        "magic-to-everybody",
        "A magic packet may be a broadcast, even without RCTL.BAM.",
        (sleep(WAKE.MAG.mask, MAGIC_TO_ALL, rctl=RCTL.EN.mask), woken(WAKE.MAG.mask)),
    ),
    wakes(
        "6.4.1",
        "advanced-power-management",
        "With WUC.APME a magic packet wakes, though WUFC enables nothing.",
        (sleep(0, MAGIC, wuc=WUC.APME.mask), woken(WAKE.MAG.mask)),
    ),
    *(
        wakes(
            "13.6.9",
            f"a-flexible-filter-that-{'matches' if same else 'differs-in-a-byte'}",
            "A flexible filter compares the bytes that its mask chooses, up to its length.",
            [Write(f"FFMT[{at}]", int(at >= 12)) for at in range(16)],
            [Write(f"FFVT[{at}]", TO_US[at] ^ (at == 15 and not same)) for at in range(16)],
            Write("FFLT[0]", 16),
            (sleep(1 << WAKE.FLX.lo, TO_US), woken(same << WAKE.FLX.lo)),
        )
        for same in (1, 0)
    ),
)
KEPT: tuple[Program, ...] = (
    wakes(
        "6.4.2",
        "the-first-frame-counts",
        "After one frame that woke, others change nothing until WUS is cleared.",
        (sleep(WAKE.MAG.mask | WAKE.BC.mask, MAGIC, frame(BROADCAST)), woken(WAKE.MAG.mask)),
    ),
    wakes(
        "13.6.8",
        "the-frame-that-woke",
        "WUPM holds the beginning of the frame that woke.",
        (sleep(WAKE.MAG.mask, MAGIC), woken(WAKE.MAG.mask)),
        [Read(f"WUPM[{at}]", int.from_bytes(MAGIC[4 * at : 4 * at + 4], "little")) for at in (0, 3, 15)],
    ),
    wakes(
        "13.6.7",
        "the-length-of-the-frame-that-woke",
        "WUPL is the length of the frame that woke; whether the FCS counts is not said.",
        (sleep(WAKE.MAG.mask, MAGIC), woken(WAKE.MAG.mask)),
        Either((("without FCS", Read("WUPL", len(MAGIC))), ("with FCS", Read("WUPL", len(MAGIC) + 4)))),
    ),
    wakes(
        "13.6.3",
        "wus-is-cleared-by-software",
        "Software clears WUS by writing it.",
        (sleep(WAKE.MAG.mask, MAGIC), woken(WAKE.MAG.mask), CLEAR, woken(0)),
    ),
    wakes(
        "14.7",
        "wus-outlives-rst",
        "RST# leaves WUS and what is kept of the frame.",
        (sleep(WAKE.MAG.mask, MAGIC), Reset(), Wait(2 * MS), woken(WAKE.MAG.mask)),
        Read("WUPM[0]", int.from_bytes(MAGIC[:4], "little")),
    ),
    wakes(
        "14.7",
        "wus-outlives-a-reset",
        "CTRL.RST leaves WUS and what is kept of the frame.",
        (sleep(WAKE.MAG.mask, MAGIC), Write("CTRL", CTRL.RST.mask), Wait(2 * MS), woken(WAKE.MAG.mask)),
        Read("WUPM[0]", int.from_bytes(MAGIC[:4], "little")),
    ),
)

PROGRAMS: tuple[Program, ...] = FILTERS + KEPT
