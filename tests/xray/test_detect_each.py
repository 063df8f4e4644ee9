"""Does each finding happen when a driver makes its mistake, with its sentence? One mistake for each, by descriptors."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from glassnic.spec import findings as f
from glassnic.spec.fields import CTRL
from glassnic.spec.findings import FINDINGS, Finding
from glassnic.spec.registers import R
from glassnic.wire import ethernet, ipv4, udp
from glassnic.wire.checksum import pseudo_sum
from glassnic.wire.ethernet import Ethernet
from glassnic.wire.ipv6 import Ipv6
from glassnic.wire.udp import Udp
from glassnic.xray.story import Origin
from recorded import HERE, L4, SUMS, THERE, UDP_CONTEXT, datagram, found_in, in_ip, segmentation, send
from workbench import EN, MAC, PEER, WHOLE, Workbench, frame

pytestmark = pytest.mark.kernel

HERE6, THERE6 = bytes(range(16)), bytes(range(16, 32))
L4_OF_IPV6 = 14 + 40
TSO = {"TSE": 1, **WHOLE, **SUMS}
RING = 8
"""Descriptors of the ring of the scenes: the least there is."""

Scene = Callable[[Workbench], object]


def over_ipv6(seed: int) -> bytes:
    """UDP over IPv6, with this in the checksum field."""
    packet = Ipv6(HERE6, THERE6, udp.PROTOCOL, Udp(40000, 5001, bytes(30), seed).encode())
    return Ethernet(PEER, MAC, ethernet.IPV6, packet.encode()).encode()


def ask(bench: Workbench, packet: bytes, context: dict[str, int] = UDP_CONTEXT, **bits: int) -> None:
    bench.load(**context)
    bench.send(packet, **(SUMS | bits))


def cut(bench: Workbench, **changes: int) -> None:
    bench.load(**segmentation(250, **changes))
    bench.send(send(250), TSE=1, **SUMS)


def after_a_reset(bench: Workbench) -> None:
    bench.load(**UDP_CONTEXT)
    bench.reset()
    bench.open_transmit()
    bench.send(datagram(), **SUMS)


def both_contexts(bench: Workbench) -> None:
    bench.load(**UDP_CONTEXT)
    ask(bench, datagram(), segmentation(250))


def in_two_parts(bench: Workbench, at: int, first: dict[str, int], last: dict[str, int]) -> None:
    packet = datagram()
    bench.load(**UDP_CONTEXT)
    bench.give(bench.data(packet[:at], **first), bench.data(packet[at:], EOP=1, **last))


def split_header(bench: Workbench) -> None:
    packet = send(250)
    bench.load(**segmentation(250))
    bench.give(bench.data(packet[:40], **(TSO | {"EOP": 0})), bench.data(packet[40:], **TSO))


def a_lap_without_rs(bench: Workbench) -> None:
    bench.open_transmit(RING)
    for _ in range(RING + 1):
        bench.send(frame())


def of_a_fragment(bench: Workbench) -> None:
    packet = bytearray(datagram())
    packet[20] |= ipv4.MORE_FRAGMENTS << 5
    ask(bench, bytes(packet))


def tagged(bench: Workbench, *, vet: int = 0x8100, enabled: int = CTRL.VME.mask) -> None:
    bench.write(R.VET, vet)
    bench.set_bits(R.CTRL, enabled)
    bench.send(frame(), VLE=1, SPECIAL=7)


def without_padding(bench: Workbench) -> None:
    bench.write(R.TCTL, EN)
    bench.send(frame(50))


class Case(NamedTuple):
    """What the driver does, and what is told of it."""

    scene: Scene
    sentence: str
    profile: str = "manual"


CASES: dict[Finding, Case] = {
    f.CONTEXT_BEFORE_RESET: Case(
        after_a_reset, "the packet relies on the context that descriptor 0 loaded before the reset, which made it void"
    ),
    f.CONTEXT_OF_OTHER_KIND: Case(
        both_contexts,
        "the packet has DCMD.TSE=0, but the context it was given is the one that descriptor 1 loaded with TUCMD.TSE=1",
        "one-context",
    ),
    f.OPTION_MISPLACED: Case(
        lambda bench: in_two_parts(bench, 50, {"IFCS": 1}, {"IFCS": 1, "TXSM": 1}),
        "descriptor 2 gives POPTS as 0x2, to no effect: the first descriptor of the packet counts, and it says 0x0",
    ),
    f.HEADER_SPLIT: Case(
        split_header,
        "the prototype header is split at offset 40, inside a header: "
        "each buffer has to hold whole ones, which end at 14, 34, 54",
    ),
    f.RESERVED_BITS: Case(
        lambda bench: bench.send_legacy(frame(), RPS=1),
        "descriptor 0 sets reserved bits of its second quadword: 0x10000000",
    ),
    f.NO_REPORT: Case(
        a_lap_without_rs,
        "8 descriptors in a row, a whole lap of the ring up to descriptor 0, "
        "ask for no report (RS): their completion cannot be seen",
    ),
    f.KIND_WRONG: Case(
        lambda bench: cut(bench, TCP=0),
        "TUCMD has IP=1 and TCP=0, but the packet is TCP over IPv4: other fields are rewritten than it has",
    ),
    f.HEADER_MISPLACED: Case(
        lambda bench: cut(bench, IPCSS=18),
        "IPCSS is 18, but the IPv4 header begins at 14: its fields are rewritten elsewhere",
    ),
    f.HDRLEN_WRONG: Case(
        lambda bench: cut(bench, HDRLEN=66, PAYLEN=238), "HDRLEN is 66, but the headers of the packet end at 54"
    ),
    f.RANGE_WRONG: Case(
        lambda bench: ask(bench, datagram(), UDP_CONTEXT | {"TUCSE": 50}),
        "bytes 34 to 50 were summed for UDP, which lies at 34 to 71",
    ),
    f.SUM_MISPLACED: Case(
        lambda bench: ask(bench, datagram(), UDP_CONTEXT | {"TUCSO": L4 + 16}),
        "the UDP checksum is stored at offset 50, a place that is not the protocol's: it belongs at 40",
    ),
    f.PAYLOAD_OVERWRITTEN: Case(
        lambda bench: ask(bench, datagram(), UDP_CONTEXT | {"TUCSO": L4 + 16}),
        "the checksum stored at offset 50 overwrote bytes 8 and 9 of the UDP payload",
    ),
    f.SEED_WRONG: Case(
        lambda bench: ask(bench, datagram(seed=pseudo_sum(HERE, THERE, udp.PROTOCOL, 0))),
        "the driver left 0x1414 in the UDP checksum field, where 0x143a belongs: "
        "the sum of the pseudo header with its length",
    ),
    f.SUM_UNWANTED: Case(
        lambda bench: ask(bench, over_ipv6(1), {"IPCSS": 14, "IPCSO": 24, "IPCSE": 53}, TXSM=0),
        "an IP checksum is stored at offset 24, but the packet is IPv6, which has none",
    ),
    f.SUM_OF_FRAGMENT: Case(
        of_a_fragment, "a UDP checksum is inserted into a fragment: it covers no more than this part of the packet"
    ),
    f.SUM_INACCURATE: Case(
        lambda bench: ask(bench, datagram(bytes(13000))),
        "a checksum is asked for in a frame of 13042 bytes: above 12 KB the card does not sum accurately",
    ),
    f.SUM_NOT_ASKED: Case(
        lambda bench: ask(bench, datagram(), TXSM=0),
        "the UDP checksum was left for the card to make, but TXSM is not set",
    ),
    f.UDP_SUM_ZERO: Case(
        lambda bench: bench.send(over_ipv6(0)),
        "the UDP checksum that left is 0, which means that there is none, and over IPv6 there has to be one",
    ),
    f.SUM_WRONG: Case(
        lambda bench: ask(bench, datagram(seed=1), TXSM=0), "the UDP checksum that left is 0x0001; right is 0x0489"
    ),
    f.LENGTH_WRONG: Case(
        lambda bench: ask(bench, in_ip(253, bytes(60), length=100), TXSM=0),
        "the IPv4 header tells of 100 bytes, but 80 follow in the frame",
    ),
    f.TAG_TYPE_ODD: Case(
        lambda bench: tagged(bench, vet=0),
        "the tag that was inserted has the type 0x0000, which announces no tag: VET should be 0x8100",
    ),
    f.TAG_NOT_INSERTED: Case(
        lambda bench: tagged(bench, enabled=0), "VLE asks for a VLAN tag, but CTRL.VME is off: none is inserted"
    ),
    f.FRAME_SHORT: Case(
        without_padding, "the frame has 54 bytes with its FCS, and Ethernet's shortest has 64: nothing padded it"
    ),
}


def test_every_finding_has_its_case() -> None:
    assert list(CASES) == list(FINDINGS)


@pytest.mark.parametrize("kind", FINDINGS, ids=lambda kind: kind.code)
def test_a_finding_is_told_in_its_sentence(kind: Finding) -> None:
    case = CASES[kind]
    bench = Workbench(profile=case.profile)
    case.scene(bench)
    told = [one for one in found_in(bench, Origin(profile=case.profile)) if one.code == kind.code]
    assert [one.sentence for one in told[:1]] == [case.sentence]
    assert (told[0].severity, told[0].section) == (kind.severity, kind.section)
