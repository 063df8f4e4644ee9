"""Do bytes come back as they went, and how soon? One script for both ends: `serve` echoes on the host's side;
`exchange` and `trips` run in the guest. So it imports the standard library only. Each verb prints one line of JSON.
"""

from __future__ import annotations

import json
import random
import select
import socket
import sys
import time

CHUNK_BYTES, DATAGRAM_BYTES, DATAGRAMS = 48_000, 1400, 40
PATIENCE_S = 20.0
"""The first answer may wait for a neighbour to be found."""


def serve(address: str, port: str) -> dict[str, int]:
    """Echo whatever comes by TCP or UDP, until killed."""
    place = (address, int(port))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(place)
    listener = socket.create_server(place)
    waiting = [datagrams, listener]
    print("ready", flush=True)
    while True:
        for sock in select.select(waiting, [], [])[0]:
            if sock is listener:
                peer, _ = listener.accept()
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                waiting.append(peer)
            elif sock is datagrams:
                datagrams.sendto(*datagrams.recvfrom(1 << 16))
            elif data := sock.recv(1 << 16):
                sock.sendall(data)
            else:
                waiting.remove(sock)
                sock.close()


def exchange(address: str, port: str, chunks: str) -> dict[str, int]:
    """Send noise by TCP and UDP and compare what comes back; `lost` datagrams are counted, and may be."""
    told = {"chunks": 0, "datagrams": 0, "damaged": 0, "lost": 0}
    noise = random.Random(1)
    with socket.create_connection((address, int(port)), PATIENCE_S) as sock:
        for _ in range(int(chunks)):
            data = noise.randbytes(CHUNK_BYTES)
            sock.sendall(data)
            told["damaged"] += _take(sock, len(data)) != data
            told["chunks"] += 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((address, int(port)))
        sock.settimeout(1)
        for _ in range(DATAGRAMS):
            data = noise.randbytes(DATAGRAM_BYTES)
            sock.send(data)
            try:
                told["damaged"] += sock.recv(1 << 16) != data
                told["datagrams"] += 1
            except TimeoutError:
                told["lost"] += 1
    return told


def trips(address: str, port: str, count: str) -> dict[str, int]:
    """Send a byte by TCP and wait until it is back, `count` times."""
    with socket.create_connection((address, int(port)), PATIENCE_S) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begin = time.monotonic_ns()
        for number in range(int(count)):
            data = bytes([number & 0xFF])
            sock.sendall(data)
            if sock.recv(1) != data:
                raise ValueError("another byte came back")
        return {"trips": int(count), "ns": time.monotonic_ns() - begin}


def _take(sock: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = sock.recv(length - len(data))
        if not more:
            raise ConnectionError("the other side hung up")
        data += more
    return data


VERBS = {verb.__name__: verb for verb in (serve, exchange, trips)}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]](*sys.argv[2:])), flush=True)
