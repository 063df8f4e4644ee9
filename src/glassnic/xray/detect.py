"""What is wrong with a frame that left? Holds what the driver asked for against the packet it asked it for.

Where things belong is read from the frame itself, by `wire`, which knows no descriptors; a packet that `wire` cannot
read is not accused of anything. A tunnel's inner packet is not looked into. A send that was handed over whole is
finished by the host, so its sums are none yet.
"""

from __future__ import annotations

from collections.abc import Iterator

from glassnic.spec import findings as f
from glassnic.spec.bits import take
from glassnic.spec.descriptors import TX_DATA
from glassnic.wire import ethernet, ipv6, udp
from glassnic.wire.checksum import ALL_ONES
from glassnic.wire.verdict import Verdict, verify
from glassnic.wire.vlan import ADDRESSES_BYTES, TAGS
from glassnic.xray.found import Found, found
from glassnic.xray.layers import Layer, layers_of, pseudo_of
from glassnic.xray.outline import NAMES, Outline, outline
from glassnic.xray.requests import judge_load, judge_request
from glassnic.xray.sends import judge_send
from glassnic.xray.story import LEGACY, SEGMENTED, Story, Sum

FCS_BYTES = 4
ACCURATE_BYTES = 12 << 10
"""Up to here sums are accurate (§3.5.1)."""


def detect(story: Story) -> list[Found]:
    """All findings about a frame, the cause before its consequences: its packet's, its send's, its own."""
    loads = (one for load in story.loads for one in judge_load(load))
    return [*loads, *judge_request(story), *judge_send(story), *judge_frame(story)]


def judge_frame(story: Story) -> Iterator[Found]:
    """Findings about the frame alone."""
    yield from _frame(story)
    packet = outline(story.frame)
    if not story.whole:
        verdict = verify(story.frame)
        layers = layers_of(story.frame, verdict)
        for one in story.sums:
            yield from _placed(story, one, layers)
            yield from _seeded(story, one, layers)
            if packet is not None:
                yield from _fits(story, one, packet)
        yield from _sums(story, verdict, layers)
    if packet is not None:
        yield from _lengths(story, packet)


def _frame(story: Story) -> Iterator[Found]:
    """Tag, padding and size: what the MAC adds (§3.3.4, §13.4.33)."""
    if story.tag is not None and story.tag[0] not in TAGS:
        yield found(f.TAG_TYPE_ODD, story.serial, (ADDRESSES_BYTES, ADDRESSES_BYTES + 1), type=story.tag[0])
    if story.tag is None and story.descriptors and story.decides.has(TX_DATA.VLE):
        yield found(f.TAG_NOT_INSERTED, story.serial)
    if len(story.frame) < ethernet.MIN_FRAME_BYTES:
        yield found(f.FRAME_SHORT, story.serial, length=len(story.frame) + FCS_BYTES)
    if len(story.frame) > ACCURATE_BYTES and story.sums and not story.whole:
        yield found(f.SUM_INACCURATE, story.serial, length=len(story.frame))


def _placed(story: Story, one: Sum, layers: dict[str, Layer]) -> Iterator[Found]:
    """Is the sum stored where its protocol has its own, and does it cover the protocol?"""
    layer = layers.get("IP" if one.of == "IP" else "TU")
    if layer is None or (one.begin > layer.begin and one.place != layer.place):  # of something further inside
        return
    if one.begin != layer.begin or one.end < layer.end:
        yield found(
            f.RANGE_WRONG, story.serial,
            protocol=layer.protocol, begin=one.begin, end=one.end, first=layer.begin, last=layer.end,
        )  # fmt: skip
    if one.place == layer.place:
        return
    spoilt = (one.place, one.place + 1)
    yield found(f.SUM_MISPLACED, story.serial, spoilt, protocol=layer.protocol, place=one.place, right=layer.place)
    inner = layers.get("TU", layer)
    if inner.payload <= one.place <= inner.end:
        first = one.place - inner.payload
        yield found(
            f.PAYLOAD_OVERWRITTEN, story.serial, spoilt,
            protocol=inner.protocol, place=one.place, first=first, last=first + 1,
        )  # fmt: skip


