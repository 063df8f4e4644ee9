"""What are the sums of a frame about? Where the IP header and what it carries lie, as far as `wire` could read them."""

from __future__ import annotations

from typing import NamedTuple

from glassnic.wire import ethernet, ipv4, ipv6, tcp, udp
from glassnic.wire.checksum import pseudo_sum
from glassnic.wire.verdict import Verdict
from glassnic.wire.vlan import split_tags


class Layer(NamedTuple):
    """Where a checksum's protocol lies in the frame: `begin` to `end`, inclusive, its payload from `payload` on."""

    protocol: str
    begin: int
    payload: int
    end: int
    place: int

    @property
    def length(self) -> int:
        return self.end + 1 - self.begin


def layers_of(frame: bytes, verdict: Verdict) -> dict[str, Layer]:
    """What the IP sum and the TCP or UDP sum of this frame are about, as far as `wire` could read it."""
    layers: dict[str, Layer] = {}
    for found in verdict.sums:
        if found.of == "IPv4 header":
            begin = found.offset - ipv4.CHECKSUM_OFFSET
            end = begin + (frame[begin] & 15) * 4
            layers["IP"] = Layer(found.of, begin, end, end - 1, found.offset)
        elif found.of == "UDP":
            begin = found.offset - udp.CHECKSUM_OFFSET
            length = int.from_bytes(frame[begin + 4 : begin + 6], "big")
            layers["TU"] = Layer(found.of, begin, begin + udp.HEADER_BYTES, begin + length - 1, found.offset)
        elif found.of == "TCP":
            begin = found.offset - tcp.CHECKSUM_OFFSET
            payload = begin + (frame[begin + 12] >> 4) * 4
            layers["TU"] = Layer(found.of, begin, payload, _end_of_ip(frame) - 1, found.offset)
    return layers


def _end_of_ip(frame: bytes) -> int:
    """Where the IP packet of a frame that `wire` has read ends, padding excluded."""
    tags, bare = split_tags(frame)
    start, packet = ethernet.HEADER_BYTES + len(tags), bare[ethernet.HEADER_BYTES :]
    if packet[0] >> 4 == 4:
        return start + int.from_bytes(packet[2:4], "big")
    return start + ipv6.HEADER_BYTES + int.from_bytes(packet[4:6], "big")


def pseudo_of(frame: bytes, layer: Layer, length: int) -> int:
    """The pseudo header's sum for this layer (§3.5.7)."""
    packet = split_tags(frame)[1][ethernet.HEADER_BYTES :]
    protocol = tcp.PROTOCOL if layer.protocol == "TCP" else udp.PROTOCOL
    if packet[0] >> 4 == 4:
        return pseudo_sum(packet[12:16], packet[16:20], protocol, length)
    return pseudo_sum(packet[8:24], packet[24:40], protocol, length)
