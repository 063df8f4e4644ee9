"""What may a driver do, and what should it not? Hypothesis draws whole programs: right packets, bent ones, silly ones.

A program is a run of moves. Each move says in what it departs from the simplest thing one could do there: its features.
The simplest choice of everything has none, and it is what Hypothesis shrinks to; so the features of a shrunk program
name what a difference needs. Nothing here depends on a clock: no delay timers, no receive unit.
"""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from glassnic.conformance.program import Give, Peek, Poke, Program, Read, Sent, Step, Steps, Write, program
from glassnic.conformance.words import ENTRIES, TRANSMITTING, TX_RING, WHOLE, buffer, transmitter
from glassnic.driver.descriptors import encode_context, encode_data, encode_legacy
from glassnic.driver.message import Message
from glassnic.spec.descriptors import DESCRIPTOR_BYTES
from glassnic.spec.fields import CTRL, TCTL
from glassnic.spec.registers import REGISTERS, RW

MOST_MOVES = 4
MSS = 100
OFFSETS = (0, 14, 24, 34, 40, 50, 54, 60, 200, 239, 240, 241, 255)
"""Where header fields lie, and the limits."""
CONTEXT_FIELDS = ("IPCSS", "IPCSO", "IPCSE", "TUCSS", "TUCSO", "TUCSE", "HDRLEN")
STATISTICS = ("TPT", "GPTC", "TOTL", "GOTCL", "MPTC", "BPTC", "PTC64", "PTC127", "PTC255", "PTC511", "TSCTC", "TSCTFC")
BEHAVING = frozenset(
    [
        "CTRL",
        "CTRL_EXT",
        "EECD",
        "EERD",
        "FLA",
        "MDIC",
        "TCTL",
        "TDBAL",
        "TDBAH",
        "TDLEN",
        "TDH",
        "TDT",
        "TXDCTL",
        "RCTL",
        "RDH",
        "RDT",
        "ICR",
        "ICS",
        "IMS",
        "IMC",
        "ITR",
        "PBA",
        "WUC",
    ]
)
"""Registers that do more than keep what is written; moves of their own speak to them."""
STORED = tuple(name for name, row in REGISTERS.items() if row.access is RW and row.number == 1 and name not in BEHAVING)


class Move(NamedTuple):
    """What a driver does in one go, and in what it departs from the simplest."""

    features: frozenset[str]
    steps: tuple[Step, ...]


class Drawn(NamedTuple):
    """A program with the features of all its moves."""

    program: Program
    features: frozenset[str]


