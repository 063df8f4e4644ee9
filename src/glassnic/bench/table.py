"""Which benches are there? One row each: what is done, over which back end, how much at a time, and how far ahead of
its peers the card wants to be. Rows without a goal are there to be known, above all where the card loses.
"""

from __future__ import annotations

from functools import partial

from glassnic.bench import programs, receive, tap
from glassnic.bench.engine import against_memcpy, recording
from glassnic.bench.measure import Unit
from glassnic.bench.process import against_floor, idle, memory, reads, start, writes
from glassnic.bench.run import Bench
from glassnic.bench.transmit import in_a_row, one_by_one, stage

FRAME = Unit("ns/frame", 1)
DOORBELL = Unit("µs/doorbell", 1e-3)

STREAM = "unix stream"

TRANSMIT = (
    Bench(
        "ring/tso64k", "64 KB of TCP, cut and summed", STREAM, "128 packets a doorbell", FRAME,
        partial(stage, make=partial(programs.tso64k, 128)), {"e1000": 8},
    ),
    Bench(
        "ring/csum1514", "1514 B with IP and TCP sums", STREAM, "4096 packets a doorbell", FRAME,
        partial(stage, make=partial(programs.csum1514, 4096)), {"e1000": 8},
    ),
    Bench(
        "ring/legacy64", "64 B, legacy descriptors", STREAM, "8192 packets a doorbell", FRAME,
        partial(stage, make=partial(programs.legacy64, 8192)), {"e1000": 20},
    ),
    Bench(
        "ring/mixed", "TCP to cut and UDP to sum in turn", STREAM, "512 packets a doorbell", FRAME,
        partial(stage, make=partial(programs.mixed, 512)), {"e1000": 7},
    ),
    Bench(
        "ring/single", "64 B, and a register read after each", STREAM, "1 packet a doorbell, not coalesced", DOORBELL,
        partial(stage, make=partial(programs.legacy64, 1024), ring=one_by_one), {"e1000": 1},
    ),
    Bench(
        "ring/pipelined", "64 B, doorbells in a row", STREAM, "1 packet a doorbell", DOORBELL,
        partial(stage, make=partial(programs.legacy64, 1024), ring=in_a_row),
    ),
    Bench(
        "lap/tso64k", "64 KB of TCP, a ring of 256, each lap waited for", STREAM, "13 packets a doorbell", FRAME,
        partial(stage, make=partial(programs.tso64k, 13), laps=8),
    ),
    Bench(
        "lap/csum1514", "1514 B with sums, a ring of 256, each lap waited for", STREAM, "127 packets a doorbell", FRAME,
        partial(stage, make=partial(programs.csum1514, 127), laps=16),
    ),
    Bench(
        "lap/legacy64", "64 B, a ring of 256, each lap waited for", STREAM, "255 packets a doorbell", FRAME,
        partial(stage, make=partial(programs.legacy64, 255), laps=16),
    ),
)  # fmt: skip

NOTHING = "none, in process"
ENGINE = (  # costs in processor time
    Bench(
        "engine/tso64k", "64 KB of TCP against memcpy", NOTHING, "128 packets a doorbell", FRAME,
        partial(against_memcpy, make=partial(programs.tso64k, 128)), {"memcpy": 0.7},
    ),
    Bench(
        "engine/csum1514", "1514 B with sums against memcpy", NOTHING, "4096 packets a doorbell",
        FRAME, partial(against_memcpy, make=partial(programs.csum1514, 4096)),
    ),
    Bench(
        "engine/legacy64", "64 B against memcpy", NOTHING, "8192 packets a doorbell", FRAME,
        partial(against_memcpy, make=partial(programs.legacy64, 8192)),
    ),
    Bench(
        "recorder/tso64k", "64 KB of TCP: what recording costs", NOTHING, "128 packets a doorbell", FRAME,
        partial(recording, make=partial(programs.tso64k, 128)), {"off": 0.95},
    ),
    Bench(
        "recorder/legacy64", "64 B: what recording costs", NOTHING, "8192 packets a doorbell", FRAME,
        partial(recording, make=partial(programs.legacy64, 8192)), {"off": 0.95},
    ),
)  # fmt: skip

TAP = "TAP"
TAPS = (
    Bench(
        "tap/tso64k", "64 KB of TCP, cut and summed", TAP, "128 packets a doorbell", FRAME,
        partial(tap.transmitting, make=partial(programs.tso64k, 128)), {"e1000": 10, "e1000e": 1.25},
    ),
    Bench(
        "tap/csum1514", "1514 B with IP and TCP sums", TAP, "4096 packets a doorbell", FRAME,
        partial(tap.transmitting, make=partial(programs.csum1514, 4096)), {"e1000": 2},
    ),
    Bench(
        "tap/legacy64", "64 B, legacy descriptors", TAP, "8192 packets a doorbell", FRAME,
        partial(tap.transmitting, make=partial(programs.legacy64, 8192)), {"e1000": 1.4},
    ),
    Bench(
        "tap/mixed", "TCP to cut and UDP to sum in turn", TAP, "512 packets a doorbell", FRAME,
        partial(tap.transmitting, make=partial(programs.mixed, 512)),
    ),
)  # fmt: skip

RECEIVE = (
    Bench(
        "receive/1514", "1514 B into the ring", STREAM, "4096 frames, as fast as they are taken", FRAME,
        partial(receive.stage, length=1514, count=4096), {"e1000": 2},
    ),
    Bench(
        "receive/64", "64 B into the ring", STREAM, "8192 frames, as fast as they are taken", FRAME,
        partial(receive.stage, length=60, count=8192), {"e1000": 2},
    ),
    Bench(
        "receive/gro64k", "64 KB of TCP into the ring, as 1514 B", TAP, "64 packets, as fast as they are taken", FRAME,
        partial(tap.receiving, count=64), {"e1000": 2},
    ),
)  # fmt: skip

SOCKET = "none, a vfio-user socket"
PROCESS = (
    Bench(
        "registers/read", "register reads, one after the other", SOCKET, "1 message at a time", Unit("µs/read", 1e-3),
        partial(against_floor, talk=reads), {"floor": 1 / 1.4},
    ),
    Bench(
        "registers/write", "posted register writes", SOCKET, "1 message a call", Unit("µs/write", 1e-3),
        partial(against_floor, talk=writes), {"floor": 1 / 1.4},
    ),
    Bench(
        "process/idle", "an idle guest: 60 reads and an interrupt in 2 s", SOCKET, "1 message at a time",
        Unit("% of a processor", 100), idle, limit=1,
    ),
    Bench("process/start", "start to first answered register", SOCKET, "once", Unit("ms", 1e-6), start),
    Bench("process/memory", "peak memory, engine loaded", SOCKET, "once", Unit("MB", 1e-6), memory),
)  # fmt: skip

BENCHES = {bench.name: bench for bench in (*TRANSMIT, *TAPS, *RECEIVE, *ENGINE, *PROCESS)}
