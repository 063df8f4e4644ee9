"""What is wrong with a segmented send? Its context, held against the headers that the driver handed over (§3.5).

These findings are of the send as a whole: each of its frames shows what came of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from glassnic.spec import findings as f
from glassnic.spec.descriptors import RANGES, TX_CONTEXT
from glassnic.wire import tcp, udp
from glassnic.xray.found import Found, found
from glassnic.xray.outline import Outline, outline
from glassnic.xray.story import SEGMENTED, Load, Story


def judge_send(story: Story) -> Iterator[Found]:
    """Findings about the send that this frame is of; none where it is none, or carries no TCP or UDP."""
    context = story.context
    if story.kind != SEGMENTED or context is None or story.handed is None:
        return
    packet = outline(story.handed)
    if packet is None or packet.protocol not in (tcp.PROTOCOL, udp.PROTOCOL):
        return
    yield from _kind(story, context, packet)
    ip = f"IPv{packet.version}"
    for name, says, protocol, begin in (
        ("IPCSS", RANGES.IPCSS, ip, packet.l3),
        ("TUCSS", RANGES.TUCSS, packet.name, packet.l4),
    ):
        if (at := context.range(says)) != begin:
            yield found(f.HEADER_MISPLACED, story.serial, name=name, found=at, protocol=protocol, wanted=begin)
    length = context.field(TX_CONTEXT.HDRLEN)
    if packet.end is not None and length != packet.end:
        yield found(f.HDRLEN_WRONG, story.serial, found=length, wanted=packet.end)


def _kind(story: Story, context: Load, packet: Outline) -> Iterator[Found]:
    ip, is_tcp = context.field(TX_CONTEXT.IP), context.field(TX_CONTEXT.TCP)
    if (ip, is_tcp) != (packet.version == 4, packet.protocol == tcp.PROTOCOL):
        words = f"{packet.name} over IPv{packet.version}"
        yield found(f.KIND_WRONG, story.serial, ip=ip, tcp=is_tcp, packet=words)
