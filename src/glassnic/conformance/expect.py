"""Which failures are known? A file with a line `TARGET ADDRESS` for each, so that a project can stop at new ones only.

Empty lines and what follows a `#` say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from glassnic.conformance.run import Verdict
from glassnic.lab.errors import LabError

HEAD = """\
# Failures that are known, one a line: target, then program. Made by `glassnic conform --write-expect`.
"""
Known = frozenset[tuple[str, str]]
"""(target, address)"""


def read(path: Path) -> Known:
    """The known failures of a file. Raises LabError."""
    try:
        lines = [line.partition("#")[0].split() for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"{path} cannot be read: {getattr(error, 'strerror', 'it is no text')}.") from error
    for number, words in enumerate(lines, 1):
        if len(words) not in (0, 2):
            raise LabError(f"Line {number} of {path} is no target and program: write them as `self 3.6/some-rule`.")
    return frozenset((words[0], words[1]) for words in lines if words)


def text(verdicts: Iterable[Verdict]) -> str:
    """The file that makes all that fails now known."""
    lines = [f"{' '.join(one.key)}\n" for one in verdicts if not one.outcome.passed]
    return HEAD + "".join(lines)
