"""Does the document of all cards say what came of the programs?"""

from __future__ import annotations

from pathlib import Path

from glassnic.cli import run
from glassnic.conformance.programs import contexts
from glassnic.conformance.run import in_order, judge
from glassnic.conformance.sheet import sheet
from glassnic.conformance.targets.inside import Inside
from glassnic.conformance.targets.port import Target

TARGETS = {"self": "glassnic manual", "self:one-context": "glassnic one-context"}


def test_each_divergence_stands_with_its_rule_and_with_what_was_seen_of_whom() -> None:
    programs = in_order(contexts.PROGRAMS)
    cards: dict[str, Target] = {"self": Inside(), "self:one-context": Inside("one-context")}
    verdicts = judge(programs, cards, lambda _: None)
    by = {one.key: one for one in verdicts}
    text = sheet(programs, TARGETS, by)
    lines = text.splitlines()
    broken = "3.6/a-segmentation-context-leaves-the-plain-one-alone"
    at = next(at for at, line in enumerate(lines) if line.startswith(f"- **{broken}**"))
    assert "packets with DCMD.TSE=0 go on using the plain one." in lines[at]
    assert lines[at + 1].startswith("  - B: Frame 5 of 5 is not as it should be. Byte 0x")
    for one in programs:
        kept = all(by[word, one.address].outcome.passed for word in TARGETS)
        assert (f"**{one.address}**" in text) != kept
        assert any(one.name in line for line in lines)
    assert "  - A" not in text, "ours breaks none"


def test_the_command_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "sheet.md"
    assert run(["conform", "3.6/1", "--target", "self", "--target", "self:one-context", "--markdown", str(path)]) == 1
    assert "| B | glassnic one-context | `self:one-context` |" in path.read_text()
