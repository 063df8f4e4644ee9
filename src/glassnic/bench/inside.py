"""How does a bench hold a thing that lives in another network namespace? This file, run as a program there, opens it
and hands its descriptor out over a unix socket, which every namespace reaches. It imports the standard library only.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
SOL_PACKET, PACKET_VNET_HDR = 263, 15


def tap(name: str) -> int:
    """A TAP interface without any offload: one read gives a frame as it would be on a wire."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return fd


def packet(name: str) -> int:
    """A packet socket that sends out of an interface; each send begins with a virtio-net header."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.bind((name, 0))
    return sock.detach()


OPENERS = {"tap": tap, "packet": packet}

if __name__ == "__main__":
    with socket.socket(socket.AF_UNIX) as out:
        out.connect(sys.argv[3])
        socket.send_fds(out, [b"."], [OPENERS[sys.argv[1]](sys.argv[2])])
