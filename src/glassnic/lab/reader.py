"""Are the frames on the wire right? A second opinion that shares no code with the card: dpkt parses, and the sums are
taken here by their definition in RFC 1071, as the remainder of one big number. It verifies the Ethernet length, the
IPv4 header's sum, the sums of TCP, UDP, ICMP and ICMPv6 and, for the lab's own datagrams, every byte of the payload;
and it says in words what is wrong with a frame.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dpkt

from glassnic.lab.errors import LabError
from glassnic.lab.traffic import PCAP_HEADER, is_intact

MIN_FRAME, VLAN_TAG = 60, 4
EXTENSION_HEADERS = {0, 43, 60}
NAMES = {1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 58: "ICMPv6"}
OTHER_TYPES = {0x0806: "ARP", 0x8808: "flow control", 0x888E: "EAPOL"}
SUM_AT = {1: 2, 6: 16, 17: 6, 58: 2}
"""Where in its header each protocol keeps its sum."""


class Verdict(NamedTuple):
    """What the reader found. `verified` counts each kind of claim that was put to the test and held."""

    frames: int
    verified: Counter[str]
    bad: list[str]

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.verified.items()))
        faults = f"; {len(self.bad)} bad, the first: {self.bad[0]}" if self.bad else ""
        return f"{self.frames} frames: {counts or 'nothing to verify'}{faults}"


class Fault(Exception):
    """Why a frame is bad."""


def read(frames: Iterable[bytes], mtu: int = 1500) -> Verdict:
    """Verify every frame (without FCS); `mtu` is the most that may follow the Ethernet header and its tag, bytes."""
    verified: Counter[str] = Counter()
    bad: list[str] = []
    number = -1
    for number, frame in enumerate(frames):
        try:
            verified.update(_claims_of(frame, mtu))
        except (Fault, dpkt.UnpackError, struct.error, IndexError) as fault:
            bad.append(f"frame {number} ({len(frame)} bytes): {fault or type(fault).__name__}")
    return Verdict(number + 1, verified, bad)


def frames_in(path: Path) -> Iterator[bytes]:
    """The frames of a pcap file that `traffic.record` wrote, without a copy of the whole in memory."""
    with path.open("rb") as file:
        if file.read(len(PCAP_HEADER)) != PCAP_HEADER:
            raise LabError(f"{path} is not a recording of the lab.")
        while len(header := file.read(16)) == 16:
            yield file.read(struct.unpack("<IIII", header)[2])


def internet_sum(data: bytes) -> int:
    """The one's complement sum over 16-bit words; 0 for data that holds its own correct checksum."""
    # 2^16 is 1 modulo FFFFh, so the big number's remainder is the sum of its words with every carry added back.
    return int.from_bytes(data + bytes(len(data) % 2), "big") % 0xFFFF


def _claims_of(frame: bytes, mtu: int) -> Iterator[str]:
    """Yield the name of each claim of the frame that holds; raise Fault at the first that does not."""
    ethernet = dpkt.ethernet.Ethernet(frame)
    tags = getattr(ethernet, "vlan_tags", ())
    header = 14 + VLAN_TAG * len(tags)
    if len(frame) > header + mtu:
        raise Fault(f"longer than the MTU of {mtu} allows")
    for tag in tags:
        yield f"VLAN {tag.id}"
    kind = int.from_bytes(frame[header - 2 : header], "big")
    packet = frame[header:]
    padded = len(frame) <= MIN_FRAME + VLAN_TAG * len(tags)
    if kind == dpkt.ethernet.ETH_TYPE_IP:
        yield from _claims_of_ipv4(packet, padded)
    elif kind == dpkt.ethernet.ETH_TYPE_IP6:
        yield from _claims_of_ipv6(packet, padded)
    else:
        yield OTHER_TYPES.get(kind, f"type {kind:04X}")


def _claims_of_ipv4(packet: bytes, padded: bool) -> Iterator[str]:
    ip: Any = dpkt.ip.IP(packet)
    _match_length(ip.len, len(packet), padded)
    header = ip.hl * 4
    if internet_sum(packet[:header]) != 0:
        right = _with_sum(packet[:header], 10)
        raise Fault(f"the IPv4 header's checksum is {ip.sum:04X}h and should be {right:04X}h")
    yield "IPv4 header sum"
    if ip.mf or ip.offset:
        yield "IPv4 fragment (its payload's sum not verified)"
        return
    pseudo = struct.pack("!4s4sBBH", ip.src, ip.dst, 0, ip.p, ip.len - header)
    yield from _claims_of_payload(ip.p, packet[header : ip.len], pseudo, 4)


def _claims_of_ipv6(packet: bytes, padded: bool) -> Iterator[str]:
    ip: Any = dpkt.ip6.IP6(packet)
    _match_length(40 + ip.plen, len(packet), padded)
    protocol, start = packet[6], 40
    while protocol in EXTENSION_HEADERS:
        protocol, start = packet[start], start + 8 + 8 * packet[start + 1]
    payload = packet[start : 40 + ip.plen]
    pseudo = struct.pack("!16s16sII", ip.src, ip.dst, len(payload), protocol)
    yield from _claims_of_payload(protocol, payload, pseudo, 6)


def _match_length(said: int, there: int, padded: bool) -> None:
    """The IP length must fill the frame, but for the padding of a short one."""
    if said > there:
        raise Fault(f"the IP header promises {said} bytes and {there} are there")
    if said < there and not padded:
        raise Fault(f"{there - said} bytes follow the end of the IP packet")


def _claims_of_payload(protocol: int, payload: bytes, pseudo: bytes, version: int) -> Iterator[str]:
    name = NAMES.get(protocol, f"protocol {protocol}")
    if protocol not in SUM_AT:
        yield name
        return
    place = SUM_AT[protocol]
    found = int.from_bytes(payload[place : place + 2], "big")
    if protocol == 17 and found == 0 and version == 4:
        yield "UDP without a sum"
    else:
        covered = payload if protocol == 1 else pseudo + payload
        if internet_sum(covered) != 0:
            right = _with_sum(covered, len(covered) - len(payload) + place)
            raise Fault(f"the {name} checksum is {found:04X}h and should be {right:04X}h{_damage(protocol, payload)}")
        yield f"{name} sum"
    if protocol == 17 and (intact := is_intact(payload[8:])) is not None:
        if not intact:
            raise Fault(f"the UDP checksum holds{_damage(protocol, payload)}")
        yield "UDP payload pattern"


def _damage(protocol: int, payload: bytes) -> str:
    """For the lab's own datagrams: whether the payload is damaged too."""
    intact = is_intact(payload[8:]) if protocol == 17 else None
    return {None: "", True: ", the payload is intact", False: ", and the payload is not what was sent"}[intact]


def _with_sum(data: bytes, place: int) -> int:
    """The checksum that belongs at `place`."""
    complement = 0xFFFF - internet_sum(data[:place] + b"\0\0" + data[place + 2 :])
    return complement or 0xFFFF
