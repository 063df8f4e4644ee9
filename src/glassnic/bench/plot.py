"""How far ahead is the card, at a glance? One SVG: a bar a bench and peer, on a logarithmic scale, from 1 (as fast as
the peer) to the measured ratio, with its spread and a tick at the goal.
"""

from __future__ import annotations

from math import log10
from typing import NamedTuple
from xml.sax.saxutils import escape

from glassnic.bench.measure import Spread
from glassnic.bench.report import number
from glassnic.bench.run import Result

LABELS, WIDTH, LINE, TOP, MARGIN = 330, 520, 22, 64, 70
"""Pixels: the labels' column, the scale, a bar's line, what is above the bars, what is right of the scale."""
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
AHEAD, BEHIND, INK, PALE = "#2a7f62", "#c0392b", "#222", "#bbb"
STYLE = f"text{{font:13px sans-serif;fill:{INK}}} .small{{font-size:11px}} .name{{font-weight:bold;font-size:15px}}"


class Bar(NamedTuple):
    """One bar."""

    label: str
    ratio: Spread
    goal: float | None


def bars(results: list[Result]) -> list[Bar]:
    """One for each peer of each bench that was measured."""
    return [
        Bar(f"{result.bench.name} · {peer}", result.ratio(peer), result.goal(peer))
        for result in results
        for peer in result.peers
    ]


def svg(found: list[Bar], rounds: int) -> str:
    """The picture, as a file's content."""
    values = [value for bar in found for value in (*bar.ratio, bar.goal) if value]
    low, high = min([0.5, *values]), max([2.0, *values])
    ticks = [tick for tick in TICKS if low <= tick <= high]

    def x(value: float) -> float:
        return LABELS + WIDTH * (log10(value) - log10(low)) / (log10(high) - log10(low))

    bottom = TOP + LINE * len(found)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABELS + WIDTH + MARGIN}" height="{bottom + 20}">',
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="white"/>',
        '<text class="name" x="12" y="24">How many times faster than the peer</text>',
        f'<text class="small" x="12" y="42">medians of {rounds} rounds in turn, spread, and the goal (tick)</text>',
    ]
    for tick in ticks:
        ink = INK if tick == 1 else PALE
        parts.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{TOP}" y2="{bottom}" stroke="{ink}"/>')
        parts.append(f'<text class="small" text-anchor="middle" x="{x(tick):.1f}" y="{TOP - 6}">{tick:g}×</text>')
    for place, bar in enumerate(found):
        goal = None if bar.goal is None else x(bar.goal)
        parts += _bar(bar, TOP + LINE * place, x(1), Spread(*map(x, bar.ratio)), goal)
    return "\n".join([*parts, "</svg>", ""])


def _bar(bar: Bar, y: int, one: float, ends: Spread, goal: float | None) -> list[str]:
    """A bar's elements. `one`, `ends` and `goal` are where 1, the ratio and the goal lie on the picture."""
    middle, colour = y + LINE / 2, AHEAD if bar.ratio.median >= 1 else BEHIND
    begin, length = min(one, ends.median), max(abs(ends.median - one), 1)
    parts = [
        f'<text class="small" text-anchor="end" x="{LABELS - 10}" y="{middle + 4}">{escape(bar.label)}</text>',
        f'<rect x="{begin:.1f}" y="{y + 4}" width="{length:.1f}" height="{LINE - 8}" fill="{colour}"/>',
        f'<line x1="{ends.low:.1f}" x2="{ends.high:.1f}" y1="{middle}" y2="{middle}" stroke="{INK}"/>',
        f'<text class="small" x="{ends.high + 6:.1f}" y="{middle + 4}">{number(bar.ratio.median)}</text>',
    ]
    if goal is not None:
        parts.append(f'<rect x="{goal - 1:.1f}" y="{y + 1}" width="2" height="{LINE - 2}" fill="{INK}"/>')
    return parts
