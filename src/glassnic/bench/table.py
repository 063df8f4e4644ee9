"""Which benches are there? One row each: what is done, over which back end, how much at a time, and how far ahead of
its peers the card wants to be. Rows without a goal are there to be known, above all where the card loses.
"""

from __future__ import annotations

from functools import partial

from glassnic.bench import programs
from glassnic.bench.measure import Unit
from glassnic.bench.run import Bench
from glassnic.bench.transmit import in_a_row, one_by_one, stage

FRAME = Unit("µs/frame", 1e-3, item="frame")

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
        "ring/single", "64 B, and a register read after each", STREAM, "1 packet a doorbell, not coalesced", FRAME,
        partial(stage, make=partial(programs.legacy64, 1024), ring=one_by_one), {"e1000": 1},
    ),
    Bench(
        "ring/pipelined", "64 B, doorbells in a row", STREAM, "1 packet a doorbell", FRAME,
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

BENCHES = {bench.name: bench for bench in TRANSMIT}
