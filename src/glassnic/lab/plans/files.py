"""A file of 64 MB goes to the guest and comes back, and is the same to the bit."""

from __future__ import annotations

import hashlib
import os
import time

from glassnic.lab.lab import Lab
from glassnic.lab.wire import PEER4

MEGABYTES = 64
DOWN_PORT, UP_PORT = 9001, 9002
TIMEOUT_SECONDS = 180


def run(lab: Lab) -> None:
    """See the head of this file."""
    wire, guest = lab.wire, lab.guest
    source, back = lab.folder / "file", lab.folder / "file-that-came-back"
    source.write_bytes(os.urandom(MEGABYTES << 20))
    wanted = hashlib.sha256(source.read_bytes()).hexdigest()
    busybox = str(lab.kit.tools.root / "usr/bin/busybox")
    pipe = lab.folder / "open"
    os.mkfifo(pipe)  # an input that never ends: nc hangs up when its input does, or the other's
    wire.start("nc", "sh", "-c", f"{busybox} nc -l -p {DOWN_PORT} <{source}")
    begin = time.monotonic()
    guest.must(
        f"mkfifo /tmp/open; sleep 0.5; nc {PEER4} {DOWN_PORT} <>/tmp/open >/tmp/file; rm /tmp/open", TIMEOUT_SECONDS
    )
    took = time.monotonic() - begin
    got = guest.must("sha256sum /tmp/file", TIMEOUT_SECONDS).split()[0]
    lab.check(
        "64 MB reach the guest with the SHA-256 they left with.", got == wanted, f"{MEGABYTES * 8.4 / took:.0f} Mbit/s"
    )
    receiver = wire.start("nc", "sh", "-c", f"{busybox} nc -l -p {UP_PORT} <>{pipe} >{back}")
    begin = time.monotonic()
    guest.must(f"sleep 0.5; nc {PEER4} {UP_PORT} </tmp/file; rm /tmp/file", TIMEOUT_SECONDS)
    receiver.wait_for_end(30)
    took = time.monotonic() - begin
    got = hashlib.sha256(back.read_bytes()).hexdigest()
    lab.check("64 MB come back with the SHA-256 they left with.", got == wanted, f"{MEGABYTES * 8.4 / took:.0f} Mbit/s")