@st.composite
def messages(draw: st.DrawFn) -> tuple[Message, frozenset[str]]:
    """TCP or UDP over IPv4 or IPv6, sent whole or segmented; IPv6/UDP is not segmented by any part (§3.3.6.1)."""
    segmented, ipv6, udp, tagged, odd_length = (draw(st.booleans()) for _ in range(5))
    segmented = segmented and not (ipv6 and udp)
    rest = 2 * draw(st.integers(4, MSS // 2) if segmented else st.integers(30, 600)) - odd_length
    length = rest + (MSS * draw(st.integers(0, 2)) if segmented else 0)
    odd = {"segmented": segmented, "IPv6": ipv6, "UDP": udp, "a tag of its own": tagged}
    odd["payload is a multiple of MSS"] = segmented and rest == MSS
    odd["odd length"] = odd_length
    payload = bytes((at * 7 + length) & 0xFF for at in range(length))
    tags = b"\x81\0\0\x07" if tagged else b""
    message = Message(ipv6, not udp, payload, MSS * segmented, tags=tags)
    return message, frozenset(name for name, is_so in odd.items() if is_so)


@st.composite
def sends(draw: st.DrawFn, number: int) -> Move:
    """A context, if it is not left out, and the packet for it in one or two buffers."""
    message, features = draw(messages())
    odd = set(features)
    bent: dict[str, int] = {}
    if draw(st.integers(0, 3)) == 3:
        field = draw(st.sampled_from((*CONTEXT_FIELDS, "MSS", "PAYLEN", "TCP", "IP")))
        one_bit, wide = field in ("TCP", "IP"), field in ("MSS", "PAYLEN")
        values = (0, 1) if one_bit else (0, 1, 50, 150, 20_000) if wide else OFFSETS
        bent[field] = draw(st.sampled_from(values))
        if bent[field] != message.fields.get(field, 0):
            odd.add(f"wrong {field}")
    context = encode_context(**({"RS": 1} | message.fields | bent))
    without = draw(st.integers(0, 5)) == 5
    data = message.encode()
    changes = {
        name: draw(st.integers(0, 1)) for name in ("VLE", "IFCS", "RS", "TXSM", "IXSM") if draw(st.integers(0, 9)) == 9
    }
    fields = WHOLE | message.bits | {"SPECIAL": 0x2005} | changes
    odd |= {f"{name}={value}" for name, value in changes.items() if value != (WHOLE | message.bits).get(name, 0)}
    cut = draw(st.just(0) | st.integers(1, len(data) - 1))
    odd |= {"no context"} if without else set()
    odd |= {"two buffers"} if cut else set()
    parts = [(buffer(number), cut)] if cut else []
    parts.append((buffer(number) + cut, len(data) - cut))
    descriptors = [
        encode_data(address, length, **(fields | {"EOP": int(at == len(parts) - 1)}))
        for at, (address, length) in enumerate(parts)
    ]
    given = tuple(descriptors if without else [context, *descriptors])
    return Move(frozenset(odd), (Poke(buffer(number), data), Give(given)))


@st.composite
def legacies(draw: st.DrawFn, number: int) -> Move:
    """A frame by a legacy descriptor, with or without a checksum to insert (§3.3.3)."""
    length = draw(st.sampled_from((100, 60, 101, 59, 33, 17)))
    fields = {name: 1 for name in ("IC", "VLE", "IDE") if draw(st.integers(0, 3)) == 3}
    fields.pop("IDE", None)
    sums = {"CSS": draw(st.sampled_from((14, *OFFSETS))), "CSO": draw(st.sampled_from((50, *OFFSETS)))}
    odd = {"legacy", *(f"legacy {name}" for name in fields)} | ({"short frame"} if length < 60 else set())
    if "IC" in fields:
        fields |= sums
        odd |= {"sum outside"} if max(sums.values()) + 1 >= length else set()
    frame = bytes((at * 5) & 0xFF for at in range(length))
    return Move(
        frozenset(odd),
        (Poke(buffer(number), frame), Give((encode_legacy(buffer(number), length, **(WHOLE | fields)),))),
    )


@st.composite
def sillies(draw: st.DrawFn, number: int) -> Move:
    """Descriptors that no driver should write: no bytes, no place, no kind."""
    kind = draw(st.sampled_from(("no bytes", "null buffer", "reserved type", "outside memory", "never ends")))
    one = {
        "no bytes": encode_data(buffer(number), 0, **WHOLE),
        "null buffer": encode_data(0, 100, **WHOLE),
        "reserved type": encode_data(buffer(number), 100, **(WHOLE | {"DTYP": 5})),
        "outside memory": encode_data(1 << 40, 100, **WHOLE),
        "never ends": encode_data(buffer(number), 100, IFCS=1, RS=1),
    }[kind]
    return Move(frozenset({kind}), (Give((one,)),))


def controls() -> st.SearchStrategy[Move]:
    """Registers that change how the transmit unit works."""
    vme = CTRL.SLU.mask | CTRL.FD.mask | CTRL.VME.mask
    moves = {
        "VME": (Write("CTRL", vme),),
        "VET": (Write("VET", 0x88A8),),
        "EN off and on": (Write("TCTL", TRANSMITTING & ~TCTL.EN.mask), Write("TCTL", TRANSMITTING)),
        "PSP off": (Write("TCTL", TRANSMITTING & ~TCTL.PSP.mask),),
        "tail beyond": (Write("TDT", ENTRIES + 3), Write("TDT", 0)),
        "head written": (Write("TDH", 0), Write("TDT", 0)),
    }
    return st.sampled_from([Move(frozenset({name}), steps) for name, steps in moves.items()])


@st.composite
def probes(draw: st.DrawFn) -> Move:
    """A register that only keeps what is written: written, and read."""
    name = draw(st.sampled_from(STORED))
    value = draw(st.sampled_from((0, 0xFFFF_FFFF, 0x5A5A_5A5A)))
    return Move(frozenset({f"register {name}"}), (Write(name, value), Read(name, 0)))


def looks() -> Steps:
    """What is compared when all is done: the wire, the ring, the head, the causes and the statistics."""
    ring = Peek(TX_RING, bytes(ENTRIES * DESCRIPTOR_BYTES))
    return (Sent(()), ring, Read("TDH", 0), Read("ICR", 0), [Read(name, 0) for name in STATISTICS])


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    """A whole program. Its expectations are empty: two cards are compared by what they show."""
    moves: list[Move] = []
    for number in range(draw(st.integers(1, MOST_MOVES))):
        kind = draw(st.integers(0, 9))
        one = sends(number) if kind < 5 else legacies(number) if kind < 7 else sillies(number) if kind < 8 else None
        moves.append(draw(one if one is not None else controls() if kind < 9 else probes()))
    steps = [step for move in moves for step in move.steps]
    whole = program("explored", "drawn", "Two cards show the same.", transmitter(), steps, looks())
    return Drawn(whole, frozenset().union(*(move.features for move in moves)))
