"""§3.2.1, §9.3, §13.5.1 to §13.5.4: which frames are taken. Exact addresses, promiscuous bits, the hash, VLANs."""

from __future__ import annotations

from collections.abc import Iterable

from glassnic.conformance.program import (
    MAC,
    Arrive,
    Delivered,
    Either,
    Expectation,
    NotDelivered,
    Program,
    Step,
    Steps,
    Write,
    program,
)
from glassnic.conformance.words import PEER, RECEIVING, incoming, receiver, station
from glassnic.spec.descriptors import RX
from glassnic.spec.fields import RAH, RCTL
from glassnic.wire.ethernet import BROADCAST
from glassnic.wire.vlan import insert_tags

OTHER = bytes.fromhex("5254000000ee")
GROUP = bytes.fromhex("01005e0a9abc")
"""A multicast address as in the manual's example (§13.5.1): its last bytes are 9xh BCh."""
ENTRIES = 16
NARROW = RECEIVING & ~RCTL.BAM.mask
SHIFTS = (4, 3, 2, 0)
"""By RCTL.MO: how far the last 16 bits of an address are shifted to be the index of 12 bits (§13.5.1)."""
STANDARD_VET = 0x8100


def to(address: bytes) -> bytes:
    """A frame to this address, which one can tell by its payload too."""
    return incoming(64, address, number=address[5])


def sieve(
    section: str,
    name: str,
    rule: str,
    *steps: Step | Steps,
    refused: Iterable[bytes] = (),
    taken: Iterable[bytes] = (MAC,),
    rctl: int = RECEIVING,
) -> Program:
    """Of frames to these addresses, the refused ones first, only the others come."""
    unwanted, wanted = tuple(map(to, refused)), tuple(map(to, taken))
    return program(
        section,
        name,
        rule,
        (receiver(rctl=rctl), steps, Arrive((*unwanted, *wanted)), [Delivered(frame) for frame in wanted]),
        NotDelivered(),
    )


# Exact addresses

NEIGHBOURS = tuple((int.from_bytes(MAC, "big") ^ 1 << bit).to_bytes(6, "big") for bit in range(48))
"""Addresses that differ from the station's in one bit."""
STATIONS = tuple(OTHER[:5] + bytes([0xE0 + entry]) for entry in range(ENTRIES))


def alone(entry: int) -> Program:
    return sieve(
        "13.5.3",
        f"receive-address-{entry}",
        "Each of the 16 pairs of RAL and RAH that has AV takes its address, and no other.",
        station(OTHER, entry),
        station(MAC, 0, valid=0) if entry else (),
        refused=(MAC, PEER),
        taken=(OTHER,),
    )


EXACT: tuple[Program, ...] = (
    sieve("13.5.2", "all-48-bits-count", "All bits of an address are compared.", refused=NEIGHBOURS),
    *map(alone, (0, 1, 7, 14, 15)),
    sieve(
        "13.5.3",
        "all-receive-addresses-at-once",
        "All 16 receive addresses are compared.",
        [station(address, entry) for entry, address in enumerate(STATIONS)],
        refused=(MAC,),
        taken=STATIONS[:8],
    ),
    sieve(
        "13.5.3",
        "an-entry-without-av",
        "An entry of RAL and RAH whose AV is 0 takes nothing.",
        station(OTHER, 3, valid=0),
        refused=(OTHER,),
    ),
    sieve(
        "13.5.3",
        "an-entry-that-loses-av",
        "An entry of RAL and RAH takes nothing from when its AV is cleared.",
        (station(OTHER, 3), Write("RAH[3]", 0)),
        refused=(OTHER,),
    ),
    sieve(
        "13.5.3",
        "a-multicast-address-as-an-entry",
        "A receive address may be a multicast.",
        station(GROUP, 5),
        taken=(GROUP, MAC),
    ),
    sieve(
        "13.5.3",
        "an-entry-for-a-source",
        "With RAH.AS=01 the entry is compared with the source.",
        (Write("RAH[0]", 0), Write("RAL[2]", int.from_bytes(PEER[:4], "little"))),
        Write("RAH[2]", int.from_bytes(PEER[4:], "little") | 1 << RAH.AS.lo | RAH.AV.mask),
        taken=(OTHER,),
    ),
)


# Promiscuous bits and broadcasts

HASH_OF_BROADCAST = Write("MTA[127]", 1 << 31)

