"""What are the profiles? All traits and changed registers on paper: as Markdown, made from the rows by `make docs`.

`python -m glassnic.conformance.profiles_sheet` prints it. What a trait means is told by the words that stand with it in
`spec/profiles.py`, so each is said once.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator

from glassnic.conformance.departures import DEPARTURES
from glassnic.conformance.programs import PROGRAMS
from glassnic.spec import profiles
from glassnic.spec.profiles import MANUAL, PROFILES, Traits

HEAD = """\
# Profiles

Made from `src/glassnic/spec/profiles.py` by `make docs`. A profile says whose card this is: `manual` keeps Intel's
manual, the others repeat what another implementation of the 8254x does. It is a row of numbers that the card uses as an
index, a limit or a mask.

| profile | the card of |
| --- | --- |
| `manual` | Intel's manual: the default |
| `one-context` | QEMU before 2.12: one context for all, so a plain packet may get a segmented one's checksums |
| `qemu-7.2` | QEMU 7.2's e1000, as Debian 12 has it |
| `qemu-11.1` | QEMU 11.1's e1000 |

| to | do |
| --- | --- |
| give a guest such a card | `glassnic serve --profile qemu-11.1`, or `glassnic vm --profile qemu-11.1` |
| see what one context does to frames | `glassnic demo`, with `--profile` for one card only |
| see what a frame would have been on another card | `glassnic explain FILE --against qemu-11.1` |
| put a profile to the manual's rules | `glassnic conform --target self:qemu-11.1` |
| learn whose card another one is | `glassnic conform --target T --fingerprint` |
| have one in a program | `Nic(memory, profile="qemu-11.1")`, or with traits of one's own, `profile=Traits(own_fcs=0)` |

All of it is read off the cards: `glassnic conform` has {programs} programs, and each trait is told apart by at least
one. What no program asks is not known.
"""
TABLE = "\n## {heading}\n\n| trait | what it says | " + " | ".join(PROFILES) + " |\n"
RULE = "| --- | --- |" + " --: |" * len(PROFILES) + "\n"
ROWS = ("absent", "writable")
HEADING = re.compile(r"^    # (.+)$")


def sheet() -> str:
    """The whole document."""
    return HEAD.format(programs=len(PROGRAMS)) + "".join((*_traits(), *_registers(), *_departures()))


def _traits() -> Iterator[str]:
    """A table for each group of traits. A number is given where it is not the manual's."""
    yield "\nIn the tables a number stands where a profile is not as the manual.\n"
    words, heading = _words(), ""
    for trait, group in _groups().items():
        if trait in ROWS:
            continue
        if group != heading:
            heading = group
            yield TABLE.format(heading=heading) + RULE
        first = getattr(MANUAL, trait)
        values = [getattr(traits, trait) for traits in PROFILES.values()]
        cells = [_number(first), *(_number(value) if value != first else "" for value in values[1:])]
        yield f"| `{trait}` | {words[trait]} | {' | '.join(cells)} |\n"


def _registers() -> Iterator[str]:
    """What is other in the table of registers."""
    yield "\n## Registers\n\n| profile | read 0 and ignore writes | bits that can be written |\n| --- | --- | --- |\n"
    for name, traits in PROFILES.items():
        patches = ", ".join(f"{register} {bits:08X}h" for register, bits in traits.writable)
        if traits.absent or patches:
            yield f"| {name} | {', '.join(sorted(traits.absent))} | {patches} |\n"


def _departures() -> Iterator[str]:
    """Where a profile does not follow its card."""
    yield f"\n## Where a profile does not follow its card\n\nOn {len(PROGRAMS)} programs these differ:\n\n"
    yield "| profile | why | programs |\n| --- | --- | --- |\n"
    for one in DEPARTURES:
        yield f"| {', '.join(one.profiles)} | {one.reason} | {', '.join(f'`{name}`' for name in one.programs)} |\n"


def _number(value: int) -> str:
    return str(value) if value < 1000 else f"{value:X}h"


def _words() -> dict[str, str]:
    """What stands with each trait in the source, as one line."""
    body = ast.parse(inspect.getsource(Traits)).body[0]
    assert isinstance(body, ast.ClassDef)
    words, name = {}, ""
    for one in body.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            name = one.target.id
        elif name and isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
            words[name] = " ".join(str(one.value.value).split())
    return words


def _groups() -> dict[str, str]:
    """Each trait's heading: the comment above its group in the source."""
    groups, heading = {}, ""
    for line in inspect.getsource(profiles).splitlines():
        if found := HEADING.match(line):
            heading = found[1]
        elif (field := re.match(r"^    (\w+): ", line)) and field[1] in Traits._fields:
            groups[field[1]] = heading
    return groups


if __name__ == "__main__":
    print(sheet(), end="")
