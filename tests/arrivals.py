"""What may happen to a receive ring? Hypothesis strategies for whole scenes: registers, ring, frames, right and silly.

A `Scene` is a memory, register settings, and acts: frames arrive, registers are written, a turn is taken. Frames are
plausible ones with a byte changed here and there, so that every filter and every checksum is met from both sides.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from glassnic.device.ports import FlatMemory
from glassnic.spec.bits import Bits, put
from glassnic.spec.descriptors import DESCRIPTOR_BYTES
from glassnic.spec.fields import CTRL, RCTL
from glassnic.spec.models import MODELS, Model
from glassnic.spec.profiles import MANUAL, PROFILES, Traits
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.ipv6 import Ipv6
from glassnic.wire.tcp import Tcp
from glassnic.wire.udp import Udp

MEMORY_BYTES = 0x20000
RING, BUFFERS = 0x1000, 0x2000
STATION, NEIGHBOUR = bytes.fromhex("525400123456"), bytes.fromhex("525400654321")
GROUP, STRANGERS, PAUSE_GROUP = b"\x01\x00\x5e\x01\x02\x03", b"\x33\x33\x00\x00\x00\x09", b"\x01\x80\xc2\x00\x00\x01"
EVERYBODY = b"\xff" * 6
VLAN, OTHER_VLAN = 0x123, 0x456
VET, CONTROL_TYPE = 0x8100, 0x8808
TCP, UDP, ICMP = 6, 17, 1

RANGES = {
    "all of it": ((0, MEMORY_BYTES, 1),),
    "a hole among the buffers": ((0, 0x3000, 1), (0x3800, MEMORY_BYTES, 1)),
    "a ring that cannot be written": ((0, RING, 1), (RING, BUFFERS, 0), (BUFFERS, MEMORY_BYTES, 1)),
    "buffers that cannot be written": ((0, BUFFERS, 1), (BUFFERS, MEMORY_BYTES, 0)),
    "half a descriptor": ((RING + 40, MEMORY_BYTES, 1),),
    "nothing": (),
}

Write = tuple[str, int, int]
"""Register, index in its array, value."""


class Arrival(NamedTuple):
    """Frames come by a way: "wire", "loopback" (short ones stay short), or "bad" (the last 4 bytes are a wrong FCS)."""

    way: str
    frames: tuple[bytes, ...]


class Turn(NamedTuple):
    """A turn is taken with bus mastering on or off."""

    bus_master: bool


@dataclass(frozen=True)
class Scene:
    """Descriptors hold `addresses`; memory outside them is filled from `seed`."""

    model: Model
    traits: Traits
    ranges: tuple[tuple[int, int, int], ...]
    seed: int
    addresses: tuple[int, ...]
    setup: tuple[Write, ...]
    acts: tuple[Arrival | Turn | Write, ...]

    def memory(self) -> FlatMemory:
        """Memory of its own, all of it filled, before the ranges are drawn tight."""
        memory = FlatMemory(MEMORY_BYTES)
        memory.write(0, random.Random(self.seed).randbytes(MEMORY_BYTES))
        for index, address in enumerate(self.addresses):
            memory.write(RING + index * DESCRIPTOR_BYTES, address.to_bytes(8, "little"))
        memory.ranges = np.array(self.ranges, np.int64).reshape(-1, 3)
        return memory


@st.composite
def packets(draw: st.DrawFn) -> tuple[int, bytes]:
    """An ethertype and a packet, most of them IP with TCP or UDP inside."""
    v6, protocol = draw(st.booleans()), draw(st.sampled_from((TCP, UDP, UDP, ICMP)))
    noise = random.Random(draw(st.integers(0, 99)))
    size = draw(st.sampled_from((0, 1, 5, 30, 100, 700, 1460, 1500, 5000)))
    source, destination = (noise.randbytes(16), noise.randbytes(16)) if v6 else (noise.randbytes(4), noise.randbytes(4))
    data = noise.randbytes(size)
    if protocol == TCP:
        layer4 = Tcp(1, 2, 3, 4, 0x18, 500, data, options=bytes(4 * noise.randrange(3))).sealed(source, destination)
        payload = layer4.encode()
    elif protocol == UDP:
        datagram = Udp(7, 7, data)
        payload = (datagram.sealed(source, destination) if draw(st.booleans()) else datagram).encode()
    else:
        payload = data
    if not v6:
        fragment = draw(st.sampled_from((0, 0, 0, 1, 185)))
        options = bytes(4 * draw(st.sampled_from((0, 0, 1, 10))))
        flags = draw(st.sampled_from((2, 0, 1)))
        packet4 = Ipv4(source, destination, protocol, payload, flags=flags, fragment_offset=fragment, options=options)
        return 0x0800, packet4.sealed().encode()
    for kind in draw(st.lists(st.sampled_from((0, 60, 43, 44)), max_size=2)):
        words = draw(st.sampled_from((0, 1, 7, 8)))
        payload = bytes([protocol, words, 0, draw(st.sampled_from((0, 0, 1)))]) + bytes(4 + 8 * words) + payload
        protocol = kind
    return 0x86DD, Ipv6(source, destination, protocol, payload).encode()


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """A frame without FCS."""
    destination = draw(st.sampled_from((STATION,) * 6 + (NEIGHBOUR, EVERYBODY, GROUP, STRANGERS, PAUSE_GROUP)))
    source = draw(st.sampled_from((NEIGHBOUR, STATION)))
    what = draw(st.sampled_from(("packet", "packet", "packet", "junk", "control")))
    if what == "packet":
        kind, body = draw(packets())
    elif what == "control":
        quanta = draw(st.sampled_from((0, 1, 0xFFFF)))
        kind, body = CONTROL_TYPE, bytes([0, draw(st.sampled_from((1, 1, 2)))]) + quanta.to_bytes(2, "big")
    else:
        size = draw(st.sampled_from((0, 1, 3, 46, 60, 1500, 1504, 1505, 16366, 16367, 17000)))
        kind, body = draw(st.sampled_from((VET, 0x0800, 0x86DD, 0x0600, 46))), random.Random(size).randbytes(size)
    if draw(st.integers(0, 5)) == 0:
        kind, body = 46, b"\xaa\xaa\x03\0\0\0" + kind.to_bytes(2, "big") + body
    if draw(st.integers(0, 3)) == 0:
        tag = draw(st.sampled_from((VLAN, OTHER_VLAN))) | draw(st.sampled_from((0, 0x1000, 0xE000)))
        kind, body = VET, tag.to_bytes(2, "big") + kind.to_bytes(2, "big") + body
    frame = bytearray(destination + source + kind.to_bytes(2, "big") + body)
    if draw(st.integers(0, 3)) == 0:
        frame[draw(st.integers(0, min(len(frame), 80) - 1))] ^= draw(st.integers(1, 255))
    if draw(st.integers(0, 5)) == 0:
        del frame[draw(st.integers(0, len(frame))) :]
    return bytes(frame)


@st.composite
def receive_controls(draw: st.DrawFn) -> int:
    """RCTL: enabled mostly, the rest by chance."""
    word = draw(st.integers(0, 0xFFFF_FFFF)) & ~RCTL.LBM.mask
    if draw(st.integers(0, 2)):  # as drivers set it
        word &= ~(RCTL.UPE.mask | RCTL.MPE.mask | RCTL.BSIZE.mask | RCTL.BSEX.mask | RCTL.VFE.mask | RCTL.SBP.mask)
        word = put(word, RCTL.BSIZE, draw(st.sampled_from((0, 0, 0, 3))))
    return put(word, RCTL.EN, draw(st.integers(0, 9)) > 0)


@st.composite
def settings_of(draw: st.DrawFn, entries: int) -> tuple[Write, ...]:
    """Registers as a driver might set them, or as one that errs."""
    pointers = st.one_of(st.integers(0, entries), st.sampled_from((entries + 1, 0xFFFF)))
    chosen: dict[str, st.SearchStrategy[int]] = {
        "RCTL": receive_controls(),
        "CTRL": st.sampled_from((0, CTRL.VME.mask, CTRL.RFCE.mask, CTRL.VME.mask | CTRL.RFCE.mask)),
        "RDTR": st.sampled_from((0, 0, 8)),
        "RSRPD": st.sampled_from((0, 0, 60, 64, 200)),
        "RXCSUM": st.one_of(st.just(0x700), st.integers(0, 0x7FF)),
        "RDH": st.sampled_from((0, 0, 0, 5, entries, 0xFFFF)),
        "RDT": st.one_of(st.just(max(entries - 1, 0)), pointers),
        "RDBAH": st.sampled_from((0,) * 20 + (1, 0x8000_0000, 0xFFFF_FFFF)),
    }
    writes = [(name, 0, draw(values)) for name, values in chosen.items()]
    hashed = int.from_bytes(GROUP[4:], "little") >> draw(st.sampled_from((4, 3, 2, 0))) & 0xFFF
    entry = draw(st.integers(0, 15))
    selects = st.sampled_from((0, 0, 0, 1, 2))
    writes += [
        ("RDBAL", 0, RING),
        ("RDLEN", 0, entries * DESCRIPTOR_BYTES),
        ("MTA", hashed >> 5, 1 << (hashed & 31)),
        ("VFTA", VLAN >> 5, 1 << (VLAN & 31)),
        ("RAL", 0, int.from_bytes(STATION[:4], "little")),
        ("RAH", 0, put(int.from_bytes(STATION[4:], "little") | 1 << 31, Bits(16, 2), draw(selects))),
        ("RAL", entry, int.from_bytes(draw(st.sampled_from((STATION, GROUP, EVERYBODY)))[:4], "little")),
    ]  # fmt: skip
    return tuple(writes)


def traits() -> st.SearchStrategy[Traits]:
    """Those of a profile, or the manual's with a few others."""
    others = {
        "shortest_octets": 0, "oversize": 4, "fcs_stored": 0, "source_entries": 0, "hash_unicast": 1,
        "mpe_broadcast": 0, "compares_cfi": 0, "marks_inexact": 0, "judges_sums": 0,
        "stripped_counted": 0, "delays": 0, "counts_refused": 0, "judges_first": 1, "size_less": 4, "rxdmt0_once": 0,
    }  # fmt: skip
    bent = st.lists(st.sampled_from(sorted(others)), max_size=4)
    return st.sampled_from(sorted(PROFILES)).map(PROFILES.__getitem__) | bent.map(
        lambda names: MANUAL._replace(**{name: others[name] for name in names})
    )


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """A whole scene; the FIFO is small enough to overflow at times."""
    entries = draw(st.sampled_from((8,) * 6 + (16, 16, 0)))
    addresses = st.one_of(
        st.integers(0, 30).map(lambda slot: BUFFERS + slot * 2048),
        st.integers(BUFFERS, MEMORY_BYTES),
        st.sampled_from((0, 0, 1, RING, RING + 24, MEMORY_BYTES - 100, 1 << 62, (1 << 64) - 1, 1 << 63)),
    )
    changes = st.sampled_from(("RCTL", "RDT", "RDH", "RXCSUM"))
    acts: list[Arrival | Turn | Write] = []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(("arrive", "arrive", "arrive", "turn", "write")))
        if kind == "arrive":
            way = draw(st.sampled_from(("wire", "wire", "wire", "loopback", "bad")))
            acts.append(Arrival(way, tuple(draw(st.lists(frames(), min_size=1, max_size=6)))))
        elif kind == "turn":
            acts.append(Turn(draw(st.integers(0, 3)) > 0))
        else:
            name = draw(changes)
            acts.append((name, 0, draw(receive_controls() if name == "RCTL" else st.integers(0, entries))))
    return Scene(
        model=draw(st.sampled_from(tuple(MODELS.values()))),
        traits=draw(traits()),
        ranges=RANGES[draw(st.sampled_from(("all of it",) * 6 + tuple(RANGES)))],
        seed=draw(st.integers(0, 9)),
        addresses=tuple(draw(st.lists(addresses, min_size=16, max_size=16))),
        setup=(("PBA", 0, draw(st.sampled_from((48, 48, 48, 1, 2, 0, 127)))), *draw(settings_of(entries))),
        acts=tuple(acts),
    )


