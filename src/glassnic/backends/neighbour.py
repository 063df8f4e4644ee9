"""Who is next door? One host on the guest's link that answers: sans-IO, a frame in and the frames that come back out.

Its addresses are those of QEMU's user network, so that what people know works: 10.0.2.2/24 for itself, 10.0.2.15 for
the guest, fd00::2/64 and fe80::2. It keeps no state but counters. It is honest about damage: a frame with a wrong
checksum gets no answer. Fragments are not put together. A tagged frame is answered with the same tags, on every VLAN
alike.
"""

from __future__ import annotations

from glassnic.backends import neighbour_v4, neighbour_v6
from glassnic.wire import arp, ethernet
from glassnic.wire.arp import Arp
from glassnic.wire.ethernet import Ethernet
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.ipv6 import Ipv6
from glassnic.wire.octets import Octets, ParseError
from glassnic.wire.verdict import verify
from glassnic.wire.vlan import insert_tags, split_tags

MAC = ethernet.mac("52:55:0a:00:02:02")


class Neighbour:
    """`wrong_sums` counts frames with a wrong checksum, `malformed` those cut or garbled."""

    def __init__(self) -> None:
        self.wrong_sums = 0
        self.malformed = 0
        self._answers = {ethernet.ARP: _answer_arp, ethernet.IPV4: _answer_ipv4, ethernet.IPV6: _answer_ipv6}

    def answer(self, frame: Octets) -> list[bytes]:
        """The frames that come back for this one, padded to Ethernet's minimum; none if it is not for us or bad."""
        try:
            tags, bare = split_tags(frame)
            request = Ethernet.parse(bare)
            answer = self._answers.get(request.ethertype)
            if answer is None or not (request.destination == MAC or ethernet.is_multicast(request.destination)):
                return []
            if verify(bare).wrong:
                self.wrong_sums += 1
                return []
            reply = answer(request)
        except ParseError:
            self.malformed += 1
            return []
        return [insert_tags(ethernet.padded(reply.encode()), tags)] if reply else []


def _answer_arp(request: Ethernet) -> Ethernet | None:
    question = Arp.parse(request.payload)
    if question.operation != arp.REQUEST or question.target_ip != neighbour_v4.ADDRESS:
        return None
    reply = Arp(arp.REPLY, MAC, neighbour_v4.ADDRESS, question.sender_mac, question.sender_ip)
    return Ethernet(request.source, MAC, ethernet.ARP, reply.encode())


def _answer_ipv4(request: Ethernet) -> Ethernet | None:
    reply = neighbour_v4.answer(Ipv4.parse(request.payload))
    if reply is None:
        return None
    destination = ethernet.BROADCAST if reply.destination == neighbour_v4.EVERYBODY else request.source
    return Ethernet(destination, MAC, ethernet.IPV4, reply.encode())


def _answer_ipv6(request: Ethernet) -> Ethernet | None:
    reply = neighbour_v6.answer(Ipv6.parse(request.payload), MAC)
    if reply is None:
        return None
    is_group = reply.destination[0] == 0xFF
    destination = b"\x33\x33" + reply.destination[-4:] if is_group else request.source  # RFC 2464 §7
    return Ethernet(destination, MAC, ethernet.IPV6, reply.encode())
