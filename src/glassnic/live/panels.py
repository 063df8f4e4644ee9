"""How does a card's status read on a screen? Each panel a function from an answer of the card to lines of 80 columns.

Words and letters carry the meaning, colour only helps. Names are the manual's.
"""

from __future__ import annotations

from time import localtime, strftime
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from glassnic.live.rates import Rates
from glassnic.live.replay import Seen, origin
from glassnic.spec.bits import Bits, take
from glassnic.spec.events import EVENTS
from glassnic.spec.fields import CAUSE
from glassnic.spec.findings import ERROR
from glassnic.spec.models import MODELS
from glassnic.xray.explain import Explanation
from glassnic.xray.hexview import view
from glassnic.xray.pcapng import OUTBOUND

GOOD, BAD, WARN, QUIET, HEAD = "green", "bold red", "yellow", "dim", "bold"
BAR_CELLS = 8
ITR_UNIT_NS = 256
RINGS = {"out": ("transmit", "TDH", "TDT"), "in": ("receive", "RDH", "RDT")}
CONTEXT_FIELDS = ("IPCSS", "IPCSO", "IPCSE", "TUCSS", "TUCSO", "TUCSE", "HDRLEN", "MSS", "PAYLEN")
RANGE_WIDTHS = (5, 5, 5, 5, 5, 5, 6, 5, 6)


def title(status: dict[str, Any], paused: bool) -> Text:
    """Which card, and how it is."""
    link = status["link"]
    line = Text().append(f"{status['card']}  ", HEAD).append(MODELS[status["model"]].title.partition(" (")[0])
    line.append(f", profile {status['profile']}, net {status['net']}", QUIET)
    line.append("\n")
    if link["up"]:
        line.append(f"link up, {link['mbps']} Mbit/s", GOOD).append("" if link["full_duplex"] else ", half duplex")
    else:
        line.append("link down" if link["cable"] else "link down: the cable is pulled", BAD)
    line.append("  guest connected" if status["guest"] else "  no guest", "" if status["guest"] else WARN)
    if not status["ready"]:
        line.append("  the engine is being loaded", WARN)
    for kind, amount in status["faults"].items():
        line.append(f"  fault: {kind} {amount}", WARN)
    return line.append("  paused", "reverse") if paused else line


def traffic(status: dict[str, Any], rates: Rates) -> Text:
    """Both directions: rates, their last seconds, the ring."""
    lines = Text()
    for direction, (name, head, tail) in RINGS.items():
        rate, ring = rates.now[direction], status["rings"][name]
        lines.append(f"{direction:4}", HEAD).append(f"{rate.packets:9,.0f}/s {bits(rate.megabits):>13} ")
        lines.append(rates.spark(direction), "cyan").append(" ")
        lines.append_text(bar(ring["given"], ring["entries"]))
        lines.append(f" {head} {ring['head']} {tail} {ring['tail']}\n", QUIET)
    lines.rstrip()
    return lines


def bits(megabits: float) -> str:
    """A rate of data; small ones in smaller units."""
    return f"{megabits:,.1f} Mbit/s" if megabits >= 1 else f"{megabits * 1000:,.1f} kbit/s"


