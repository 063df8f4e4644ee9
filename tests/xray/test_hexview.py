"""Does each byte of the view carry the mark of who put it there, colour or none? Frames whose makers are known."""

from __future__ import annotations

import pytest

from glassnic.spec.fields import CTRL
from glassnic.spec.registers import R
from glassnic.xray.explain import Explanation
from glassnic.xray.hexview import Side, compare, marks_of, view
from recorded import SUMS, UDP_CONTEXT, datagram, explanations, segmentation, send
from workbench import Workbench, frame

pytestmark = pytest.mark.kernel


def letters(bench: Workbench, number: int = 0) -> str:
    explanation = explanations(bench)[number]
    return "".join(mark.letter for mark in marks_of(explanation, len(bench.frames[number])))


def text(bench: Workbench, number: int = 0) -> str:
    return "\n".join(line.plain for line in view(explanations(bench)[number], bench.frames[number]))


def test_a_segment_is_prototype_fields_sums_and_payload() -> None:
    bench = Workbench()
    bench.load(**segmentation(250))
    bench.send(send(250), TSE=1, **SUMS)
    marks = "h" * 16 + "ffff" + "hhhh" + "CC" + "h" * 12 + "ffff" + "h" * 5 + "f" + "hh" + "CC" + "hh"
    assert letters(bench) == marks + "d" * 100


def test_tag_and_padding_have_marks_of_their_own() -> None:
    bench = Workbench()
    bench.set_bits(R.CTRL, CTRL.VME.mask)
    bench.send(frame(20), VLE=1)
    assert letters(bench) == "d" * 12 + "tttt" + "d" * 8 + "p" * 36


def test_spoilt_bytes_are_marked_over_all_else() -> None:
    bench = Workbench()
    bench.load(**UDP_CONTEXT | {"TUCSO": 50})
    bench.send(datagram(), **SUMS)
    marks = letters(bench)
    assert [at for at, letter in enumerate(marks) if letter == "X"] == [40, 41, 50, 51]
    assert "X  spoilt" in text(bench)


def test_the_second_mark_says_which_range_covers_a_byte() -> None:
    bench = Workbench()
    bench.load(**UDP_CONTEXT | {"TUCSS": 30})
    bench.send(datagram(), **SUMS)
    lines = text(bench).splitlines()
    assert lines[3].split() == ["d2"] * 8 + ["C2"] * 2 + ["d2"] * 4 + ["d*"] * 2
    assert "1  summed for the TU checksum, stored at 40" in text(bench)
    assert "*  summed for both" in text(bench)


def test_a_long_payload_is_cut_short_but_its_end_is_shown() -> None:
    bench = Workbench()
    bench.send(frame(1500))
    lines = text(bench).splitlines()
    assert len(lines) < 12
    assert any(line.strip() == "..." for line in lines)
    assert any(line.startswith(" 1488 ") for line in lines)


def test_the_bytes_shown_are_the_frames() -> None:
    bench = Workbench()
    bench.send(frame(60))
    shown = [line[7:55] for line in text(bench).splitlines()[:8:2]]
    assert bytes.fromhex("".join(shown)) == bench.frames[0]


def test_two_frames_stand_one_above_the_other_with_signs_under_what_differs() -> None:
    bench = Workbench()
    bench.send(frame(1500))
    bench.send(frame(500) + b"?" + frame(1500)[501:])
    sides = [Side(name, *pair) for name, *pair in zip(("one", "other"), explanations(bench), bench.frames, strict=True)]
    lines = [line.plain for line in compare(*sides)]
    first, second, signs = (
        next(index for index, line in enumerate(lines) if "one" in line) + step for step in range(3)
    )
    at = lines[signs].index("^^")
    assert lines[signs].strip() == "^^"
    assert lines[first].startswith("  496  one")
    assert [lines[row][at : at + 2] for row in (first, second)] == [bench.frames[0][500:501].hex(), "3f"]
    assert [line.split()[0] for line in lines] == ["0", "...", "480", "496", "other", "^^", "512", "...", "1488"]


def test_a_frame_that_arrived_has_its_bytes_and_no_marks() -> None:
    lines = [line.plain for line in view(Explanation("UDP, delivered", (), (), None), b"\0\0AB" + bytes(14))]
    assert lines == [
        "    0  00 00 41 42 00 00 00 00 00 00 00 00 00 00 00 00  ..AB............",
        "   16  00 00                                            ..",
    ]
