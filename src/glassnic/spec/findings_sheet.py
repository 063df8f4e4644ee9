"""What can be found out of order? All findings on paper: as Markdown, made from the rows by `make docs`.

`python -m glassnic.spec.findings_sheet` prints it.
"""

from __future__ import annotations

import re

from glassnic.spec.events import EVENTS
from glassnic.spec.findings import FINDINGS

HEAD = """\
# Findings

Made from `src/glassnic/spec/findings.py` and `src/glassnic/spec/events.py` by `make docs`. A finding is something that a driver asked for and that
Intel's 8254x manual does not allow or define, or a frame that left spoilt. Each is looked for in what the card recorded, by code that has no part in the
card's own work. An **error** spoils a frame, or keeps one from leaving or arriving; a **warning** need not.

| to | do |
| --- | --- |
| write findings down while a guest runs | `glassnic serve --findings found.json`: a line of JSON each, at once, dropped packets included; `,size=64M,files=10` as for `--pcapng` |
| be told on standard error | `glassnic serve --strict`, or `--strict=error` for errors only; once a second for each kind |
| count them | both print a table when the card ends |
| see them in Wireshark, in the terminal, as a page | [wireshark.md](wireshark.md), [report.md](report.md) |
| see what a driver's frame would have been elsewhere | `glassnic explain FILE --against PROFILE` |
| try it out | `glassnic demo --findings found.json` |

A line has `time` (UTC), `card`, `code`, `severity`, `sentence`, `section`, `values` (the numbers of the sentence by name), and which frame it is about:
`serial` counts the frames that the card sent, from 0, and stands in each frame's story; with `--pcapng` beside `--findings`, `file` and `frame` name the
capture and the frame's number there, as `glassnic explain FILE --frame N` takes it. They are null where no frame left. What the card
notes of a packet whose frame has left already stands in the capture with the frame that follows. NO_REPORT is looked for while the
card runs, over a whole lap of the ring: it is in these lines, in the table and in `--strict`, and in no capture. Looking costs the host some 0.3 ms a frame; without these options none of it runs. A driver that does all things right has no
finding: random programs to the letter of the manual are tested for it, and a Linux guest under mixed traffic (`glassnic vm --test mixed`).
"""
ROW = "| {code} | {severity} | {sentence} | {section} |\n"
TITLES = "\n| code | severity | sentence | section |\n| --- | --- | --- | --- |\n"


def sheet() -> str:
    """The whole document."""
    out = HEAD + "\n## Found in requests and frames\n" + TITLES
    for one in FINDINGS:
        out += row(one.code, one.severity, one.sentence, one.section)
    out += "\n## Noted by the card as it acts\n" + TITLES
    for event in EVENTS:
        if event.finding:
            out += row(event.name, event.severity, event.sentence, event.section)
    return out


def row(code: str, severity: str, sentence: str, section: str) -> str:
    """One finding as a line of its table; values that a sentence takes stand in italics."""
    words = re.sub(r"\{(\w+)[^}]*\}", r"*\1*", sentence)
    return ROW.format(code=code, severity=severity, sentence=words, section=section)


if __name__ == "__main__":
    print(sheet(), end="")