PROMISCUOUS: tuple[Program, ...] = (
    sieve("13.4.22", "other-stations", "Without UPE what goes to other stations is refused.", refused=(OTHER, PEER)),
    sieve(
        "13.4.22",
        "unicast-promiscuous",
        "With UPE what goes to any station is taken.",
        taken=(OTHER, MAC, PEER),
        rctl=RECEIVING | RCTL.UPE.mask,
    ),
    sieve(
        "13.4.22",
        "unicast-promiscuous-is-not-multicast-promiscuous",
        "UPE lets no multicast in.",
        refused=(GROUP,),
        rctl=RECEIVING | RCTL.UPE.mask,
    ),
    sieve("13.4.22", "multicasts", "Without MPE multicasts that no filter names are refused.", refused=(GROUP,)),
    sieve(
        "13.4.22",
        "multicast-promiscuous",
        "With MPE every multicast is taken.",
        taken=(GROUP, bytes.fromhex("333300000001"), MAC),
        rctl=RECEIVING | RCTL.MPE.mask,
    ),
    sieve(
        "13.4.22",
        "multicast-promiscuous-is-not-unicast-promiscuous",
        "MPE lets nothing in that goes to another station.",
        refused=(OTHER,),
        rctl=RECEIVING | RCTL.MPE.mask,
    ),
    sieve("13.4.22", "broadcasts", "With BAM broadcasts are taken.", taken=(BROADCAST, MAC)),
    sieve("13.4.22", "no-broadcasts", "Without BAM broadcasts are refused.", refused=(BROADCAST,), rctl=NARROW),
    sieve(
        "13.5.3",
        "broadcasts-by-an-exact-entry",
        "Without BAM a receive address of all ones takes broadcasts.",
        station(BROADCAST, 4),
        taken=(BROADCAST,),
        rctl=NARROW,
    ),
    sieve(
        "13.5.1",
        "broadcasts-by-the-hash",
        "Without BAM the multicast table takes broadcasts, if their bit is set.",
        HASH_OF_BROADCAST,
        taken=(BROADCAST,),
        rctl=NARROW,
    ),
    program(
        "13.4.22",
        "broadcasts-with-mpe-alone",
        "Whether broadcasts are multicasts to MPE is not said.",
        (receiver(rctl=NARROW | RCTL.MPE.mask), Arrive((to(BROADCAST),))),
        Either((("they are", Delivered(to(BROADCAST))), ("they are not", NotDelivered()))),
    ),
)


# The multicast table


def index_of(address: bytes, offset: int) -> int:
    """Which bit of the table an address has: 12 of its last 16 bits (§13.5.1)."""
    return (address[5] << 8 | address[4]) >> SHIFTS[offset] & 0xFFF


def listed(address: bytes, offset: int) -> Write:
    index = index_of(address, offset)
    return Write(f"MTA[{index >> 5}]", 1 << (index & 31))


def with_last(bits: int) -> bytes:
    """The group whose last 16 bits, as the table sees them, differ from `GROUP`'s in these."""
    return GROUP[:4] + ((GROUP[5] << 8 | GROUP[4]) ^ bits).to_bytes(2, "little")


def hashed(offset: int) -> Program:
    """Each of the 12 bits counts, and none of the other four."""
    shift = SHIFTS[offset]
    others = [bit for bit in range(16) if not shift <= bit < shift + 12]
    return sieve(
        "13.5.1",
        f"the-hash-with-mo-{offset}",
        f"With RCTL.MO={offset} bits {shift + 11}:{shift} of an address's last 16 are the index into the table.",
        listed(GROUP, offset),
        refused=[with_last(1 << (shift + bit)) for bit in range(12)],
        taken=(GROUP, *(with_last(1 << bit) for bit in others)),
        rctl=RECEIVING | offset << RCTL.MO.lo,
    )


def inexact(section: str, name: str, rule: str, *steps: Step | Steps, expected: Step, rctl: int = RECEIVING) -> Program:
    return program(section, name, rule, (receiver(rctl=rctl), steps, Arrive((to(GROUP),)), expected))


def pif(value: int, address: bytes = GROUP) -> Expectation:
    return Delivered(to(address), value * RX.PIF.mask, RX.PIF.mask)


FULL_TABLE = tuple(Write(f"MTA[{word}]", 0xFFFF_FFFF) for word in range(128))