def bar(given: int, entries: int) -> Text:
    """How many of a ring's descriptors the card has."""
    cells = -(-given * BAR_CELLS // entries) if entries else 0
    return Text("▕").append("█" * cells, "cyan").append(" " * (BAR_CELLS - cells)).append("▏")


def contexts(status: dict[str, Any]) -> Text:
    """What each slot holds, and when and by which descriptor it was loaded (§3.3.6)."""
    header = zip(CONTEXT_FIELDS, RANGE_WIDTHS, strict=True)
    lines = Text().append("context       ", HEAD).append(" ".join(f"{name:>{width}}" for name, width in header), QUIET)
    for slot in status["contexts"]:
        name = " and ".join(slot["for"]) or "not used"
        lines.append(f"\n{'one for both' if len(slot['for']) > 1 else name:13} ")
        values = zip(CONTEXT_FIELDS, RANGE_WIDTHS, strict=True)
        lines.append(" ".join(f"{slot[field]:{width}}" for field, width in values))
        lines.append(f"\n{'':14}{_loaded(slot, status['at_ns'])}", QUIET)
    return lines


def _loaded(slot: dict[str, Any], now_ns: int) -> str:
    loaded = slot["loaded"]
    if loaded is None:
        return "not loaded since the reset"
    flags = " ".join(f"{name}={slot[name]}" for name in ("TSE", "IP", "TCP"))
    return f"loaded {age(now_ns - loaded['at_ns'])} ago by descriptor {loaded['descriptor']}, with {flags}"


def age(span_ns: int) -> str:
    """A time span in a few letters."""
    for unit_ns, name in ((60_000_000_000, "min"), (1_000_000_000, "s"), (1_000_000, "ms")):
        if span_ns >= unit_ns:
            return f"{span_ns / unit_ns:.0f} {name}"
    return f"{max(span_ns, 0) / 1000:.0f} µs"


def interrupts(status: dict[str, Any], rates: Rates) -> Text:
    """Rate, moderation, and the causes that pend and that may assert (§13.4.17 to §13.4.21)."""
    state = status["interrupts"]
    limit = f"ITR {state['ITR']}, at most {1e9 / (state['ITR'] * ITR_UNIT_NS):,.0f}/s" if state["ITR"] else "ITR 0"
    line = "asserted" if state["asserted"] else "not asserted"
    lines = Text().append("interrupts", HEAD).append(f" {rates.interrupts:7,.0f}/s, {limit}, line {line}\n")
    lines.append("ICR ", QUIET).append(causes(state["ICR"])).append("\nIMS ", QUIET).append(causes(state["IMS"]))
    return lines


def causes(word: int) -> str:
    """The bits of ICR or IMS by their names."""
    fields: dict[str, Bits] = CAUSE._asdict()
    return " ".join(name for name, bits in fields.items() if take(word, bits)) or "none"


def findings(status: dict[str, Any]) -> Text:
    """How often the driver asked for what the manual does not allow."""
    line = Text().append("findings   ", HEAD)
    if not status["findings"]:
        return line.append("none", GOOD)
    return line.append("  ".join(f"{found['code']} × {found['count']:,}" for found in status["findings"]), BAD)


def findings_table(status: dict[str, Any], seen: list[Seen]) -> Table:
    """The same with their sentences; and what was found in the last frames, which tells the numbers too."""
    table = Table(box=None, header_style=HEAD, pad_edge=False)
    for name in ("count", "code", "severity", "section", "what it says"):
        table.add_column(name, justify="right" if name == "count" else "left", overflow="fold")
    sentences = {event.name: event.sentence for event in EVENTS}
    for found in status["findings"]:
        table.add_row(
            f"{found['count']:,}",
            found["code"],
            found["severity"],
            found["section"],
            found["first"] or sentences.get(found["code"], ""),
        )
    for one in seen:
        explanation = one.explained(origin(status))
        for point in explanation.points if explanation else ():
            table.add_row("frame", point.code, point.severity, point.section, point.sentence)
    return table


def frame_line(seen: Seen, explanation: Explanation | None, now_ns: int) -> Text:
    """One frame in a line: direction, length, age, story; findings first."""
    arrow, style = ("→ out", "cyan") if seen.direction == OUTBOUND else ("← in ", "")
    line = Text(f"{arrow} ", style).append(f"{len(seen.frame):5d}  ").append(f"{age(now_ns - seen.at_ns):>7}  ", QUIET)
    if explanation is None:
        return line.append("no record of this frame", QUIET)
    codes = list(dict.fromkeys(point.code for point in explanation.points))
    if codes:
        errors = any(point.severity == ERROR for point in explanation.points)
        line.append(f"✗ {' '.join(codes)}  ", BAD if errors else WARN)
    return line.append(explanation.headline)


def frame_page(seen: Seen, explanation: Explanation | None) -> Group:
    """All of one frame: findings, sentences, bytes."""
    when = strftime("%H:%M:%S", localtime(seen.at_ns // 1_000_000_000)) + f".{seen.at_ns % 1_000_000_000:09d}"
    way = "sent" if seen.direction == OUTBOUND else "received"
    lines = [Text(f"{way} at {when}, {len(seen.frame)} bytes", QUIET)]
    if explanation is None:
        return Group(*lines, Text("The record does not tell which rows are this frame's."))
    lines += [Text(explanation.headline, HEAD), Text()]
    lines += [Text(f"✗ {point}", BAD if point.severity == ERROR else WARN) for point in explanation.points]
    lines += [Text(f"- {sentence}") for sentence in explanation.sentences]
    return Group(*lines, Text(), *view(explanation, seen.frame))
