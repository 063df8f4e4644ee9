"""What is wrong with a frame that left? Holds what the driver asked for against the packet it asked it for.

Where things belong is read from the frame itself, by `wire`, which knows no descriptors; a packet that `wire` cannot
read is not accused of anything. A tunnel's inner packet is not looked into. A send that was handed over whole is
finished by the host, so its sums are none yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from glassnic.spec import findings as f
from glassnic.spec.bits import take
from glassnic.spec.descriptors import TX_CONTEXT, TX_DATA
from glassnic.spec.findings import Finding
from glassnic.wire import ethernet, ipv4, ipv6, tcp, udp
from glassnic.wire.checksum import ALL_ONES, pseudo_sum
from glassnic.wire.octets import ParseError
from glassnic.wire.verdict import Verdict, verify
from glassnic.wire.vlan import split_tags
from glassnic.xray.story import SEGMENTED, Story, Sum


class Found(NamedTuple):
    """A finding that happened."""

    kind: Finding
    sentence: str
    places: tuple[int, ...] = ()
    """Offsets of the bytes of the frame that it spoilt."""


class _Layer(NamedTuple):
    """Where a checksum's protocol lies in the frame: `begin` to `end`, inclusive, its payload from `payload` on."""

    protocol: str
    begin: int
    payload: int
    end: int
    place: int


def detect(story: Story) -> list[Found]:
    """All findings about a frame, the cause before its consequences."""
    verdict = verify(story.frame)
    layers = _layers(story.frame, verdict)
    found = list(_context(story))
    for one in () if story.whole else story.sums:
        found += _placed(one, layers)
        found += _seeded(story, one, layers)
    if not story.whole:
        for wrong in verdict.wrong:
            spoilt = (wrong.offset, wrong.offset + 1)
            found.append(_found(f.SUM_WRONG, spoilt, protocol=wrong.of, found=wrong.found, wanted=wrong.wanted))
    return found + list(_lengths(story.frame))


def _context(story: Story) -> Iterator[Found]:
    first, context = story.first, story.context
    if first is None or context is None:
        return
    wanted, found = take(first.command, TX_DATA.TSE), context.field(TX_CONTEXT.TSE)
    if wanted != found:
        yield _found(f.CONTEXT_OF_OTHER_KIND, wanted=wanted, place=context.place, found=found)


def _placed(one: Sum, layers: dict[str, _Layer]) -> Iterator[Found]:
    """Is the sum stored where its protocol has its own, and does it cover the protocol?"""
    layer = layers.get(one.of if one.of == "IP" else "TU")
    if layer is None or one.begin > layer.begin:  # of something further inside
        return
    if one.begin < layer.begin or one.end < layer.end:
        yield _found(
            f.RANGE_WRONG, protocol=layer.protocol, begin=one.begin, end=one.end, first=layer.begin, last=layer.end
        )
    if one.place == layer.place:
        return
    spoilt = (one.place, one.place + 1)
    yield _found(f.SUM_MISPLACED, spoilt, protocol=layer.protocol, place=one.place, right=layer.place)
    if layer.payload <= one.place <= layer.end and one.of != "IP":
        first = one.place - layer.payload
        yield _found(
            f.PAYLOAD_OVERWRITTEN, spoilt, protocol=layer.protocol, place=one.place, first=first, last=first + 1
        )


def _seeded(story: Story, one: Sum, layers: dict[str, _Layer]) -> Iterator[Found]:
    """Did the driver leave the pseudo header's sum in the field, in segmentation without its length (§3.5.7)?"""
    layer = layers.get("TU")
    if layer is None or one.of == "IP" or (one.begin, one.place) != (layer.begin, layer.place):
        return
    if layer.protocol not in ("TCP", "UDP"):
        return
    segmented = story.kind == SEGMENTED
    wanted = _pseudo(story.frame, layer, 0 if segmented else layer.end + 1 - layer.begin)
    if wanted % ALL_ONES != one.before % ALL_ONES:
        words = "without its length, as segmentation wants it," if segmented else "with its length"
        yield _found(f.SEED_WRONG, protocol=layer.protocol, found=one.before, wanted=wanted, length=words)


def _lengths(frame: bytes) -> Iterator[Found]:
    """Does the IP header tell of as many bytes as follow? A short frame may have padding behind."""
    try:
        tags, bare = split_tags(frame)
    except ParseError:
        return
    kind, packet = int.from_bytes(bare[12:14], "big"), bare[ethernet.HEADER_BYTES :]
    if kind == ethernet.IPV4 and len(packet) >= ipv4.HEADER_BYTES:
        told, protocol = int.from_bytes(packet[2:4], "big"), "IPv4"
    elif kind == ethernet.IPV6 and len(packet) >= ipv6.HEADER_BYTES:
        told, protocol = ipv6.HEADER_BYTES + int.from_bytes(packet[4:6], "big"), "IPv6"
    else:
        return
    if told > len(packet) or (told < len(packet) and len(frame) > ethernet.MIN_FRAME_BYTES + len(tags)):
        yield _found(f.LENGTH_WRONG, protocol=protocol, found=told, wanted=len(packet))


def _layers(frame: bytes, verdict: Verdict) -> dict[str, _Layer]:
    """What the IP sum and the TCP or UDP sum of this frame are about, as far as `wire` could read it."""
    layers: dict[str, _Layer] = {}
    for found in verdict.sums:
        if found.of == "IPv4 header":
            begin = found.offset - ipv4.CHECKSUM_OFFSET
            end = begin + (frame[begin] & 15) * 4
            layers["IP"] = _Layer(found.of, begin, end, end - 1, found.offset)
        elif found.of == "UDP":
            begin = found.offset - udp.CHECKSUM_OFFSET
            length = int.from_bytes(frame[begin + 4 : begin + 6], "big")
            layers["TU"] = _Layer(found.of, begin, begin + udp.HEADER_BYTES, begin + length - 1, found.offset)
        elif found.of == "TCP":
            begin = found.offset - tcp.CHECKSUM_OFFSET
            payload = begin + (frame[begin + 12] >> 4) * 4
            layers["TU"] = _Layer(found.of, begin, payload, _end_of_ip(frame) - 1, found.offset)
    return layers


def _end_of_ip(frame: bytes) -> int:
    """Where the IP packet of a frame that `wire` has read ends, padding excluded."""
    tags, bare = split_tags(frame)
    start, packet = ethernet.HEADER_BYTES + len(tags), bare[ethernet.HEADER_BYTES :]
    if packet[0] >> 4 == 4:
        return start + int.from_bytes(packet[2:4], "big")
    return start + ipv6.HEADER_BYTES + int.from_bytes(packet[4:6], "big")


def _pseudo(frame: bytes, layer: _Layer, length: int) -> int:
    """The pseudo header's sum for this layer (§3.5.7)."""
    packet = split_tags(frame)[1][ethernet.HEADER_BYTES :]
    protocol = tcp.PROTOCOL if layer.protocol == "TCP" else udp.PROTOCOL
    if packet[0] >> 4 == 4:
        return pseudo_sum(packet[12:16], packet[16:20], protocol, length)
    return pseudo_sum(packet[8:24], packet[24:40], protocol, length)


def _found(kind: Finding, places: tuple[int, ...] = (), **values: object) -> Found:
    return Found(kind, kind.sentence.format(**values), places)
