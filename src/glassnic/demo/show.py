"""How is the outcome told? Tables side by side, a dump with the wrong bytes marked, three viewpoints, and plain words.

Fits 80 columns; says the same without colour (marks and words carry the meaning) and without a terminal.
"""

from __future__ import annotations

from itertools import zip_longest

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from glassnic.demo.scenario import (
    DAMAGE,
    OFFLOADED,
    PLAIN_CONTEXT,
    SEGMENTATION_CONTEXT,
    TCP_SUM,
    UDP_PAYLOAD,
    UDP_SUM,
    Arrival,
    Outcome,
)

ROW_BYTES, MOST_ROWS = 8, 6
GOOD, BAD, QUIET, HEAD = "green", "bold red", "dim", "bold"
UNREADABLE = "\N{MIDDLE DOT}"


def tell(outcomes: list[Outcome], console: Console) -> None:
    """The whole story, for one outcome or several side by side."""
    console.print(_opening())
    _headline(console, "What reached the peer")
    console.print(_frames_table(outcomes))
    damaged = [(number, one) for outcome in outcomes for number, one in enumerate(outcome.arrivals) if one.differs]
    if damaged:
        number, arrival = damaged[0]
        _headline(console, f"Frame {number + 1} ({arrival.expected.title}), the bytes around the damage")
        console.print(Padding(_dumps(outcomes, number, arrival.differs), (0, 0, 0, 2)))
        if set(arrival.differs) == DAMAGE:
            console.print(_legend())
    _headline(console, "Who notices?")
    console.print(_viewpoints(outcomes))
    _headline(console, "In short")
    console.print("\n\n".join(map(_conclusion, outcomes)))


def _headline(console: Console, words: str) -> None:
    console.print(Text(f"\n{words}\n", style=HEAD))


def _opening() -> Text:
    plain, tso = PLAIN_CONTEXT, SEGMENTATION_CONTEXT
    return Text(
        "A guest loads each of the card's two contexts once:\n\n"
        f"  plain, for UDP         sum from byte {plain['TUCSS']}, store at {plain['TUCSO']} (§3.6)\n"
        f"  segmentation, for TCP  sum from byte {tso['TUCSS']}, store at {tso['TUCSO']}, cut at {tso['MSS']} (§3.5.5)"
        "\n\nThen it sends TCP to be cut, UDP to be checksummed, and plain frames, in turn."
    )


def _frames_table(outcomes: list[Outcome]) -> Table:
    table = _table("#", "frame", *(outcome.profile for outcome in outcomes))
    for number, row in enumerate(zip_longest(*(outcome.arrivals for outcome in outcomes)), 1):
        title = next(arrival.expected.title for arrival in row if arrival)
        table.add_row(str(number), title, *(_frame_cell(arrival) if arrival else "" for arrival in row))
    return table


def _frame_cell(arrival: Arrival) -> Text:
    if not arrival.frame:
        return Text("✗ never came", style=BAD)
    if not arrival.differs:
        return Text("✓ right", style=GOOD)
    return Text(f"✗ wrong at {_runs(arrival.differs)}", style=BAD)


def _dumps(outcomes: list[Outcome], number: int, where: list[int]) -> Table:
    """Rows of one frame, a column a profile; carets stand under the bytes that differ."""
    frames = [outcome.arrivals[number] for outcome in outcomes]
    table = _table("byte", *(outcome.profile for outcome in outcomes))
    first, last = min(where) // ROW_BYTES, max(where) // ROW_BYTES + 1
    for row in range(first, min(last + 1, first + MOST_ROWS)):
        window = range(row * ROW_BYTES, (row + 1) * ROW_BYTES)
        table.add_row(Text(str(window.start), style=QUIET), *(_dump_row(arrival, window) for arrival in frames))
        if not set(window).isdisjoint(where):
            table.add_row("", *(_carets(arrival, window) for arrival in frames))
    return table


def _dump_row(arrival: Arrival, window: range) -> Text:
    found = {offset: arrival.frame[offset] for offset in window if offset < len(arrival.frame)}
    wrong = set(arrival.differs)
    line = Text(no_wrap=True)
    for offset in window:
        line.append(f"{found[offset]:02x} " if offset in found else "   ", style=BAD if offset in wrong else "")
    line.append(" ")
    for offset, octet in found.items():
        line.append(_readable(octet), style=BAD if offset in wrong else QUIET)
    return line


