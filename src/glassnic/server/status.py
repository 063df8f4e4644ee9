"""How is a card? What it tells of itself over the control socket and to Prometheus: numbers, taken without touching it.

A register that a read clears is looked at from inside, so the guest's own counts stay as they are; and the counts here
go on when software clears them (§13.7). Names are the manual's.
"""

from __future__ import annotations

import time
from typing import Any

from glassnic import __version__
from glassnic.device.nic import Nic
from glassnic.server.card import Card
from glassnic.server.config import CardConfig
from glassnic.server.tape import Loads
from glassnic.spec import events
from glassnic.spec.bits import take
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, RANGES, TX_CONTEXT
from glassnic.spec.registers import R
from glassnic.xray.watch import Watch

WORD = (1 << 64) - 1
"""Quadwords are kept as signed numbers."""
TALLIES = {
    "turns": events.TURN,
    "resets": events.RESET,
    "contexts_loaded": events.TX_CONTEXT,
    "checksums_inserted": events.TX_SUM,
    "frames_left": events.TX_FRAME,
    "frames_delivered": events.RX_FRAME,
}


def status(card: Card, config: CardConfig, watch: Watch | None = None) -> dict[str, Any]:
    """All of it, as JSON can say it."""
    nic = card.nic
    link, interrupts = nic.link, nic.core.interrupts
    return {
        "version": __version__,
        **identity(config),
        "guest": card.connected,
        "ready": nic.ready,
        "at_ns": time.monotonic_ns(),
        "link": {"up": link.up, "cable": card.cable, "mbps": link.speed_mbps, "full_duplex": link.full_duplex},
        "rings": rings(nic),
        "contexts": contexts(nic, card.tape.loads() if card.tape else Loads()),
        "interrupts": {
            "ICR": interrupts.icr,
            "IMS": interrupts.ims,
            "ITR": nic.core.registers[R.ITR],
            "asserted": interrupts.line,
        },
        "counts": counts(card),
        "statistics": nic.core.statistics.totals(),
        "findings": findings(nic, config, watch),
        "rows": nic.core.recorder.total,
    }


def identity(config: CardConfig) -> dict[str, str]:
    """Which card it is."""
    return {"card": config.name, "model": config.model, "profile": config.profile, "net": config.net}


def rings(nic: Nic) -> dict[str, dict[str, int]]:
    """Both rings (§3.2.6, §3.4): `given` are the descriptors that the card has and software has not."""
    registers = nic.core.registers
    return {
        "transmit": _ring(registers[R.TDLEN], nic.transmit.head(), registers[R.TDT]),
        "receive": _ring(registers[R.RDLEN], registers[R.RDH], registers[R.RDT]),
    }


def _ring(length: int, head: int, tail: int) -> dict[str, int]:
    entries = length // DESCRIPTOR_BYTES
    return {"entries": entries, "head": head, "tail": tail, "given": (tail - head) % entries if entries else 0}


def contexts(nic: Nic, loads: Loads) -> list[dict[str, Any]]:
    """What is in each slot (§3.3.6), and what loaded it: `loaded` is None where the record does not tell."""
    traits = nic.core.traits
    slot_of = {"plain": traits.plain_slot, "segmentation": traits.segmented_slot}
    slots: list[dict[str, Any]] = [
        {"for": [kind for kind, slot in slot_of.items() if slot == number], "loaded": None, **decoded(*words)}
        for number, words in enumerate(nic.transmit.contexts())
    ]
    for turn, (_, place, ranges, command) in loads:  # the latest last, so that it stays
        kind = "segmentation" if take(command & WORD, TX_CONTEXT.TSE) else "plain"
        slots[slot_of[kind]] |= {"loaded": {"descriptor": place, "at_ns": turn[1]}, **decoded(ranges, command)}
    return slots


def decoded(ranges: int, command: int) -> dict[str, int]:
    """The fields of a context descriptor's two quadwords."""
    fields = {name: take(ranges & WORD, getattr(RANGES, name)) for name in RANGES._fields}
    for name in ("TSE", "IP", "TCP", "HDRLEN", "MSS", "PAYLEN"):
        fields[name] = take(command & WORD, getattr(TX_CONTEXT, name))
    return fields


def counts(card: Card) -> dict[str, int]:
    """What has been counted since the card was made."""
    nic = card.nic
    tally = nic.core.recorder.tally
    return {
        **{name: int(tally[event]) for name, event in TALLIES.items()},
        "interrupts": nic.core.interrupts.assertions,
        "transmit_doorbells": nic.transmit.doorbells,
        "receive_doorbells": nic.receiver.doorbells,
        "dropped_outside": card.dropped,
    }


def findings(nic: Nic, config: CardConfig, watch: Watch | None) -> list[dict[str, Any]]:
    """What was out of order, with its count: all that the watch has found, or what the card itself has noted."""
    if watch is None:
        noted = nic.core.recorder.findings()
        return [_finding(event.name, event.severity, event.section, count) for event, count in noted]
    return [
        _finding(code, count.first.severity, count.first.section, count.times, count.first.sentence)
        for (card, code), count in watch.counts.items()
        if card == config.name
    ]


def _finding(code: str, severity: str, section: str, count: int, first: str = "") -> dict[str, Any]:
    """`first` is the sentence of the first one, where it is known."""
    return {"code": code, "severity": severity, "section": section, "count": count, "first": first}
