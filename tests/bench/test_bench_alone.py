"""Does a back end alone move the same frames as a card on it, and is it found out if it does not?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from glassnic.bench import alone, transmit
from glassnic.bench.bed import Bed
from glassnic.bench.frames import stream_of
from glassnic.bench.measure import WrongOutput
from glassnic.bench.programs import Program, csum1514, legacy64
from glassnic.bench.rigs import on_stream
from glassnic.device.ports import Frames
from glassnic.device.transmit_state import ROOM_BYTES
from glassnic.lab.errors import LabError

PROGRAM = csum1514(300)


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    with Bed(Console(), tmp_path) as bed:
        bed.qemus = []
        yield bed


@pytest.mark.kernel
def test_it_sends_what_a_card_must_as_often_as_it_is_asked(bed: Bed) -> None:
    with transmit.stage(bed, lambda: PROGRAM, laps=2) as (ours, back_end):
        assert (back_end.name, back_end.kind) == (alone.NAME, alone.KIND)
        for who in (back_end, ours, back_end):
            assert who.act().amount == 600


def test_other_frames_than_the_program_s_are_found(bed: Bed) -> None:
    other = [*PROGRAM.frames[:-1], bytes(1514)]
    with on_stream(bed, "it", lambda path: alone.sending(bed, f"stream:{path}", other)) as (back_end, far_end):
        far_end.settimeout(5)
        with pytest.raises(WrongOutput, match="the back end alone: byte 0 of frame 299"):
            transmit.send_alone(back_end, transmit.Sink(far_end, stream_of(PROGRAM.frames)), PROGRAM)


def test_a_back_end_that_cannot_be_opened_is_one_sentence(bed: Bed) -> None:
    with pytest.raises(LabError, match="back end alone"), alone.receiving(bed, "stream:/nowhere", 1):
        raise AssertionError("it opened")


def test_one_that_fails_at_work_is_one_sentence(bed: Bed) -> None:
    with (
        on_stream(bed, "it", lambda path: alone.receiving(bed, f"stream:{path}", 1)) as (back_end, far_end),
        pytest.raises(LabError, match=r"ended too early.*has left"),
    ):
        back_end.measure(1, far_end.close)


@pytest.mark.parametrize("program", [legacy64(9000), PROGRAM, legacy64(1)])
def test_runs_are_all_frames_in_order_as_much_at_a_time_as_a_card_hands_over(program: Program) -> None:
    frames = Frames.of(program.frames)
    runs = alone.runs_of(frames)
    assert np.array_equal(np.concatenate([run.bounds for run in runs]), frames.bounds)
    sizes = [run.bounds[-1, 1] - run.bounds[0, 0] for run in runs]
    assert max(sizes) <= ROOM_BYTES
    assert all(size > ROOM_BYTES - 1600 for size in sizes[:-1])
