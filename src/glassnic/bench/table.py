"""Which benches are there? One row each: what is done, over which back end, how much at a time, and how far ahead of
its peers the card wants to be. Rows without a goal are there to be known, above all where the card loses.
"""

from __future__ import annotations

from functools import partial

from glassnic.bench import engine, guest, process, programs, receive, tap, transmit
from glassnic.bench.measure import Unit
from glassnic.bench.run import Bench

FRAME = Unit("ns/frame", 1)
DOORBELL = Unit("µs/doorbell", 1e-3)
MBIT = Unit("Mbit/s", 1e9, is_rate=True)
TRIP = Unit("trips/s", 1e9, is_rate=True)

STREAM, TAP, NOTHING, SOCKET = "unix stream", "TAP", "none, in process", "none, a vfio-user socket"

LAPS = 4
"""A ring's worth is done in milliseconds: so often, for one measure."""

TSO = "128 packets a doorbell"
CSUM = "4096 packets a doorbell"
SHORT = "8192 packets a doorbell"
MIXED = "512 packets a doorbell"
tso64k, csum1514 = partial(programs.tso64k, 128), partial(programs.csum1514, 4096)
legacy64, mixed = partial(programs.legacy64, 8192), partial(programs.mixed, 512)
few64 = partial(programs.legacy64, 1024)
lap_of_tso64k, lap_of_csum1514 = partial(programs.tso64k, 13), partial(programs.csum1514, 127)
lap_of_legacy64 = partial(programs.legacy64, 255)

RING = (
    Bench("ring/tso64k", "64 KB of TCP, cut and summed", STREAM, TSO, FRAME,
          partial(transmit.stage, make=tso64k, laps=LAPS), {"e1000": 8}),
    Bench("ring/csum1514", "1514 B with IP and TCP sums", STREAM, CSUM, FRAME,
          partial(transmit.stage, make=csum1514, laps=LAPS), {"e1000": 8}),
    Bench("ring/legacy64", "64 B, legacy descriptors", STREAM, SHORT, FRAME,
          partial(transmit.stage, make=legacy64, laps=LAPS), {"e1000": 20}),
    Bench("ring/mixed", "TCP to cut and UDP to sum in turn", STREAM, MIXED, FRAME,
          partial(transmit.stage, make=mixed, laps=LAPS), {"e1000": 7}),
    Bench("ring/single", "64 B, and a register read after each", STREAM, "1 packet a doorbell, not coalesced", DOORBELL,
          partial(transmit.stage, make=few64, ring=transmit.one_by_one), {"e1000": 1}),
    Bench("ring/pipelined", "64 B, doorbells in a row", STREAM, "1 packet a doorbell", DOORBELL,
          partial(transmit.stage, make=few64, ring=transmit.in_a_row)),
    Bench("lap/tso64k", "64 KB of TCP, a ring of 256, each lap waited for", STREAM, "13 packets a doorbell", FRAME,
          partial(transmit.stage, make=lap_of_tso64k, laps=8)),
    Bench("lap/csum1514", "1514 B with sums, a ring of 256, each lap waited for", STREAM, "127 packets a doorbell",
          FRAME, partial(transmit.stage, make=lap_of_csum1514, laps=16)),
    Bench("lap/legacy64", "64 B, a ring of 256, each lap waited for", STREAM, "255 packets a doorbell", FRAME,
          partial(transmit.stage, make=lap_of_legacy64, laps=16)),
)  # fmt: skip

ON_TAP = (
    Bench("tap/tso64k", "64 KB of TCP, cut and summed", TAP, TSO, FRAME,
          partial(tap.transmitting, make=tso64k), {"e1000": 10, "e1000e": 1.25}),
    Bench("tap/csum1514", "1514 B with IP and TCP sums", TAP, CSUM, FRAME,
          partial(tap.transmitting, make=csum1514), {"e1000": 2}),
    Bench("tap/legacy64", "64 B, legacy descriptors", TAP, SHORT, FRAME,
          partial(tap.transmitting, make=legacy64), {"e1000": 1.4}),
    Bench("tap/mixed", "TCP to cut and UDP to sum in turn", TAP, MIXED, FRAME,
          partial(tap.transmitting, make=mixed)),
)  # fmt: skip

