"""§3.3.5, §3.5.5, §3.6: the two contexts. Which one a descriptor loads, which a packet uses, how long each lasts."""

from __future__ import annotations

from glassnic.conformance.program import Give, Program, program
from glassnic.conformance.words import context, lay, sent, transmitter
from glassnic.driver.message import Message

UDP = Message(tcp=False, payload=bytes(range(48)))
TCP = Message(payload=bytes(range(100)) * 5, mss=200)
LAY_UDP, UDP_DATA = lay(UDP, 0)
LAY_TCP, TCP_DATA = lay(TCP, 1)

PROGRAMS: tuple[Program, ...] = (
    program(
        "3.6",
        "a-segmentation-context-leaves-the-plain-one-alone",
        "A context with TUCMD.TSE=1 loads the segmentation context; packets with DCMD.TSE=0 go on using the plain one.",
        transmitter(),
        LAY_UDP,
        LAY_TCP,
        Give((context(UDP), UDP_DATA, context(TCP), TCP_DATA, UDP_DATA)),
        sent(UDP, TCP, UDP),
    ),
    program(
        "3.6",
        "a-plain-context-leaves-the-segmentation-one-alone",
        "A context with TUCMD.TSE=0 loads the plain context; packets with DCMD.TSE=1 go on using the segmentation one.",
        transmitter(),
        LAY_UDP,
        LAY_TCP,
        Give((context(TCP), TCP_DATA, context(UDP), UDP_DATA, TCP_DATA)),
        sent(TCP, UDP, TCP),
    ),
)
