"""How does a test get a frame and its record? Packets that a driver prepares for a `Workbench`, and their stories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from glassnic.wire import ethernet, tcp, udp
from glassnic.wire.checksum import pseudo_sum
from glassnic.wire.ethernet import Ethernet
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.tcp import Tcp
from glassnic.wire.udp import Udp
from glassnic.xray.explain import Explanation, explain
from glassnic.xray.found import Found
from glassnic.xray.note import Note
from glassnic.xray.probe import Probe
from glassnic.xray.sink import Place
from glassnic.xray.story import Origin, Story, read_story
from glassnic.xray.trace import Slice, Tracer
from glassnic.xray.watch import Watch
from workbench import MAC, PEER, Workbench

HERE, THERE = bytes([10, 0, 0, 2]), bytes([10, 0, 0, 1])
L3, L4 = 14, 34
IP_RANGE = {"IPCSS": L3, "IPCSO": L3 + 10, "IPCSE": L4 - 1}
UDP_CONTEXT = IP_RANGE | {"TUCSS": L4, "TUCSO": L4 + 6}
MSS, HDRLEN = 100, 54
MANUAL = Origin()
SUMS = {"IXSM": 1, "TXSM": 1}


def segmentation(paylen: int, **changes: int) -> dict[str, int]:
    """A context that cuts TCP."""
    fields = {"TUCSS": L4, "TUCSO": L4 + 16, "TSE": 1, "IP": 1, "TCP": 1, "HDRLEN": HDRLEN, "MSS": MSS}
    return IP_RANGE | fields | {"PAYLEN": paylen} | changes


def in_ip(protocol: int, payload: bytes, *, length: int | None = None) -> bytes:
    """An Ethernet frame with IPv4 whose header sum is left to the card; `length` lies about the total length."""
    packet = bytearray(Ipv4(HERE, THERE, protocol, payload).sealed().encode())
    packet[10:12] = bytes(2)
    if length is not None:
        packet[2:4] = length.to_bytes(2, "big")
    return Ethernet(PEER, MAC, ethernet.IPV4, bytes(packet)).encode()


def datagram(data: bytes = b"a datagram of thirty bytes....", seed: int | None = None) -> bytes:
    """UDP as a driver prepares it: the pseudo header's sum stands in the checksum field."""
    start = pseudo_sum(HERE, THERE, udp.PROTOCOL, udp.HEADER_BYTES + len(data)) if seed is None else seed
    return in_ip(udp.PROTOCOL, Udp(40000, 5001, data, checksum=start).encode())


def send(length: int, seed: int | None = None) -> bytes:
    """TCP to be cut: the pseudo header's sum is without its length."""
    start = pseudo_sum(HERE, THERE, tcp.PROTOCOL, 0) if seed is None else seed
    flags = tcp.ACK | tcp.PSH
    return in_ip(tcp.PROTOCOL, Tcp(5002, 5003, 1000, 1, flags, 512, payload=bytes(length), checksum=start).encode())


def slices(bench: Workbench) -> list[Slice]:
    return Tracer().follow(bench.nic.core.recorder.history().tolist())


def explanations(bench: Workbench, origin: Origin = MANUAL) -> list[Explanation]:
    """Of every frame that left, in order."""
    pieces = slices(bench)
    return [explain(Note(origin, piece), frame) for piece, frame in zip(pieces, bench.frames, strict=True)]


def stories(bench: Workbench, origin: Origin = MANUAL) -> list[Story]:
    pieces = slices(bench)
    return [read_story(origin, frame, piece) for piece, frame in zip(pieces, bench.frames, strict=True)]


def codes(explanation: Explanation) -> list[str]:
    return [point.code for point in explanation.points]


class Kept(Watch):
    """A watch that keeps all it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Found] = []

    def take(self, card: str, at_ns: int, one: Found, place: Place | None = None) -> None:
        super().take(card, at_ns, one, place)
        self.found.append(one)

    def look(self, origin: Origin, frames: Iterable[bytes], rows: Iterable[Sequence[int]]) -> None:
        """All that a card did, told as the server does it."""
        Probe([self.eye("card", origin)]).sent(frames, rows)


def found_in(bench: Workbench, origin: Origin = MANUAL) -> list[Found]:
    """What a watch on the bench finds."""
    watch = Kept()
    watch.look(origin, bench.frames, bench.nic.core.recorder.history().tolist())
    return watch.found
