"""Does the recorder keep the newest rows, and count all of them? No chapter of the manual: this is ours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.device.recorder import Recorder
from glassnic.spec import events
from glassnic.spec.events import BY_NUMBER
from plain import plain
from workbench import Workbench, frame

ROWS = st.lists(st.tuples(st.sampled_from(sorted(BY_NUMBER)), st.integers(-(1 << 63), (1 << 63) - 1)), max_size=40)


@given(st.sampled_from([1, 2, 4, 16]), ROWS)
def test_the_newest_rows_are_kept_in_order_and_all_are_counted(capacity: int, rows: list[tuple[int, int]]) -> None:
    recorder = Recorder(capacity)
    for at, (event, value) in enumerate(rows):
        recorder.record(event, value, at)
    assert recorder.history().tolist() == [[event, value, at, 0] for at, (event, value) in enumerate(rows)][-capacity:]
    assert recorder.tally[0] == len(rows)
    for number in BY_NUMBER:
        assert recorder.tally[number] == sum(event == number for event, _ in rows)


def test_history_is_a_copy(recorder: Recorder) -> None:
    recorder.record(events.RESET, 1)
    recorder.history()[:] = 9
    assert recorder.history().tolist() == [[events.RESET, 1, 0, 0]]


def test_findings_are_the_events_that_tell_of_something_out_of_order(recorder: Recorder) -> None:
    for event in (events.RESET, events.TX_EMPTY, events.TX_EMPTY, events.TX_RUNT, events.TX_FRAME):
        recorder.record(event)
    assert [(event.name, count) for event, count in recorder.findings()] == [("TX_EMPTY", 2), ("TX_RUNT", 1)]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(16)


@given(ROWS)
def test_the_engines_record_is_the_recorders(rows: list[tuple[int, int]]) -> None:
    ours, engines = Recorder(8), Recorder(8)
    for event, value in rows:
        ours.record(event, value, 1, 2)
        PLAIN.record(engines, event, value, 1, 2)
    np.testing.assert_array_equal(ours.rows, engines.rows)
    np.testing.assert_array_equal(ours.tally, engines.tally)


PLAIN = plain("glassnic.device.recorder")


@pytest.mark.kernel
def test_a_recorder_of_one_row_changes_nothing_but_what_is_remembered() -> None:
    bench = Workbench(recorder=Recorder(1))
    assert bench.send(frame()) == [frame()]
    assert len(bench.nic.core.recorder.history()) == 1
    assert bench.nic.core.recorder.tally[events.TX_FRAME] == 1