RECEIVE = (
    Bench("receive/1514", "1514 B into the ring", STREAM, "4096 frames, as fast as they are taken", FRAME,
          partial(receive.stage, length=1514, count=4096), {"e1000": 2}),
    Bench("receive/64", "64 B into the ring", STREAM, "8192 frames, as fast as they are taken", FRAME,
          partial(receive.stage, length=60, count=8192), {"e1000": 2}),
    Bench("receive/gro64k", "64 KB of TCP into the ring, as 1514 B", TAP, "64 packets, as fast as they are taken",
          FRAME, partial(tap.receiving, count=64), {"e1000": 2}),
)  # fmt: skip

IN_GUEST = tuple(
    Bench(f"{group}/{name}", title, over, batch, unit, partial(guest.stage, task=task, together=together), {"e1000": 1})
    for group, over, together in (("guest", TAP, False), ("together", "TAP; guest and card on one processor", True))
    for name, title, batch, unit, task in (
        ("tcp-out", "iperf3, TCP from the guest", "what Linux gives", MBIT, guest.iperf("")),
        ("tcp-in", "iperf3, TCP to the guest", "what comes", MBIT, guest.iperf("-R")),
        ("udp-out", "iperf3, UDP from the guest, 1400 B", "what Linux gives", MBIT, guest.iperf("-u -b 0 -l 1400")),
        ("udp-in", "iperf3, UDP to the guest, 1400 B, 50 Mbit/s offered", "what comes", MBIT,
         guest.iperf("-R -u -b 50M -l 1400")),
        ("udp-flood", "iperf3, UDP to the guest, 1400 B, 200 Mbit/s offered", "what comes", MBIT,
         guest.iperf("-R -u -b 200M -l 1400")),
        ("request", "request and response by TCP, a byte each", "1 packet", TRIP, guest.request_response),
    )
)  # fmt: skip

IN_PROCESS = (
    Bench("engine/tso64k", "64 KB of TCP against memcpy", NOTHING, TSO, FRAME,
          partial(engine.against_memcpy, make=tso64k), {"memcpy": 0.7}),
    Bench("engine/csum1514", "1514 B with sums against memcpy", NOTHING, CSUM, FRAME,
          partial(engine.against_memcpy, make=csum1514)),
    Bench("engine/legacy64", "64 B against memcpy", NOTHING, SHORT, FRAME,
          partial(engine.against_memcpy, make=legacy64)),
    Bench("recorder/tso64k", "64 KB of TCP: what recording costs", NOTHING, TSO, FRAME,
          partial(engine.recording, make=tso64k), {"off": 1 / 1.05}),
    Bench("recorder/csum1514", "1514 B with sums: what recording costs", NOTHING, CSUM, FRAME,
          partial(engine.recording, make=csum1514), {"off": 1 / 1.05}),
    Bench("recorder/mixed", "TCP and UDP in turn: what recording costs", NOTHING, MIXED, FRAME,
          partial(engine.recording, make=mixed), {"off": 1 / 1.05}),
    Bench("recorder/legacy64", "64 B: what recording costs", NOTHING, SHORT, FRAME,
          partial(engine.recording, make=legacy64), {"off": 1 / 1.05}),
)  # fmt: skip

AS_PROCESS = (
    Bench("registers/read", "register reads, one after the other", SOCKET, "1 message at a time",
          Unit("µs/read", 1e-3), partial(process.against_floor, talk=process.reads), {"floor": 1 / 1.4}),
    Bench("registers/guest", "register reads by a program in a guest", SOCKET, "1 read at a time",
          Unit("µs/read", 1e-3), guest.reading, {"floor": 1 / 1.4}),
    Bench("registers/write", "posted register writes", SOCKET, "1 message a call",
          Unit("µs/write", 1e-3), partial(process.against_floor, talk=process.writes), {"floor": 1 / 1.4}),
    Bench("process/idle", "an idle guest: 60 reads and an interrupt in 2 s", SOCKET, "1 message at a time",
          Unit("% of a processor", 100), process.idle, limit=1),
    Bench("process/start", "start to first answered register", SOCKET, "once", Unit("ms", 1e-6), process.start),
    Bench("process/memory", "peak memory, engine loaded", SOCKET, "once", Unit("MB", 1e-6), process.memory),
)  # fmt: skip

BENCHES = {bench.name: bench for bench in (*RING, *ON_TAP, *RECEIVE, *IN_GUEST, *IN_PROCESS, *AS_PROCESS)}
