"""What does `docs/conformance.md` say? Which rules each card keeps, and each divergence in a sentence: made of results.

What all cards keep is counted and named; what one breaks stands with its rule, and with what was seen of whom.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from glassnic import __version__
from glassnic.conformance.difference import differences
from glassnic.conformance.matrix import By, failures, letters
from glassnic.conformance.program import Program
from glassnic.conformance.run import Mark, Verdict

HEAD = """\
# Conformance to Intel's 8254x manual

Made by `make conformance` of glassnic {version}. Each program is a rule of the manual (Intel's PCI/PCI-X Family of
Gigabit Ethernet Controllers Software Developer's Manual), put to a card by its registers, its memory and its wire;
`glassnic conform --list` shows them all, and `src/glassnic/conformance/programs/contexts.py` is a good file to read.
What failed was played twice, the second time on a fresh card.
"""
TAIL = """\
## Put your own card to it

Any model of an 8254x can be a target: one behind a vfio-user socket, or one in a QEMU that you have built.

```
glassnic conform --target vfio-user:/run/card.sock,wire=stream:/run/wire.sock   # wire: where its back end listens
glassnic conform --target qemu:build/qemu-system-x86_64:e1000e
glassnic conform 3.6 --target qemu:build/qemu-system-x86_64                     # one section; 3.6/2 is one program
```

Each failure is shown with the expected and the real bytes. `--html FILE` keeps them as a page, `--json FILE` for
programs, `--markdown FILE` like this page.

**In CI.** `--write-expect FILE` writes down what fails today; with `--expect FILE` only what is not in it fails the
command, and what has begun to pass is named, so that it can be taken off the list.

**Whose card is it?** `glassnic conform --fingerprint --target T` holds what T showed against every known
implementation, names the nearest, and says in which traits T differs from it.

**What no program asks.** `glassnic explore --target T --budget 10m --workers 2 --save DIR` plays random programs on
glassnic and on T, shrinks each difference to the shortest program that shows it, and says whether a known
implementation does the same. Each is kept: `glassnic conform DIR/NAME.json --target self --target T` plays it again.
With `--known DIR` only what is new is told.

**From a real guest.** `glassnic vm --test mixed --record FILE`, or `glassnic serve --record FILE` with a guest of your
own, keeps a driver's session. `glassnic replay FILE --target T` plays it on another card and says of frames,
descriptors and registers how many were the same, and at which step the first was not;
`--save bug.json --from STEP --to STEP` cuts a program out of it, with what it needs of the steps before. So a bug that
was seen in a guest becomes a program: `glassnic conform bug.json --target self --target T`.

To make this page anew: `make conformance`, which fetches QEMU where it is not there yet and takes a quarter of an hour.
"""
STEP = re.compile(r"^Step \d+: ")


def sheet(programs: Sequence[Program], targets: Mapping[str, str], by: By) -> str:
    """The document. `targets`: names by word."""
    parts = [HEAD.format(version=__version__), *_cards(programs, targets, by), *_chapters(programs, targets, by)]
    parts += _divergences(programs, targets, by)
    parts += _kept(programs, targets, by)
    return "\n".join([*parts, TAIL])


def _cards(programs: Sequence[Program], targets: Mapping[str, str], by: By) -> Iterator[str]:
    used = [mark for mark in Mark if any(verdict.mark is mark for verdict in by.values())]
    yield "## Cards\n"
    yield _row("", "card", "given as", *(f"{mark.sign} {mark.words}" for mark in used))
    yield _row("---", "---", "---", *["--:"] * len(used))
    for word, letter in letters(list(targets)).items():
        counts = Counter(by[word, one.address].mark for one in programs)
        yield _row(letter, targets[word], f"`{word}`", *(str(counts[mark] or "") for mark in used))
    yield ""


def _chapters(programs: Sequence[Program], targets: Mapping[str, str], by: By) -> Iterator[str]:
    yield "## Rules kept, by section\n"
    yield _row("section", "rules", *letters(list(targets)).values())
    yield _row("---", "--:", *["--:"] * len(targets))
    for chapter, group in groupby(programs, _chapter):
        of = list(group)
        yield _row(f"§{chapter}", str(len(of)), *(_kept_of([by[word, one.address] for one in of]) for word in targets))
    yield ""


def _kept_of(verdicts: Sequence[Verdict]) -> str:
    kept, unable = (
        sum(found) for found in zip(*((one.kept, bool(one.outcome.unable)) for one in verdicts), strict=True)
    )
    if unable:
        return f"{kept} of {len(verdicts) - unable}"
    return str(kept) if kept < len(verdicts) else "all"


def _divergences(programs: Sequence[Program], targets: Mapping[str, str], by: By) -> Iterator[str]:
    """Each rule that some card breaks: the programs that show it, and what was seen first of whose card."""
    broken = [one for one in programs if not all(by[word, one.address].outcome.passed for word in targets)]
    letter = letters(list(targets))
    yield "## Divergences\n"
    for chapter, group in groupby(broken, _chapter):
        yield f"### §{chapter}\n"
        for rule, same in groupby(group, lambda one: one.rule):
            seen: dict[str, list[str]] = {}
            names = []
            for one in same:
                names.append(f"**{one.address}**")
                for verdict, words in failures(by[word, one.address] for word in targets):
                    seen.setdefault(", ".join(letter[word] for word in words), []).append(_seen(verdict))
            yield f"- {', '.join(names)}: {rule}"
            for whose, (first, *more) in seen.items():
                yield f"  - {whose}: {first}{f' {len(more)} more of these programs fail.' if more else ''}"
        yield ""


def _seen(verdict: Verdict) -> str:
    """What was seen, in a sentence or two: the first thing that was wrong, with its first wrong byte."""
    first = differences(verdict.outcome)[0]
    words = STEP.sub("", first.words)
    words = words[0].upper() + words[1:]
    if first.expected and first.found and (row := next(first.rows(), None)):
        at = row.wrong[0]
        octets = [side[at : at + 1].hex() or "missing" for side in (row.found, row.expected)]
        words += f" Byte {row.offset + at:#x} is {octets[0]}, not {octets[1]}."
    return words if verdict.steady else f"{words} Not the same when played again."


def _kept(programs: Sequence[Program], targets: Mapping[str, str], by: By) -> Iterator[str]:
    """The names of all rules that every card keeps."""
    yield "## Rules that all of these cards keep\n"
    for section, group in groupby(programs, lambda one: one.section):
        kept = [one.name for one in group if all(by[word, one.address].kept for word in targets)]
        if kept:
            yield f"- §{section}: {', '.join(kept)}"
    yield ""


def _chapter(program: Program) -> str:
    """3.5.4 belongs to 3.5."""
    return ".".join(program.section.split(".")[:2])


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
