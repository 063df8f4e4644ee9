"""What traffic do the plans make, and what do they look at? One script for both ends of the wire: it runs on the
host's side of the TAP and, copied as it is into the initramfs, in the guest. So it imports the standard library only
and nothing of ours. Each verb prints one line of JSON. Datagrams carry a pattern that tells whether every byte
arrived as it left.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import time

MAGIC = b"glassnic"
HEADER = struct.Struct("!8sIH")  # magic, sequence number, length of the whole payload
FIRST_SECONDS = 15
ETH_P_ALL = 3
SOL_PACKET, PACKET_STATISTICS, PACKET_AUXDATA, PACKET_OUTGOING = 263, 6, 8, 4
AUXDATA = struct.Struct("IIIHHHH")  # status, length, captured, mac, net, tag, tag's ethertype
TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID = 0x10, 0x40
SO_RCVBUFFORCE = 33
TUNSETIFF, TUNSETPERSIST, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x400454CB, 0x0002, 0x1000
PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, 1)


def pattern(sequence: int, length: int) -> bytes:
    """The payload of datagram `sequence`: the header, then bytes that differ by datagram and by place."""
    start = sequence * 7 % 251
    wheel = bytes((start + place) % 251 for place in range(251))
    body = wheel * (length // 251 + 1)
    return HEADER.pack(MAGIC, sequence, length) + body[: length - HEADER.size]


def is_intact(payload: bytes) -> bool | None:
    """Whether a payload is the pattern its header promises; None when it is not one of ours."""
    if len(payload) < HEADER.size or not payload.startswith(MAGIC):
        return None
    _, sequence, length = HEADER.unpack_from(payload)
    return payload == pattern(sequence, length)


def send(address: str, port: str, count: str, length: str, per_second: str = "0") -> dict[str, int]:
    """Send `count` datagrams of `length` bytes of payload; `per_second` 0 is as fast as it goes."""
    target = socket.getaddrinfo(address, int(port), type=socket.SOCK_DGRAM)[0]
    sock = socket.socket(target[0], socket.SOCK_DGRAM)
    rate = int(per_second)
    begin = time.monotonic()
    refused = 0
    announce()
    for sequence in range(int(count)):
        if rate and (early := begin + sequence / rate - time.monotonic()) > 0:
            time.sleep(early)
        try:
            sock.sendto(pattern(sequence, int(length)), target[4])
        except OSError:  # the host's own queue is full, or the neighbour is not known yet
            refused += 1
    return {"sent": int(count) - refused, "refused": refused}


def receive(address: str, port: str, count: str, seconds: str, groups: str = "") -> dict[str, int]:
    """Take `count` datagrams, or those that come within `seconds` of the last one; joins IPv4 `groups` (a,b,…).

    The first may take `FIRST_SECONDS` longer: a slow guest takes its time to start the sender.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    widen(sock, 32 << 20)
    for group in groups.split(",") if groups else ():
        sock.setsockopt(
            socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(address)
        )
    sock.bind(("" if groups else address, int(port)))
    sock.settimeout(float(seconds) + FIRST_SECONDS)
    announce()
    told = {"received": 0, "intact": 0, "damaged": 0, "strange": 0}
    while told["received"] < int(count):
        try:
            payload = sock.recv(65536)
        except TimeoutError:
            break
        sock.settimeout(float(seconds))
        told["received"] += 1
        told[{True: "intact", False: "damaged", None: "strange"}[is_intact(payload)]] += 1
    return told


def record(interface: str, path: str, direction: str = "in", count: str = "0", seconds: str = "0") -> dict[str, int]:
    """Write frames of `interface` to a pcap file until SIGTERM, `count` frames or `seconds` of silence.

    `direction` in: what arrives from the wire, all: what leaves as well. `dropped`: what the kernel did not keep.
    """
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    widen(sock, 512 << 20)
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.bind((interface, ETH_P_ALL))
    sock.setblocking(False)
    wake, stop = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(stop, b"."))
    limit, silence = int(count) or 1 << 60, float(seconds) or None
    frames, stopping = 0, False
    announce()
    with open(path, "wb") as file:
        file.write(PCAP_HEADER)
        while frames < limit and not stopping:
            ready, _, _ = select.select([sock.fileno(), wake], [], [], silence)
            stopping = not ready or wake in ready  # and still take what waits
            with contextlib.suppress(BlockingIOError):
                while frames < limit:
                    frame, told, _, origin = sock.recvmsg(65536, 64)
                    if direction == "all" or origin[2] != PACKET_OUTGOING:
                        frame = with_tag(frame, told)
                        file.write(struct.pack("<IIII", int(time.time()), 0, len(frame), len(frame)) + frame)
                        frames += 1
    _, dropped = struct.unpack("II", sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    return {"frames": frames, "dropped": dropped}


def with_tag(frame: bytes, told: list[tuple[int, int, bytes]]) -> bytes:
    """The frame as it was on the wire: the kernel takes a VLAN tag out of it and tells of it aside."""
    for level, kind, data in told:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tag, ethertype = AUXDATA.unpack(data[: AUXDATA.size])
            if status & TP_STATUS_VLAN_VALID:
                return (
                    frame[:12]
                    + struct.pack("!HH", ethertype if status & TP_STATUS_VLAN_TPID_VALID else 0x8100, tag)
                    + frame[12:]
                )
    return frame


def emit(interface: str, count: str, *frames_hex: str) -> dict[str, int]:
    """Put frames on `interface` as they stand, in turn, `count` times each."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind((interface, 0))
    frames = [bytes.fromhex(text) for text in frames_hex]
    for _ in range(int(count)):
        for frame in frames:
            sock.send(frame)
    return {"sent": int(count) * len(frames)}


def tap(name: str) -> dict[str, int]:
    """Make a TAP interface that stays when nobody holds it open."""
    with open("/dev/net/tun", "r+b", buffering=0) as tun:
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
        fcntl.ioctl(tun, TUNSETPERSIST, 1)
    return {"made": 1}


def vlan(interface: str, name: str, number: str) -> dict[str, int]:
    """A TAP `name` that is VLAN `number` of `interface`: tags go on and come off here, not in the kernel."""
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    widen(sock, 64 << 20)
    sock.bind((interface, ETH_P_ALL))
    tag = struct.pack("!HH", 0x8100, int(number))
    announce()
    while True:
        ready, _, _ = select.select([sock.fileno(), tun], [], [])
        if tun in ready:
            frame = os.read(tun, 65536)
            sock.send(frame[:12] + tag + frame[12:])
        if sock.fileno() in ready:
            frame, told, _, origin = sock.recvmsg(65536, 64)
            frame = with_tag(frame, told)
            if origin[2] != PACKET_OUTGOING and frame[12:16] == tag:
                with contextlib.suppress(OSError):  # the TAP is still down
                    os.write(tun, frame[:12] + frame[16:])


def widen(sock: socket.socket, room: int) -> None:
    """Let `room` bytes wait in the socket or, without root's rights, as much as the machine grants everybody."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, room)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)


def announce() -> None:
    """Tell whoever started us that we listen."""
    print("ready", flush=True)


VERBS = {verb.__name__: verb for verb in (send, receive, record, emit, tap, vlan)}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]](*sys.argv[2:])), flush=True)