HASH: tuple[Program, ...] = (
    *map(hashed, range(4)),
    sieve(
        "13.5.1",
        "the-manuals-example",
        "A group that ends in 9xh BCh has with MO=0 the index BC9h: bit 9 of MTA[94].",
        Write("MTA[94]", 1 << 9),
        taken=(GROUP,),
    ),
    sieve(
        "13.5.1",
        "a-full-table-takes-every-multicast",
        "With all bits of the table set every multicast is taken.",
        FULL_TABLE,
        taken=(GROUP, bytes.fromhex("333300000001"), bytes.fromhex("0180c200000e")),
    ),
    sieve(
        "13.5.1",
        "a-full-table-takes-no-other-station",
        "The multicast table is not asked about frames to one station.",
        FULL_TABLE,
        refused=(OTHER, PEER),
    ),
    inexact(
        "3.2.3.1",
        "a-frame-by-the-hash-alone",
        "A frame that only the multicast table lets in has PIF.",
        listed(GROUP, 0),
        expected=pif(1),
    ),
    inexact(
        "3.2.3.1",
        "a-multicast-by-an-exact-entry",
        "A frame that an exact entry lets in has no PIF.",
        station(GROUP, 1),
        expected=pif(0),
    ),
    inexact(
        "3.2.3.1",
        "a-multicast-by-entry-and-hash",
        "A frame that an exact entry lets in has no PIF, though the multicast table would take it too.",
        (station(GROUP, 1), listed(GROUP, 0)),
        expected=pif(0),
    ),
    program(
        "3.2.3.1",
        "a-frame-to-the-station",
        "A frame that an exact entry lets in has no PIF.",
        (receiver(), Arrive((to(MAC),)), pif(0, MAC)),
    ),
    inexact(
        "3.2.3.1",
        "a-multicast-by-mpe",
        "Whether MPE is an inexact filter is not said.",
        expected=Either((("it is none", pif(0)), ("it is one", pif(1)))),
        rctl=RECEIVING | RCTL.MPE.mask,
    ),
)


# VLANs


def tagged(vid: int, cfi: int = 0, priority: int = 0, vet: int = STANDARD_VET, address: bytes = MAC) -> bytes:
    tag = vet << 16 | priority << 13 | cfi << 12 | vid
    return insert_tags(incoming(64, address, number=vid), tag.to_bytes(4, "big"))


def member(vid: int) -> Write:
    """The bit of one VLAN (§13.5.4)."""
    return Write(f"VFTA[{vid >> 5}]", 1 << (vid & 31))


def vlans(
    name: str,
    rule: str,
    *steps: Step | Steps,
    refused: tuple[bytes, ...] = (),
    taken: tuple[bytes, ...] = (),
    rctl: int = RCTL.VFE.mask,
) -> Program:
    """Only VLAN 100 has its bit."""
    return program(
        "9.3",
        name,
        rule,
        (receiver(rctl=RECEIVING | rctl), Write("VET", STANDARD_VET), member(100), steps, Arrive((*refused, *taken))),
        ([Delivered(frame) for frame in taken], NotDelivered()),
    )


def only(vid: int) -> Program:
    others = tuple(vid ^ 1 << bit for bit in range(12))
    return program(
        "13.5.4",
        f"vlan-{vid}",
        "VID 11:5 choose the word of the VLAN table, VID 4:0 its bit.",
        (receiver(rctl=RECEIVING | RCTL.VFE.mask), Write("VET", STANDARD_VET), member(vid)),
        (Arrive((*map(tagged, others), tagged(vid))), Delivered(tagged(vid)), NotDelivered()),
    )


COMPARED = RCTL.VFE.mask | RCTL.CFIEN.mask

VLANS: tuple[Program, ...] = (
    *map(only, (0, 1, 31, 32, 2047, 4095)),
    vlans("without-vfe", "Without RCTL.VFE every VLAN is taken.", taken=(tagged(7), tagged(100)), rctl=0),
    vlans("untagged-frames", "The VLAN filter does not look at frames without a tag.", taken=(to(MAC), tagged(100))),
    vlans(
        "the-address-counts-too",
        "A tagged frame must pass the address filter as well.",
        refused=(tagged(100, address=OTHER),),
        taken=(tagged(100),),
    ),
    vlans("priority-does-not-count", "The filter looks at the VID, not at the priority.", taken=(tagged(100, 0, 7),)),
    vlans("cfi-without-cfien", "Without CFIEN the CFI bit is not compared.", taken=(tagged(100), tagged(100, cfi=1))),
    vlans(
        "cfi-must-be-0",
        "With CFIEN the CFI bit must be as RCTL.CFI says: 0 here.",
        refused=(tagged(100, cfi=1),),
        taken=(tagged(100),),
        rctl=COMPARED,
    ),
    vlans(
        "cfi-must-be-1",
        "With CFIEN the CFI bit must be as RCTL.CFI says: 1 here.",
        refused=(tagged(100),),
        taken=(tagged(100, cfi=1),),
        rctl=COMPARED | RCTL.CFI.mask,
    ),
    vlans(
        "another-type",
        "What is a tag is said by VET: frames of another type are taken for untagged.",
        Write("VET", 0x88A8),
        refused=(tagged(7, vet=0x88A8),),
        taken=(tagged(7), tagged(100, vet=0x88A8)),
    ),
)

PROGRAMS: tuple[Program, ...] = EXACT + PROMISCUOUS + HASH + VLANS
