"""How fast could any card behind a socket answer? A peer that answers register reads at once, with zeros, and knows
nothing else: in C where the machine has a compiler, else in Python. Run as a program, this file is the latter.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import Struct

from glassnic.bench.bed import Bed
from glassnic.lab.process import Process
from glassnic.transports.vfio_user.messages import ACCESS, HEADER, REPLY, Command

FLOOR_C = r"""
/* Layouts are those of vfio-user: header id:2 command:2 size:4 flags:4 errno:4, then offset:8 region:4 count:4. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static unsigned char in[1 << 18], out[40];

int main(int argc, char **argv)
{
    int peer = atoi(argv[argc - 1]);  /* a connection that is open already, or else a path to listen on */
    if (!peer) {
        struct sockaddr_un name = { .sun_family = AF_UNIX };
        strncpy(name.sun_path, argv[argc - 1], sizeof name.sun_path - 1);
        int listener = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(listener, (struct sockaddr *)&name, sizeof name) || listen(listener, 1))
            return 1;
        puts("listens");
        fflush(stdout);
        peer = accept(listener, 0, 0);
    }
    size_t have = 0;
    for (ssize_t got; (got = recv(peer, in + have, sizeof in - have, 0)) > 0;) {
        size_t at = 0;
        uint32_t size;
        for (have += got; have - at >= 16 && (memcpy(&size, in + at + 4, 4), have - at >= size); at += size) {
            if (in[at + 2] != 9)
                continue;
            memcpy(out, in + at, 32);
            out[4] = 36;
            out[8] = 1;
            if (send(peer, out, 36, 0) != 36)
                return 1;
        }
        memmove(in, in + at, have - at);
        have -= at;
    }
    return 0;
}
"""


@contextmanager
def floor(bed: Bed) -> Iterator[tuple[str, Process, Path]]:
    """The peer, running: its name, its process, and where it listens."""
    place = bed.place()
    path = place / "floor.sock"
    name, words = build(place)
    process = Process("The echo", [*words, str(path)], place / "floor.txt")
    try:
        process.wait_for(lambda: "listens" in process.said, 20, "its word that it listens")
        yield name, process, path
    finally:
        process.stop()


def build(place: Path) -> tuple[str, list[str]]:
    """The peer's name, and its command line but for the path or the number of its connection."""
    if compile_c(FLOOR_C, place / "floor"):
        return "an echo in C", [str(place / "floor")]
    return "an echo in Python", [sys.executable, __file__]


def compile_c(source: str, program: Path) -> bool:
    """Make a program of C; False where there is no compiler that can."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return False
    file = program.with_suffix(".c")
    file.write_text(source)
    return subprocess.run([compiler, "-O2", "-o", program, file], capture_output=True, check=False).returncode == 0


def serve(place: str) -> None:
    """The Python form of `FLOOR_C`."""
    if place.isdecimal():
        peer = socket.socket(fileno=int(place))
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(place)
        listener.listen(1)
        print("listens", flush=True)
        peer, _ = listener.accept()
    reply = Struct(HEADER.format + ACCESS.format[1:] + "I")
    have = b""
    while got := peer.recv(1 << 18):
        have, at = have + got, 0
        while len(have) - at >= HEADER.size:
            number, command, size, _, _ = HEADER.unpack_from(have, at)
            if len(have) - at < size:
                break
            if command == Command.REGION_READ:
                peer.send(reply.pack(number, command, reply.size, REPLY, 0, 0, 0, 4, 0))
            at += size
        have = have[at:]


if __name__ == "__main__":
    serve(sys.argv[1])
