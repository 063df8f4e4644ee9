"""What may a guest ask of the transmit ring? Hypothesis strategies for whole transmit programs, right and silly ones.

A `Program` is a memory, register settings, and steps: each lays descriptors into the ring and moves the tail; so
packets stay open between doorbells, and the ring wraps. Plausible packets have true headers (§3.5.5); silly ones any.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

import numpy as np
from hypothesis import strategies as st

from glassnic.device.ports import FlatMemory, GuestMemory
from glassnic.driver.descriptors import encode_context, encode_data, encode_legacy
from glassnic.driver.message import Message
from glassnic.spec.descriptors import DESCRIPTOR_BYTES
from glassnic.spec.models import MODELS, Model
from glassnic.spec.profiles import PROFILES, Traits

MEMORY_BYTES = 0x10000
RING, BUFFERS = 0x1000, 0x2000
EN, PSP, VME = 1 << 1, 1 << 3, 1 << 30
SILLY_LENGTHS = (0, 1, 2, 4, 13, 17, 18, 27, 28, 59, 60, 61, 200, 1514, 4000)
HEADER_FIELDS = (0, 12, 14, 18, 24, 33, 34, 50, 54, 200, 239, 240, 241, 255)

RANGES = {
    "all of it": ((0, MEMORY_BYTES, 1),),
    "a hole among the buffers": ((0, 0x3000, 1), (0x3800, MEMORY_BYTES, 1)),
    "a ring that cannot be written": ((0, RING, 1), (RING, BUFFERS, 0), (BUFFERS, MEMORY_BYTES, 1)),
    "buffers that cannot be written": ((0, BUFFERS, 1), (BUFFERS, MEMORY_BYTES, 0)),
    "half a descriptor": ((RING + 40, MEMORY_BYTES, 1),),
    "nothing": (),
}


@dataclass(frozen=True)
class Step:
    """`descriptors` go into the ring from `slot` on; then the registers are written in order, TDT among them."""

    slot: int
    descriptors: tuple[bytes, ...]
    writes: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Program:
    """`contents` are (address, bytes) laid over memory that is filled from `seed`."""

    model: Model
    traits: Traits
    ranges: tuple[tuple[int, int, int], ...]
    seed: int
    contents: tuple[tuple[int, bytes], ...]
    entries: int
    setup: tuple[tuple[str, int], ...]
    steps: tuple[Step, ...]

    def memory(self) -> FlatMemory:
        """Memory of its own, all of it filled, before the ranges are drawn tight."""
        memory = FlatMemory(MEMORY_BYTES)
        self.place(memory)
        memory.ranges = np.array(self.ranges, np.int64).reshape(-1, 3)
        return memory

    def place(self, memory: GuestMemory) -> None:
        """Fill memory; the ring starts as zeros, as a driver leaves it."""
        memory.write(0, random.Random(self.seed).randbytes(MEMORY_BYTES))
        memory.write(RING, bytes(BUFFERS - RING))
        for address, data in self.contents:
            memory.write(address, data)

    def play(self, memory: GuestMemory, write: Callable[[str, int], None]) -> None:
        """Be the driver: lay descriptors, call `write(register, value)` for each write."""
        for name, value in self.setup:
            write(name, value)
        for step in self.steps:
            for index, descriptor in enumerate(step.descriptors):
                place = RING + (step.slot + index) % self.entries * DESCRIPTOR_BYTES
                memory.data[place : place + DESCRIPTOR_BYTES] = np.frombuffer(descriptor, np.uint8)
            for name, value in step.writes:
                write(name, value)


class Pages:
    """Hands out buffer addresses, and keeps what was put there."""

    def __init__(self) -> None:
        self.next = BUFFERS
        self.contents: list[tuple[int, bytes]] = []

    def put(self, data: bytes) -> int:
        if self.next + len(data) > MEMORY_BYTES:
            self.next = BUFFERS  # later packets overwrite earlier ones: only the bytes change
        address = self.next
        self.contents.append((address, data))
        self.next += len(data)
        return address


@st.composite
def messages(draw: st.DrawFn, right: bool = False) -> Message:
    mss = draw(st.sampled_from([0, 0, 1, 9, 100, 536, 1448]))
    most = 3 * mss + 40 if mss else 1600
    length = draw(st.integers(1, most) | st.sampled_from([mss or 1, 2 * mss or 2]))
    payload = random.Random(draw(st.integers(0, 7))).randbytes(length)
    options, tags = draw(st.sampled_from([b"", bytes(12)])), draw(st.sampled_from([b"", b"", b"\x81\0\0\x07"]))
    ipv6, tcp = draw(st.sampled_from([(False, True), (False, False), (True, True), (True, False), (True, False)]))
    if right and ipv6 and not tcp:
        mss = 0  # no part segments UDP over IPv6 (§3.3.6.1 note 2)
    to = draw(st.sampled_from([Message.to, Message.to, b"\xff" * 6, b"\x01\0\x5e\0\0\1"]))
    return Message(ipv6, tcp, payload, mss, options, tags, to, ports=(40000, 80 if tcp else 53))


def flags(*names: str) -> st.SearchStrategy[dict[str, int]]:
    """Each of these bits, or not."""
    return st.fixed_dictionaries({name: st.integers(0, 1) for name in names})


@st.composite
def pieces(draw: st.DrawFn, data: bytes, pages: Pages, first: int = 0) -> list[tuple[int, int]]:
    """(address, length) of buffers that together hold `data`, cut anywhere from `first` on, with null ones between."""
    last = max(len(data) - 4, first)
    cuts = sorted(draw(st.lists(st.integers(first, len(data)) | st.just(last), max_size=4)))
    bounds = list(zip([0, *cuts], [*cuts, len(data)], strict=True))
    nulls = draw(st.sampled_from([(), (), (), ((0, 100),), ((BUFFERS, 0),)]))
    placed = [(pages.put(data[start:end]), end - start) for start, end in bounds]
    at = draw(st.integers(0, len(placed)))
    return placed[:at] + list(nulls) + placed[at:]


def bends() -> st.SearchStrategy[dict[str, int]]:
    """A field or two of a context put wrong: what a driver's bug, or a fuzzer near the truth, would write."""
    near = st.sampled_from(HEADER_FIELDS) | st.integers(0, 64)
    bytes_wide = ("IPCSS", "IPCSO", "IPCSE", "TUCSS", "TUCSO", "TUCSE", "HDRLEN", "MSS", "PAYLEN")
    wrong = st.dictionaries(st.sampled_from(bytes_wide), near, max_size=2)
    kind = st.dictionaries(st.sampled_from(("IP", "TCP", "TSE")), st.integers(0, 1), max_size=1)
    return st.just({}) | st.builds(lambda first, second: first | second, wrong, kind)


