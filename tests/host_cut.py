"""What does a host's kernel make of a packet behind a virtio-net header? The frames it cuts, in plain Python.

From <linux/virtio_net.h> and what `tcp_gso_segment` and `inet_gso_segment` do, told in the test's own words.
"""

from __future__ import annotations

from struct import Struct

from glassnic.wire.checksum import checksum

VNET = Struct("<BBHHHH")
NEEDS_CSUM, GSO_NONE, GSO_TCPV4, GSO_TCPV6 = 1, 0, 1, 4
ETHERNET, FIN_PSH, CWR = 14, 0x09, 0x80


def cut(led: bytes) -> list[bytes]:
    """The frames for one packet with its lead: itself where the header asks for nothing."""
    flags, kind, _, size, start, offset = VNET.unpack_from(led)
    packet = led[VNET.size :]
    if kind == GSO_NONE and flags == NEEDS_CSUM:
        frame = bytearray(packet)
        _put(frame, start + offset, checksum(bytes(frame[start:])) or 0xFFFF)
        return [bytes(frame)]
    if kind == GSO_NONE:
        assert flags == 0
        return [packet]
    assert flags == NEEDS_CSUM
    assert kind in (GSO_TCPV4, GSO_TCPV6)
    header_bytes = start + (packet[start + 12] >> 4) * 4  # hdr_len is a hint: a kernel may say more
    header, payload = packet[:header_bytes], packet[header_bytes:]
    whole = len(packet) - start
    frames = []
    for index, at in enumerate(range(0, len(payload), size)):
        piece = payload[at : at + size]
        frame = bytearray(header + piece)
        if kind == GSO_TCPV4:
            _put(frame, ETHERNET + 2, len(frame) - ETHERNET)
            _put(frame, ETHERNET + 4, _get(frame, ETHERNET + 4) + index)
            _put(frame, ETHERNET + 10, 0)
            _put(frame, ETHERNET + 10, checksum(bytes(frame[ETHERNET:start])))
        else:
            _put(frame, ETHERNET + 4, len(frame) - start)
        sequence = int.from_bytes(header[start + 4 : start + 8], "big") + at
        frame[start + 4 : start + 8] = (sequence & 0xFFFF_FFFF).to_bytes(4, "big")
        if at + size < len(payload):
            frame[start + 13] &= ~FIN_PSH
        if index:
            frame[start + 13] &= ~CWR
        pseudo = _get(header, start + offset) + (~whole & 0xFFFF) + len(frame) - start  # the length of this frame
        _put(frame, start + offset, _folded(pseudo))
        _put(frame, start + offset, checksum(bytes(frame[start:])) or 0xFFFF)
        frames.append(bytes(frame))
    return frames


def _get(octets: bytes | bytearray, at: int) -> int:
    return int.from_bytes(octets[at : at + 2], "big")


def _put(octets: bytearray, at: int, value: int) -> None:
    octets[at : at + 2] = (value & 0xFFFF).to_bytes(2, "big")


def _folded(total: int) -> int:
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
