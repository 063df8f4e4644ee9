"""§9.2, §3.2.3.3: the tag of a received frame. With CTRL.VME it goes to SPECIAL; else it stays where it was."""

from __future__ import annotations

from glassnic.conformance.program import Arrive, Delivered, Program, Read, Step, Steps, Until, Write, program
from glassnic.conformance.words import RECEIVING, incoming, receiver, with_fcs
from glassnic.spec.descriptors import RX
from glassnic.spec.fields import CTRL, RCTL
from glassnic.wire.vlan import TAG_BYTES, insert_tags

VET = 0x8100
UNTAGGED = incoming(100)
STRIPPING = Write("CTRL", CTRL.SLU.mask | CTRL.FD.mask | CTRL.VME.mask)
SMALL = 256
FCS_BYTES = 4
STATUS = RX.VP.mask | RX.SPECIAL.mask


def tagged(tag: int, frame: bytes = UNTAGGED, vet: int = VET) -> bytes:
    """The frame with this tag: priority, CFI and VID in 16 bits."""
    return insert_tags(frame, (vet << 16 | tag).to_bytes(4, "big"))


def stripped(tag: int, frame: bytes = UNTAGGED, descriptors: int = 1) -> Delivered:
    """The frame without its tag, which SPECIAL holds."""
    return Delivered(frame, RX.VP.mask | tag << RX.SPECIAL.lo, STATUS, descriptors)


def unstripped(frame: bytes) -> Delivered:
    """The frame as it came; no tag is told of."""
    return Delivered(frame, 0, STATUS)


def strips(name: str, rule: str, *steps: Step | Steps, rctl: int = RECEIVING, size: int = 2048) -> Program:
    return program("9.2", name, rule, (receiver(rctl=rctl, size=size), Write("VET", VET), STRIPPING, steps))


def keeps(name: str, rule: str, *steps: Step | Steps) -> Program:
    return program("9.2", name, rule, (receiver(), Write("VET", VET), steps))


def tells(tag: int) -> Program:
    return strips(
        f"tag-{tag:04x}",
        "With CTRL.VME the tag is taken out; VP is set, and SPECIAL holds priority, CFI and VID as they came.",
        (Arrive((tagged(tag),)), stripped(tag)),
    )


PROGRAMS: tuple[Program, ...] = (
    *map(tells, (0x0000, 0x0001, 0x0FFF, 0x1005, 0x2001, 0xE064, 0xFFFF)),
    strips(
        "frames-with-and-without-a-tag",
        "With CTRL.VME each frame is looked at by itself: one without a tag has VP=0 and SPECIAL=0.",
        (Arrive((tagged(7), UNTAGGED, tagged(0x2003))), stripped(7), unstripped(UNTAGGED), stripped(0x2003)),
    ),
    strips(
        "the-outer-tag-only",
        "Of two tags the first is taken out.",
        (Arrive((tagged(7, tagged(9)),)), stripped(7, tagged(9))),
    ),
    strips(
        "a-short-frame-becomes-shorter",
        "A frame of 64 bytes is 4 bytes shorter in memory when its tag is taken out.",
        (Arrive((tagged(7, incoming(56)),)), stripped(7, incoming(56))),
    ),
    strips(
        "the-longest-frame",
        "A frame of 1522 bytes with its tag is taken, and is 1514 in memory without tag and FCS.",
        (Arrive((tagged(7, incoming(1514)),)), stripped(7, incoming(1514))),
    ),
    strips(
        "vp-in-the-last-descriptor",
        "Of a frame in several buffers the last descriptor tells of the tag.",
        (Arrive((tagged(0x6007, incoming(600)),)), stripped(0x6007, incoming(600), 3)),
        rctl=RECEIVING | RCTL.BSIZE.mask,
        size=SMALL,
    ),
    strips(
        "no-buffer-for-the-tag",
        "The tag that was taken out takes no room: what is left fills one buffer.",
        (Arrive((tagged(7, incoming(SMALL)),)), stripped(7, incoming(SMALL))),
        rctl=RECEIVING | RCTL.BSIZE.mask,
        size=SMALL,
    ),
    strips(
        "the-type-by-vet",
        "What a tag is, is said by VET alone.",
        (Write("VET", 0x88A8), Arrive((tagged(7), tagged(9, vet=0x88A8)))),
        (unstripped(tagged(7)), stripped(9)),
    ),
    strips(
        "the-type-elsewhere",
        "Only right behind the addresses a tag is one.",
        (Arrive((UNTAGGED[:20] + VET.to_bytes(2, "big") * 10 + UNTAGGED[40:],))),
        unstripped(UNTAGGED[:20] + VET.to_bytes(2, "big") * 10 + UNTAGGED[40:]),
    ),
    strips(
        "stripping-that-ends",
        "Clearing CTRL.VME leaves the tags of frames that come from then on.",
        (Arrive((tagged(7),)), stripped(7), Write("CTRL", CTRL.SLU.mask | CTRL.FD.mask)),
        (Arrive((tagged(7),)), unstripped(tagged(7))),
    ),
    strips(
        "the-length-counts-no-tag",
        "The length in the descriptor is that of what lies in memory.",
        (Arrive((tagged(7),)), Until("RDH", 0xFFFF, 1)),
        Delivered(UNTAGGED, len(UNTAGGED), RX.LENGTH.mask),
    ),
    keeps(
        "without-vme",
        "Without CTRL.VME a tag stays in the frame, VP is 0, and SPECIAL is 0.",
        (Arrive((tagged(0x2064), UNTAGGED)), unstripped(tagged(0x2064)), unstripped(UNTAGGED)),
    ),
    keeps(
        "the-longest-frame-without-vme",
        "A frame of 1522 bytes with its tag is taken whole.",
        (Arrive((tagged(7, incoming(1514)),)), unstripped(tagged(7, incoming(1514)))),
    ),
    program(
        "9.2",
        "the-fcs-of-a-tagged-frame",
        "With RCTL.SECRC=0 and without CTRL.VME the FCS lies behind the tagged frame.",
        (receiver(rctl=RECEIVING & ~RCTL.SECRC.mask), Write("VET", VET)),
        (Arrive((tagged(7),)), Delivered(with_fcs(tagged(7)))),
    ),
    program(
        "13.7.27",
        "a-stripped-frame-is-counted-as-it-came",
        "Octets are counted with the tag, though it is taken out.",
        (receiver(), Write("VET", VET), STRIPPING, Arrive((tagged(7),)), stripped(7)),
        Read("GORCL", len(UNTAGGED) + TAG_BYTES + FCS_BYTES),
    ),
)