def _seeded(story: Story, one: Sum, layers: dict[str, Layer]) -> Iterator[Found]:
    """Did the driver leave in the field what the card counts on: 0 for IP, else the pseudo header's sum (§3.5.7)?"""
    layer = layers.get("IP" if one.of == "IP" else "TU")
    if layer is None or (one.begin, one.place) != (layer.begin, layer.place):
        return
    if one.of == "IP":
        wanted, what = 0, "nothing, for the sum covers its own field"
    elif layer.protocol not in NAMES.values():
        return
    elif story.kind == SEGMENTED:
        wanted, what = pseudo_of(story.frame, layer, 0), "the sum of the pseudo header without its length"
    else:
        wanted, what = pseudo_of(story.frame, layer, layer.length), "the sum of the pseudo header with its length"
    if wanted % ALL_ONES != one.before % ALL_ONES:
        yield found(
            f.SEED_WRONG, story.serial, (one.place, one.place + 1),
            protocol=layer.protocol, found=one.before, wanted=wanted, what=what,
        )  # fmt: skip


def _fits(story: Story, one: Sum, packet: Outline) -> Iterator[Found]:
    """Is it a packet to put such a sum into?"""
    if one.of == "IP" and packet.version == 6 and one.begin == packet.l3:
        yield found(f.SUM_UNWANTED, story.serial, (one.place, one.place + 1), place=one.place)
    if one.begin == packet.l4 and packet.is_fragment and packet.protocol in NAMES:
        yield found(f.SUM_OF_FRAGMENT, story.serial, (one.place, one.place + 1), protocol=packet.name)


def _sums(story: Story, verdict: Verdict, layers: dict[str, Layer]) -> Iterator[Found]:
    """Does each sum of the frame verify; and if not, was it forgotten?"""
    stored = {one.place: one.after for one in story.sums}
    for one in verdict.sums:
        places, values = (one.offset, one.offset + 1), {"found": one.found, "wanted": one.wanted}
        is_wrong = one in verdict.wrong
        if is_wrong and one.offset not in stored:
            yield from _forgotten(story, one.of, one.found, layers)
        if one.of == "UDP" and one.found == udp.NO_CHECKSUM and (is_wrong or one.offset in stored):
            rest = ", and over IPv6 there has to be one" if is_wrong else ""
            yield found(f.UDP_SUM_ZERO, story.serial, places, rest=rest)
        elif is_wrong:
            yield found(f.SUM_WRONG, story.serial, places, protocol=one.of, **values)


def _forgotten(story: Story, of: str, left: int, layers: dict[str, Layer]) -> Iterator[Found]:
    """The sum is wrong because the driver left it to the card, and then did not ask for it (§3.3.7.3)."""
    layer = layers.get("TU")
    if of in NAMES.values() and layer is not None:
        bit, seed = "TXSM", pseudo_of(story.frame, layer, layer.length)
        was_left = story.kind == SEGMENTED or left % ALL_ONES == seed % ALL_ONES
    elif of == "IPv4 header":
        bit, was_left = "IXSM", story.kind == SEGMENTED or left == 0
    else:
        return
    bit = "IC" if story.kind == LEGACY else bit
    if was_left and story.descriptors and not _asked(story, bit):
        yield found(f.SUM_NOT_ASKED, story.serial, protocol=of, bit=bit)


def _asked(story: Story, bit: str) -> bool:
    """Whether the descriptor that decides on `bit` sets it: the first on POPTS, the last on IC."""
    decides = story.descriptors[-1 if bit == "IC" else 0]
    return bool(decides.extended != (bit == "IC") and take(decides.command, getattr(TX_DATA, bit)))


def _lengths(story: Story, packet: Outline) -> Iterator[Found]:
    """Do the headers tell of as many bytes as follow? A short frame may have padding behind."""
    frame, l3 = story.frame, packet.l3
    follow = len(frame) - l3
    told = _word(frame, l3 + 2) if packet.version == 4 else ipv6.HEADER_BYTES + _word(frame, l3 + 4)
    padded = len(frame) <= ethernet.MIN_FRAME_BYTES + l3 - ethernet.HEADER_BYTES
    if told > follow or (told < follow and not padded):
        yield _length_wrong(story, f"IPv{packet.version}", told, follow)
    elif packet.protocol == udp.PROTOCOL and not packet.is_fragment and packet.l4 + udp.HEADER_BYTES <= len(frame):
        inside, told = l3 + told - packet.l4, _word(frame, packet.l4 + 4)
        if told != inside:
            yield _length_wrong(story, "UDP", told, inside)


def _length_wrong(story: Story, protocol: str, told: int, follow: int) -> Found:
    return found(f.LENGTH_WRONG, story.serial, protocol=protocol, found=told, wanted=follow)


def _word(frame: bytes, at: int) -> int:
    return int.from_bytes(frame[at : at + 2], "big")