@st.composite
def plausible(draw: st.DrawFn, pages: Pages, right: bool = False, neat: bool = False) -> list[bytes]:
    """A context and a packet that fits it. Unless `right`: at times the context or the FCS is missing, a field bent.

    `neat`: headers are in one buffer (§3.5.6), and each descriptor asks for a report.
    """
    message = draw(messages(right))
    data = draw(pieces(message.encode(), pages, message.header_bytes if neat else 0))
    fields = {"TXSM": 1, "IXSM": int(not message.ipv6), "TSE": int(message.mss > 0)} | draw(flags("IFCS", "VLE"))
    fields["SPECIAL"] = draw(st.sampled_from([0, 0x2005]))
    if right:
        fields["IFCS"] = 1
    bent = {} if right else draw(bends())
    report = {"RS": 1} if neat else {}
    context = encode_context(**(message.fields | bent), **(draw(flags("RS", "IDE")) | report))
    out = [context] if right or draw(st.integers(0, 3)) else []
    for index, (address, length) in enumerate(data):
        end = {"EOP": int(index == len(data) - 1)}
        out.append(encode_data(address, length, **fields, **(draw(flags("RS", "IDE")) | report), **end))
    return out


@st.composite
def legacy(draw: st.DrawFn, pages: Pages) -> list[bytes]:
    """A packet of legacy descriptors, with the card's FCS or software's, right or wrong."""
    frame = draw(messages()).encode()[: draw(st.sampled_from([10, 14, 27, 28, 59, 60, 2000]))]
    common = draw(flags("IFCS", "IC", "VLE"))
    if not common["IFCS"]:
        frame += (crc32(frame) ^ draw(st.sampled_from([0, 0, 1]))).to_bytes(4, "little")
    common |= draw(st.fixed_dictionaries({name: st.sampled_from(HEADER_FIELDS) for name in ("CSS", "CSO")}))
    if not draw(st.integers(0, 3)):  # nothing but ones: the checksum comes out 0
        frame, common = b"\xff" * 60, common | {"IFCS": 1, "IC": 1, "CSS": 14, "CSO": 50}
    data = draw(pieces(frame, pages))
    return [
        encode_legacy(
            address, length, EOP=int(index == len(data) - 1), SPECIAL=draw(st.sampled_from([0, 0xE00A])),
            **common, **draw(flags("RS", "IDE", "RPS")),
        )
        for index, (address, length) in enumerate(data)
    ]  # fmt: skip