@st.composite
def nonsense(draw: st.DrawFn) -> Scene:
    """Any values in all the registers, a ring somewhere in memory that holds noise, and frames."""
    words = st.one_of(st.integers(0, 0xFFFF_FFFF), st.sampled_from((0, 0xFFFF_FFFF, 0x5A5A_5A5A, 0xA5A5_A5A5)))
    wild = ("CTRL", "VET", "FCAL", "FCAH", "FCT", "RDTR", "RSRPD", "RXCSUM", "RAL", "RAH", "RDH", "RDT")
    setup = [("PBA", 0, draw(st.integers(0, 127))), *((name, 0, draw(words)) for name in wild)]
    setup += [
        ("RDBAL", 0, draw(st.integers(0, MEMORY_BYTES))),
        ("RDBAH", 0, draw(st.sampled_from((0,) * 9 + (0xA5A5_A5A5,)))),
        ("RDLEN", 0, draw(st.integers(0, 0x1000))),
        ("RCTL", 0, draw(words) & ~RCTL.LBM.mask | RCTL.EN.mask | RCTL.UPE.mask | RCTL.MPE.mask),
    ]
    arrivals = st.builds(Arrival, st.sampled_from(("wire", "loopback", "bad")), st.tuples(frames(), frames()))
    return Scene(
        model=draw(st.sampled_from(tuple(MODELS.values()))),
        traits=draw(traits()),
        ranges=RANGES[draw(st.sampled_from(tuple(RANGES)))],
        seed=draw(st.integers(0, 99)),
        addresses=(),
        setup=tuple(setup),
        acts=tuple(draw(st.lists(arrivals, min_size=1, max_size=4))),
    )


def play(scene: Scene, write: Callable[[str, int, int], None], act: Callable[[Arrival | Turn], None]) -> None:
    """Be driver and wire."""
    for name, index, value in scene.setup:
        write(name, index, value)
    for done in scene.acts:
        if isinstance(done, Arrival | Turn):
            act(done)
        else:
            write(*done)
