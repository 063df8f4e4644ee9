"""How are results kept, for people and for programs? One HTML page that loads nothing, and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from glassnic import __version__
from glassnic.conformance.difference import ROW_BYTES, Difference, Row, differences
from glassnic.conformance.expect import Known
from glassnic.conformance.matrix import By, failures
from glassnic.conformance.program import Program
from glassnic.conformance.run import Mark, Verdict

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Conformance to Intel's 8254x manual</title><style>
{style}</style></head><body>
<h1>Conformance to Intel's 8254x manual</h1>
"""


def page(programs: Sequence[Program], targets: Mapping[str, str], by: By) -> str:
    """The page: counts, matrix, and each failure. `targets`: names by word."""
    style = (files("glassnic.conformance") / "page.css").read_text(encoding="utf-8")
    parts = [HEAD.format(style=style), *_counts(programs, targets, by), *_matrix(programs, targets, by)]
    parts.append("<h2>What fails</h2>")
    for verdict, words in failures(by.values()):
        parts += _failure(verdict, {word: targets[word] for word in words})
    return "\n".join([*parts, f'<p class="soft">glassnic {escape(__version__)}</p></body></html>\n'])


def as_json(programs: Sequence[Program], targets: Mapping[str, str], by: By, known: Known) -> dict[str, Any]:
    """The same for a program."""
    return {
        "glassnic": __version__,
        "passes": all(one.outcome.passed or one.key in known for one in by.values()),
        "targets": [{"target": word, "name": name} for word, name in targets.items()],
        "programs": [_program_json(one, [by[word, one.address] for word in targets], known) for one in programs],
    }


def _program_json(program: Program, verdicts: Sequence[Verdict], known: Known) -> dict[str, Any]:
    told = {"address": program.address, "section": program.section, "rule": program.rule, "firm": program.firm}
    return told | {"verdicts": {one.target: _verdict_json(one, known) for one in verdicts}}


def _verdict_json(verdict: Verdict, known: Known) -> dict[str, Any]:
    told: dict[str, Any] = {"verdict": verdict.mark.name.lower()}
    if verdict.outcome.readings:
        told["readings"] = list(verdict.outcome.readings)
    if not verdict.outcome.passed:
        told |= {"known": verdict.key in known, "steady": verdict.steady}
        told["differences"] = [
            {"words": one.words, "address": one.address, "expected": one.expected.hex(), "found": one.found.hex()}
            for one in differences(verdict.outcome)
        ]
    return told


def _counts(programs: Sequence[Program], targets: Mapping[str, str], by: By) -> Iterator[str]:
    yield '<table><thead><tr><th>target</th><th class="soft">given as</th>'
    yield "".join(f"<th>{mark.sign} {escape(mark.words)}</th>" for mark in Mark) + "</tr></thead>"
    for word, name in targets.items():
        counts = Counter(by[word, one.address].mark for one in programs)
        cells = "".join(f'<td class="sign {mark.name}">{counts[mark] or ""}</td>' for mark in Mark)
        yield f'<tr><td>{escape(name)}</td><td class="soft">{escape(word)}</td>{cells}</tr>'
    yield "</table>"


def _matrix(programs: Sequence[Program], targets: Mapping[str, str], by: By) -> Iterator[str]:
    yield "<h2>Programs</h2>\n<table><thead><tr><th>program</th>"
    yield "".join(f"<th>{escape(name)}</th>" for name in targets.values()) + "</tr></thead>"
    for one in programs:
        cells = "".join(_cell(by[word, one.address]) for word in targets)
        rule = f'<div class="soft">{escape(one.rule)}</div>'
        yield f"<tr><td>{escape(one.address)}{rule}</td>{cells}</tr>"
    yield "</table>"


def _cell(verdict: Verdict) -> str:
    mark = verdict.mark
    sign = mark.sign if verdict.outcome.passed else f'<a href="#{_place(verdict.key)}">{mark.sign}</a>'
    title = escape(", ".join(verdict.outcome.readings) or mark.words)
    return f'<td class="sign {mark.name}" title="{title}">{sign}</td>'


def _place(key: tuple[str, str]) -> str:
    """Where in the page a target's failure of a program is."""
    return escape("/".join(key))


def _failure(verdict: Verdict, targets: Mapping[str, str]) -> Iterator[str]:
    program = verdict.program
    seldom = "" if verdict.steady else " (not the same when played again)"
    yield "<article>" + "".join(f'<a id="{_place((word, program.address))}"></a>' for word in targets)
    yield f'<h3><span class="{verdict.mark.name}">{verdict.mark.sign}</span>'
    yield f'{escape(program.address)} <span class="soft">on {escape(", ".join(targets.values()))}{seldom}</span></h3>'
    yield f"<div>{escape(program.rule)}</div>"
    for difference in differences(verdict.outcome):
        yield f'<div class="FAILS">{escape(difference.words)}</div>{_octets(difference)}'
    yield "</article>"


def _octets(difference: Difference) -> str:
    rows = list(difference.rows())
    if not rows:
        return ""
    head = f'<span class="soft">        {"expected":{ROW_BYTES * 3}}  real</span>\n'
    return f"<pre>{head}" + "\n".join(map(_row, rows)) + "</pre>"


def _row(row: Row) -> str:
    sides = "  ".join(
        "".join(_octet(row, octets, at) for at in range(ROW_BYTES)) for octets in (row.expected, row.found)
    )
    return f"{row.offset:6x}  {sides}".rstrip()


def _octet(row: Row, octets: bytes, at: int) -> str:
    if at not in row.wrong:
        return f"{octets[at]:02x} " if at < len(octets) else "   "
    return f"<mark>{octets[at]:02x}</mark> " if at < len(octets) else "<mark>--</mark> "