def _carets(arrival: Arrival, window: range) -> Text:
    wrong = set(arrival.differs)
    under_digits = "".join("^^ " if offset in wrong else "   " for offset in window)
    under_letters = "".join("^" if offset in wrong else " " for offset in window)
    return Text(f"{under_digits} {under_letters}".rstrip(), style=BAD, no_wrap=True)


def _legend() -> Text:
    into = TCP_SUM - UDP_PAYLOAD
    return Text(
        f"\n  {UDP_SUM}-{UDP_SUM + 1}  UDP's checksum field still holds what the guest put there\n"
        f"  {TCP_SUM}-{TCP_SUM + 1}  the checksum landed where TCP has its own: {TCP_SUM - UDP_SUM} bytes too far,\n"
        f"         on bytes {into} and {into + 1} of the application's data"
    )


def _viewpoints(outcomes: list[Outcome]) -> Table:
    table = _table("", *(outcome.profile for outcome in outcomes))
    rows = {
        "on the wire, to one\nwho verifies": _on_the_wire,
        "at the host, which\nmade the sums anew": _at_the_host,
        "in the application": _in_the_application,
    }
    for index, (name, look) in enumerate(rows.items()):
        if index:
            table.add_row()
        table.add_row(name, *map(look, outcomes))
    return table


def _on_the_wire(outcome: Outcome) -> Text:
    wrong = [arrival.on_the_wire.wrong[0].of for arrival in outcome.arrivals if arrival.on_the_wire.wrong]
    if not wrong:
        return Text("✓ all checksums right", style=GOOD)
    return Text(f"✗ {len(wrong)} frames with a wrong\n  {wrong[0]} checksum", style=BAD)


def _at_the_host(outcome: Outcome) -> Text:
    wrong = [arrival for arrival in outcome.arrivals if arrival.at_the_host.wrong]
    if wrong:
        return Text(f"✗ {len(wrong)} frames still wrong", style=BAD)
    changed = any(arrival.corrected != arrival.frame for arrival in outcome.arrivals)
    return Text("✓ all checksums right:\n  the damage is hidden" if changed else "✓ nothing to correct", style=GOOD)


def _in_the_application(outcome: Outcome) -> Text:
    spoilt = [arrival for arrival in outcome.arrivals if arrival.spoilt]
    if not spoilt:
        shown = next(one for one in outcome.arrivals if one.expected.title == OFFLOADED)
        return Text(f"✓ every byte as sent\n  {_text(shown.read)}", style=GOOD)
    sent, read = spoilt[0].expected.data, spoilt[0].read
    carets = "".join(" " if wanted == found else "^" for wanted, found in zip(sent, read, strict=False)).rstrip()
    return Text(
        f"✗ {len(spoilt)} messages corrupted\n  {_text(sent)}\n  is read as\n  {_text(read)}\n  {carets}", style=BAD
    )


def _conclusion(outcome: Outcome) -> str:
    if not outcome.holds:
        return f"{outcome.profile}: the card did NOT do what this profile foretells. That is a fault in glassnic."
    if outcome.shares_context:
        return (
            f"{outcome.profile}: the card has one context for everything, as QEMU's e1000 had before 2.12. The "
            "datagram is checksummed by the context loaded last, which is TCP's. Left alone, the peer would drop it. "
            "But a host that makes checksums anew, without verifying the old ones, turns it into a packet that is "
            "right in every header: from there on only the application can know."
        )
    return (
        f"{outcome.profile}: TSE in a context descriptor says which of the two contexts it loads (§3.3.6, §3.5.5), "
        "TSE in a data descriptor says which one it uses (§3.3.7.1). Loading one leaves the other as it was, so a "
        "driver may load each once (§3.6)."
    )


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0), header_style=HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading)
    return table


def _runs(offsets: list[int]) -> str:
    """`40-41, 50-51` for the offsets 40, 41, 50 and 51."""
    runs: list[list[int]] = []
    for offset in offsets:
        if runs and offset == runs[-1][-1] + 1:
            runs[-1].append(offset)
        else:
            runs.append([offset])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _readable(octet: int) -> str:
    return chr(octet) if 32 <= octet < 127 else UNREADABLE


def _text(data: bytes) -> str:
    return "".join(map(_readable, data))
