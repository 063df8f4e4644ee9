"""What does one guest's traffic look like after a card with two contexts, and after one with a single context?

The guest loads each context once (§3.5.5, §3.6), then mixes segmented TCP, checksummed UDP and plain frames. What
should reach the peer is made without the card, by `wire`, and compared byte by byte with what does. Then a host makes
the UDP checksums anew, as many do, and an application reads its data.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from glassnic.device.nic import Nic
from glassnic.device.ports import FlatMemory
from glassnic.driver import Driver, InProcess
from glassnic.driver.driver import FOOTPRINT_BYTES
from glassnic.spec.profiles import PROFILES
from glassnic.wire import ethernet, tcp, udp
from glassnic.wire.checksum import pseudo_sum
from glassnic.wire.ethernet import Ethernet
from glassnic.wire.ipv4 import CHECKSUM_OFFSET as IP_CHECKSUM
from glassnic.wire.ipv4 import HEADER_BYTES as IP_BYTES
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.octets import ParseError
from glassnic.wire.tcp import Tcp
from glassnic.wire.udp import Udp
from glassnic.wire.verdict import State, Verdict, verify

GUEST_MAC, PEER_MAC = ethernet.mac("52:54:00:12:34:56"), ethernet.mac("52:54:00:12:34:57")
GUEST_IP, PEER_IP = bytes([10, 0, 0, 2]), bytes([10, 0, 0, 1])
RINGS_AT = 0x10000
ETHERTYPE_OF_OURS = 0x88B5
"""Reserved for experiments: the plain frame carries no IP."""

L3 = ethernet.HEADER_BYTES
L4 = L3 + IP_BYTES
MSS = 536
STREAM = bytes(range(65, 91)) * 50
"""The bytes of one segmented send: 1,300, three frames."""
TCP_HEADER = L4 + tcp.HEADER_BYTES
UDP_SUM, TCP_SUM = L4 + udp.CHECKSUM_OFFSET, L4 + tcp.CHECKSUM_OFFSET
UDP_PAYLOAD = L4 + udp.HEADER_BYTES

IP_RANGE = {"IPCSS": L3, "IPCSO": L3 + IP_CHECKSUM, "IPCSE": L4 - 1}
PLAIN_CONTEXT = IP_RANGE | {"TUCSS": L4, "TUCSO": UDP_SUM}
SEGMENTATION_CONTEXT = IP_RANGE | {
    "TUCSS": L4, "TUCSO": TCP_SUM, "TSE": 1, "IP": 1, "TCP": 1, "HDRLEN": TCP_HEADER, "MSS": MSS, "PAYLEN": len(STREAM),
}  # fmt: skip
DAMAGE = frozenset({UDP_SUM, UDP_SUM + 1, TCP_SUM, TCP_SUM + 1})
"""Where a datagram is wrong when its checksum goes to TCP's place: there, and where it is missed."""


class Expected(NamedTuple):
    """A frame that should reach the peer; `data` is what an application then reads from it."""

    title: str
    frame: bytes
    data: bytes


class Sending(NamedTuple):
    """One packet as the guest gives it to the card, its descriptor bits, and the frames that it asks for."""

    packet: bytes
    bits: dict[str, int]
    expected: tuple[Expected, ...]


class Arrival(NamedTuple):
    """A frame at the peer (empty: it never came), and the one expected; `corrected`: as a helpful host passes it on."""

    expected: Expected
    frame: bytes
    corrected: bytes

    @property
    def differs(self) -> list[int]:
        """Offsets of the bytes that are not as they should be."""
        pairs = enumerate(zip_longest(self.expected.frame, self.frame))
        return [offset for offset, (wanted, found) in pairs if wanted != found]

    @property
    def on_the_wire(self) -> Verdict:
        return verify(self.frame)

    @property
    def at_the_host(self) -> Verdict:
        return verify(self.corrected)

    @property
    def read(self) -> bytes:
        """What the application reads, once the host has corrected the checksum."""
        return _data(self.corrected)

    @property
    def spoilt(self) -> bool:
        return self.read != self.expected.data


class Outcome(NamedTuple):
    """All frames of one run under one profile."""

    profile: str
    arrivals: list[Arrival]
    rows: tuple[tuple[int, ...], ...] = ()
    """What the card recorded meanwhile."""

    @property
    def shares_context(self) -> bool:
        """The card keeps both contexts in one place, so whichever was loaded last is used by all."""
        traits = PROFILES[self.profile]
        return traits.plain_slot == traits.segmented_slot

    @property
    def damaged(self) -> list[Arrival]:
        return [arrival for arrival in self.arrivals if arrival.differs]

    @property
    def holds(self) -> bool:
        """Did the card do what its traits foretell? Two contexts: every byte right. One: the datagrams, and only they,
        carry their checksum at TCP's place; corrected, every sum is right and the application's bytes are not."""
        if not self.shares_context:
            return not self.damaged
        offloaded = [arrival for arrival in self.arrivals if arrival.expected.title == OFFLOADED]
        return self.damaged == offloaded and all(_is_the_corruption(arrival) for arrival in offloaded)


def _is_the_corruption(arrival: Arrival) -> bool:
    wrong_on_the_wire = [found.of for found in arrival.on_the_wire.wrong] == ["UDP"]
    hidden = bool(arrival.at_the_host.sums) and not arrival.at_the_host.wrong
    return set(arrival.differs) == DAMAGE and wrong_on_the_wire and hidden and arrival.spoilt