IN_MEMORY = (BUFFERS, BUFFERS + 1, BUFFERS + 4001, 0x2FF0, 0x3800, RING, RING + 8, MEMORY_BYTES - 17)
OUTSIDE = (MEMORY_BYTES, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
ADDRESSES = st.sampled_from([0, *IN_MEMORY, *OUTSIDE])
LENGTHS = st.sampled_from([*SILLY_LENGTHS, 0xFFFF, 0xFFFFF]) | st.integers(0, 300)


@st.composite
def silly_context(draw: st.DrawFn) -> bytes:
    edges = st.sampled_from(HEADER_FIELDS)
    ends = edges | st.sampled_from([0xFFFF, 1500])
    fields = {name: draw(edges) for name in ("IPCSS", "IPCSO", "TUCSS", "TUCSO", "HDRLEN")}
    fields |= {name: draw(ends) for name in ("IPCSE", "TUCSE")}
    fields["MSS"] = draw(st.sampled_from([0, 8, 17, 64, 600, 1460, 0xFFFF]))
    fields["PAYLEN"] = draw(st.sampled_from([0, 1, 64, 1200, 3000, 0xFFFFF]))
    return encode_context(**fields, **draw(flags("TSE", "IP", "TCP", "RS", "IDE")))


@st.composite
def silly_data(draw: st.DrawFn) -> bytes:
    names = ("EOP", "IFCS", "TSE", "RS", "RPS", "VLE", "IDE", "IXSM", "TXSM")
    kind = draw(st.sampled_from([1, 1, 1, 1, 0, 2, 15]))
    special = draw(st.sampled_from([0, 0xFFFF]))
    return encode_data(draw(ADDRESSES), draw(LENGTHS), DTYP=kind, SPECIAL=special, **draw(flags(*names)))


@st.composite
def silly_legacy(draw: st.DrawFn) -> bytes:
    names = ("EOP", "IFCS", "IC", "RS", "RPS", "VLE", "IDE")
    sums = {name: draw(st.sampled_from(HEADER_FIELDS)) for name in ("CSS", "CSO")}
    return encode_legacy(draw(ADDRESSES), draw(LENGTHS) & 0xFFFF, **sums, **draw(flags(*names)))


def silly(pages: Pages) -> st.SearchStrategy[list[bytes]]:
    """Descriptors one by one, each of any kind, and now and then any 16 bytes at all."""
    any_bits = st.binary(min_size=16, max_size=16)
    return st.lists(silly_context() | silly_data() | silly_legacy() | any_bits, min_size=1, max_size=5)


def settings() -> st.SearchStrategy[dict[str, int]]:
    """Registers the engine looks at, as a driver or a fuzzer sets them."""
    return st.fixed_dictionaries(
        {
            "CTRL": st.sampled_from([0, VME]),
            "VET": st.sampled_from([0x8100, 0x88A8, 0]),
            "PBA": st.sampled_from([0x30, 0x30, 0x30, 63, 64, 127, 0]),
            "TXDCTL": st.sampled_from([0, 1 << 25, 0x0101_0000]),
            "TIDV": st.sampled_from([0, 8]),
        }
    )


@st.composite
def odd_writes(draw: st.DrawFn, entries: int) -> list[tuple[str, int]]:
    """What a driver does besides its tail: mostly nothing."""
    choices = [
        [], [], [], [], [], [],
        [("TDT", draw(st.integers(0, entries + 2) | st.just(0xFFFF)))],
        [("TCTL", PSP), ("TDT", 1), ("TCTL", EN | PSP)],
        [("TDH", draw(st.integers(0, entries + 2) | st.just(0xFFFF)))],
        [("CTRL", VME), ("VET", 0x88A8)],
        [("TCTL", EN)],
    ]  # fmt: skip
    return draw(st.sampled_from(choices))


@st.composite
def steps(draw: st.DrawFn, descriptors: list[bytes], entries: int, wild: bool) -> list[Step]:
    """Cut the descriptors into doorbells, no more at once than a ring takes."""
    out, slot = [], 0
    while descriptors:
        count = draw(st.integers(1, min(entries - 1, len(descriptors))))
        tail = (slot + count) % entries
        before = draw(odd_writes(entries)) if wild else []
        out.append(Step(slot, tuple(descriptors[:count]), (*before, ("TDT", tail))))
        descriptors, slot = descriptors[count:], tail
    return out


def bent_traits() -> st.SearchStrategy[dict[str, int]]:
    """A few traits with another value than the manual's, or with that."""
    others = {
        "latched": 0, "length_mask": 0xFFFF, "null_mask": 0xF_FFFF, "opens_empty": 0, "late_tag": 1,
        "reports_on_wire": 1, "ipv6_header_bytes": 0, "block_send": 0, "open_end": 1, "legacy_sum": 0, "zero_sum": 0,
        "empty_sum": 1, "sum_in_range": 1, "own_fcs": 0, "pads": 0, "shortest_bytes": 0, "tag_counted": 0,
        "good_octets": 0, "sends_by_frame": 1, "watches_low": 0, "delays": 0, "idle_txqe": 1,
    }  # fmt: skip
    return st.lists(st.sampled_from(sorted(others)), max_size=4).map(
        lambda names: {name: others[name] for name in names}
    )


@st.composite
def programs(draw: st.DrawFn, wild: bool = True, neat: bool = False) -> Program:
    """A whole program. Not `wild`: right packets only, with memory and registers as drivers have them.

    `neat`, and not `wild`: to the letter of the manual, down to what a card bears with.
    """
    pages = Pages()
    kinds = plausible(pages, right=True, neat=neat)
    if wild:
        kinds = kinds | plausible(pages) | legacy(pages) | silly(pages)
    descriptors = [one for packet in draw(st.lists(kinds, min_size=1, max_size=6)) for one in packet]
    entries = draw(st.sampled_from([8, 16, 24, 32]))
    control = draw(st.sampled_from([EN | PSP, EN | PSP, EN])) if wild else EN | PSP
    setup = {"TDBAL": RING, "TDBAH": 0, "TDLEN": entries * DESCRIPTOR_BYTES} | draw(settings())
    if not wild:
        setup |= {"PBA": 0x30, "VET": 0x8100} | ({"CTRL": VME} if neat else {})
    profile = draw(st.sampled_from(sorted(PROFILES))) if wild else "manual"
    traits = PROFILES[profile]
    if wild:
        traits = traits._replace(**draw(bent_traits()))
    return Program(
        model=draw(st.sampled_from([model for model in MODELS.values() if wild or model.ipv6])),
        traits=traits,
        ranges=RANGES[draw(st.just("all of it") | st.sampled_from(sorted(RANGES)))] if wild else RANGES["all of it"],
        seed=draw(st.integers(0, 3)),
        contents=tuple(pages.contents),
        entries=entries,
        setup=(*setup.items(), ("TCTL", control)),
        steps=tuple(draw(steps(descriptors, entries, wild))),
    )


def one_send(message: Message, excess: int = 0, pieces: int = 1, report: int = 0, **changes: int) -> Program:
    """A context and data descriptors, as a driver writes them, with changes to the context's fields. The last of the
    `pieces` asks for a report; with `report` they all do."""
    data = message.encode() + bytes(max(excess, 0))
    data = data[: len(data) + min(excess, 0)]
    context = encode_context(**(message.fields | changes))
    sums = {"TXSM": 1, "IXSM": int(not message.ipv6), "TSE": 1, "IFCS": 1}
    entries = (pieces + 1) // 8 * 8 + 8
    setup = {"TDBAL": RING, "TDLEN": entries * DESCRIPTOR_BYTES, "TCTL": EN | PSP}
    bounds = [len(data) * index // pieces for index in range(pieces + 1)]
    described = [
        encode_data(BUFFERS + start, end - start, EOP=int(end == len(data)), RS=int(end == len(data)) | report, **sums)
        for start, end in pairwise(bounds)
    ]
    step = Step(0, (context, *described), (("TDT", pieces + 1),))
    ranges = ((0, 0x10000, 1),)
    return Program(
        MODELS["82540em"], PROFILES["manual"], ranges, 0, ((BUFFERS, data),), entries, tuple(setup.items()), (step,)
    )
