"""Are verdicts drawn as they are? Signs, failures that several targets share, and cards that are not the same twice."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from glassnic.conformance import matrix
from glassnic.conformance.difference import Difference, differences
from glassnic.conformance.play import play
from glassnic.conformance.program import Give, Lend, Line, Poke, Power, Program, Read, Sent, Until, program
from glassnic.conformance.programs import contexts
from glassnic.conformance.run import Mark, Verdict, judge, judge_one
from glassnic.conformance.sheet import sheet
from glassnic.conformance.targets.inside import Inside
from glassnic.conformance.targets.slow import Slow
from glassnic.conformance.words import buffer, legacy, plain_frame, transmitter

RULES = contexts.PROGRAMS[:2]


class Fickle(Inside):
    """A card that has one context and two in turn."""

    def power_on(self) -> None:
        self._profile = "manual" if self._profile == "one-context" else "one-context"
        super().power_on()


class Mute(Inside):
    """A card whose line nobody sees."""

    def line(self) -> bool | None:
        return None


def drawn(*verdicts: Verdict) -> str:
    out = StringIO()
    console = Console(file=out, width=120)
    for verdict, targets in matrix.failures(verdicts):
        matrix.show_failure(console, verdict, targets)
    return out.getvalue()


def words_of(one: Program) -> list[str]:
    return [difference.words for difference in differences(play(one, Inside()))]


def test_what_fails_is_played_again_and_a_change_is_told() -> None:
    steady = judge_one(RULES[0], "a", Inside("one-context"))
    fickle = judge_one(RULES[0], "b", Fickle())
    assert (steady.steady, fickle.steady) == (True, False)
    assert "not the same when played again" in drawn(fickle)
    assert "not the same when played again" not in drawn(steady)


def test_failures_that_targets_show_alike_stand_once() -> None:
    cards = {"a": Inside("one-context"), "b": Inside("one-context"), "c": Inside()}
    text = drawn(*judge(RULES[:1], cards, lambda _: None))
    assert text.count(RULES[0].rule[:40]) == 1
    assert "on a, b" in text


def test_what_a_target_cannot_tell_is_no_pass() -> None:
    line = program("13.4.20", "line", "The line rests.", Line(False))
    assert judge_one(line, "a", Mute()).mark is Mark.UNSEEN
    assert judge_one(line, "a", Inside()).mark is Mark.PASSES


def test_a_card_that_only_writes_where_it_must_not_has_its_own_sign() -> None:
    """Memory that is laid down and lent differs at the end only where it is not lent."""
    lay, data = legacy(plain_frame(100))
    sound = program("3.3.3", "sound", "All is lent.", transmitter(), lay, Give((data,)), Lend(buffer(0), 100))
    assert judge_one(sound, "a", Inside()).mark is Mark.PASSES

    class Scribbler(Inside):
        def take_sent(self) -> list[bytes]:
            self.poke(buffer(3), b"scribble")
            return super().take_sent()

    seen = program("3.3.3", "seen", "A frame leaves.", transmitter(), lay, Give((data,)), Sent((plain_frame(100),)))
    verdict = judge_one(seen, "a", Scribbler())
    assert verdict.mark is Mark.STRAYS
    assert f"{buffer(3):#x}" in drawn(verdict)


def test_every_kind_of_expectation_that_fails_becomes_a_sentence() -> None:
    lay, data = legacy(plain_frame(100))
    wrong = program(
        "3.3.3", "wrong", "Nothing here holds.",
        transmitter(), lay, Give((data,)), Poke(0x7000, b"\1" + bytes(15)),
        Sent((plain_frame(101), plain_frame(60))), Read("TDT", 7), Until("TDH", 0xF, 9), Line(True),
    )  # fmt: skip
    frames, tail, head, line = words_of(wrong)
    assert "1 frames left, not 2; frame 1 of 2 is not as it should be (100 bytes, not 101)" in frames
    assert "TDT reads 0x00000001, not 0x00000007" in tail
    assert "TDH reads 0x00000001 within 50 ms" in head
    assert "not asserted" in line


def test_rows_mark_bytes_that_differ_and_bytes_that_are_not_there() -> None:
    rows = list(Difference("", bytes(range(20)), bytes(range(8)) + b"\xff" + bytes(range(9, 18)), 0x100).rows())
    assert [(row.offset, row.wrong) for row in rows] == [(0x108, (0,)), (0x110, (2, 3))]


def test_a_section_whose_rules_all_keep_is_one_row() -> None:
    verdicts = judge(contexts.PROGRAMS, {"a": Inside()}, lambda _: None)
    table = matrix.table(contexts.PROGRAMS, ["a"], {one.key: one for one in verdicts})
    exceptions = [one for one in verdicts if one.mark is not Mark.PASSES]
    assert table.row_count < len(contexts.PROGRAMS)
    assert table.row_count >= len(exceptions)


def test_what_a_card_does_not_have_is_neither_passed_nor_failed_and_the_reason_is_told() -> None:
    asleep = program("6.3", "asleep", "A card sleeps.", Power(True), Power(False), Read("IMS", 0))
    cards = {"a": Inside(), "b": Slow()}
    by = {verdict.key: verdict for verdict in judge([asleep], cards, lambda _: None)}
    able, unable = by["a", asleep.address], by["b", asleep.address]
    assert (able.mark, able.kept) == (Mark.PASSES, True)
    assert (unable.mark, unable.kept, unable.outcome.failures) == (Mark.UNABLE, False, ())
    names = {"a": "one", "b": "the other"}
    assert "not judged by 1 programs: it has no power states" in "\n".join(
        line.plain for line in matrix.legend([asleep], names, by)
    )
    assert "| \u00a76.3 | 1 | all | 0 of 0 |" in sheet([asleep], names, by)