OFFLOADED = "UDP, sum by the card"


def run(profile: str) -> Outcome:
    """Play the guest on a card of this profile. ValueError for an unknown one."""
    memory = FlatMemory(RINGS_AT + FOOTPRINT_BYTES)
    nic = Nic(memory, profile=profile, mac=GUEST_MAC)
    card = InProcess(nic)
    driver = Driver(card, memory, RINGS_AT)
    driver.open()
    driver.load_context(**PLAIN_CONTEXT)
    driver.load_context(**SEGMENTATION_CONTEXT)
    expected: list[Expected] = []
    for sending in sendings():
        driver.send(sending.packet, **sending.bits)
        expected += sending.expected
    pairs = zip_longest(expected, card.take_sent(), fillvalue=None)
    never = Expected("a frame nobody asked for", b"", b"")
    arrivals = [Arrival(wanted or never, found or b"", corrected(found or b"")) for wanted, found in pairs]
    return Outcome(profile, arrivals, tuple(map(tuple, nic.core.recorder.history().tolist())))


def sendings() -> Iterator[Sending]:
    """What the guest sends, in order. It loads no context in between."""
    yield plain_frame()
    yield segmented(1000)
    yield datagram(b"invoice 4711: 250 to Ada", by_card=True)
    yield datagram(b"invoice 4712: 120 to Bob", by_card=False)
    yield segmented(1000 + len(STREAM))
    yield datagram(b"invoice 4713: 980 to Cyd", by_card=True)


def plain_frame() -> Sending:
    """A frame that asks for nothing: it goes out as it is."""
    data = b"a frame that needs no context at all, of sixty bytes or more"
    frame = Ethernet(PEER_MAC, GUEST_MAC, ETHERTYPE_OF_OURS, data).encode()
    return Sending(frame, {}, (Expected("plain", frame, data),))


def datagram(data: bytes, *, by_card: bool) -> Sending:
    """UDP; the card shall insert both sums into what the driver prepared (§3.6), or the guest has made them itself."""
    bare = Udp(40000, 5001, data)
    right = _frame(udp.PROTOCOL, bare.sealed(GUEST_IP, PEER_IP).encode(), 1)
    if not by_card:
        return Sending(right, {}, (Expected("UDP, sum by the guest", right, data),))
    start = pseudo_sum(GUEST_IP, PEER_IP, udp.PROTOCOL, udp.HEADER_BYTES + len(data))
    prepared = bytearray(_frame(udp.PROTOCOL, bare._replace(checksum=start).encode(), 1))
    prepared[L3 + IP_CHECKSUM : L3 + IP_CHECKSUM + 2] = bytes(2)
    return Sending(bytes(prepared), {"IXSM": 1, "TXSM": 1}, (Expected(OFFLOADED, right, data),))


def segmented(sequence: int) -> Sending:
    """TCP, handed over in one piece: the card shall cut it at MSS (§3.5)."""
    segment = Tcp(5002, 5003, sequence, 1, tcp.ACK | tcp.PSH, 512)
    start = pseudo_sum(GUEST_IP, PEER_IP, tcp.PROTOCOL, 0)
    prepared = bytearray(_frame(tcp.PROTOCOL, segment._replace(payload=STREAM, checksum=start).encode(), 7))
    prepared[L3 + 2 : L3 + 4] = prepared[L3 + IP_CHECKSUM : L3 + IP_CHECKSUM + 2] = bytes(2)
    cuts = range(0, len(STREAM), MSS)
    expected = []
    for number, cut in enumerate(cuts):
        data = STREAM[cut : cut + MSS]
        flags = tcp.ACK | tcp.PSH if number == len(cuts) - 1 else tcp.ACK
        part = segment._replace(sequence=sequence + cut, flags=flags, payload=data).sealed(GUEST_IP, PEER_IP)
        title = f"TCP, segment {number + 1} of {len(cuts)}"
        expected.append(Expected(title, _frame(tcp.PROTOCOL, part.encode(), 7 + number), data))
    return Sending(bytes(prepared), {"TSE": 1, "IXSM": 1, "TXSM": 1}, tuple(expected))


def _frame(protocol: int, payload: bytes, identification: int) -> bytes:
    packet = Ipv4(GUEST_IP, PEER_IP, protocol, payload, identification=identification).sealed()
    return ethernet.padded(Ethernet(PEER_MAC, GUEST_MAC, ethernet.IPV4, packet.encode()).encode())


def corrected(frame: bytes) -> bytes:
    """The frame as a host passes it on that makes the UDP checksum anew instead of verifying it."""
    if State.WRONG not in {found.state for found in verify(frame).sums if found.of == "UDP"}:
        return frame
    outer = Ethernet.parse(frame)
    packet = Ipv4.parse(outer.payload)
    mended = Udp.parse(packet.payload).sealed(packet.source, packet.destination)
    whole = outer._replace(payload=packet._replace(payload=mended.encode()).encode()).encode()
    return whole + frame[len(whole) :]


def _data(frame: bytes) -> bytes:
    """What a receiving stack hands up: the payload inside UDP, TCP or the bare frame; nothing where it reads none."""
    try:
        outer = Ethernet.parse(frame)
        if outer.ethertype != ethernet.IPV4:
            return outer.payload
        packet = Ipv4.parse(outer.payload)
        inner: type[Udp] | type[Tcp] = Udp if packet.protocol == udp.PROTOCOL else Tcp
        return inner.parse(packet.payload).payload
    except ParseError:
        return b""
