"""Does the tape keep what a frame's story needs, and no more than its bounds?"""

from __future__ import annotations

import base64
import json
from random import Random
from typing import Any

import numpy as np
import pytest

from glassnic.device.ports import VNET_LEAD, Frames
from glassnic.device.recorder import Recorder
from glassnic.live.replay import collect
from glassnic.server.tape import MOST_BYTES, MOST_OF_A_PACKET, Loads, Tape
from glassnic.spec import events
from glassnic.spec.descriptors import TX_CONTEXT, TX_DATA

SEGMENTED = TX_CONTEXT.TSE.mask
PLAIN_LOAD, SEGMENTED_LOAD = (3, 11, 0), (4, 12, SEGMENTED)


def turn(recorder: Recorder, now_ns: int, *loads: tuple[int, int, int], frames: int = 0) -> None:
    """What the card records of a turn."""
    recorder.record(events.TURN, now_ns)
    for load in loads:
        recorder.record(events.TX_CONTEXT, *load)
    for serial in range(frames):
        recorder.record(events.TX_FRAME, serial, 60, 1)


def loads_of(recorder: Recorder) -> list[list[int]]:
    loads = Loads()
    loads.follow(recorder, recorder.total)
    return loads.rows()


def content_of(tape: Tape, most: int | None = None) -> dict[str, Any]:
    """As whoever asks for it reads it."""
    told: dict[str, Any] = json.loads(b"{" + b"".join(tape.content(most)) + b"}")
    return told


def rows_of(content: dict[str, Any]) -> list[list[int]]:
    rows: list[list[int]] = np.frombuffer(base64.b64decode(content["rows"]), "<i8").reshape(-1, 4).tolist()
    return rows


def frames_of(content: dict[str, Any]) -> list[bytes]:
    found = []
    for one in content["turns"]:
        data, at = base64.b64decode(one["frames"]), 0
        for length in one["lengths"]:
            found.append(data[at : at + length])
            at += length
    return found


def test_the_last_load_of_each_kind_counts_with_its_turn_and_the_latest_stands_last() -> None:
    recorder = Recorder(64)
    turn(recorder, 100, SEGMENTED_LOAD, (1, 1, 1))
    turn(recorder, 200, PLAIN_LOAD)
    turn(recorder, 300)
    assert loads_of(recorder) == [
        [events.TURN, 100, 0, 0],
        [events.TX_CONTEXT, *SEGMENTED_LOAD],
        [events.TURN, 200, 0, 0],
        [events.TX_CONTEXT, *PLAIN_LOAD],
        [events.TURN, 300, 0, 0],
    ]


def test_a_reset_forgets_the_loads_before_it() -> None:
    recorder = Recorder(64)
    turn(recorder, 100, PLAIN_LOAD)
    recorder.record(events.RESET)
    turn(recorder, 200, SEGMENTED_LOAD)
    assert [row[1:] for row in loads_of(recorder) if row[0] == events.TX_CONTEXT] == [list(SEGMENTED_LOAD)]


def test_loads_that_were_overwritten_unseen_are_not_relied_upon() -> None:
    recorder = Recorder(16)
    turn(recorder, 100, PLAIN_LOAD)
    loads = Loads()
    loads.follow(recorder, recorder.total)
    turn(recorder, 200, frames=17)
    loads.follow(recorder, recorder.total)
    assert not [row for row in loads.rows() if row[0] == events.TX_CONTEXT]


def test_a_context_is_known_however_long_ago_it_was_loaded() -> None:
    recorder = Recorder(64)
    tape = Tape(recorder)
    turn(recorder, 1, PLAIN_LOAD, SEGMENTED_LOAD)
    for now_ns in range(2, 200):
        turn(recorder, now_ns, frames=1)
        tape.sent(Frames.of([bytes(60)]), now_ns)
    content = content_of(tape)
    assert [row[1:] for row in content["before"] if row[0] == events.TX_CONTEXT] == [
        list(PLAIN_LOAD),
        list(SEGMENTED_LOAD),
    ]
    assert [turn[1][1:] for turn in tape.loads()] == [list(PLAIN_LOAD), list(SEGMENTED_LOAD)]


@pytest.mark.parametrize("asked_every", [1, 7, 500])
def test_however_often_somebody_asks_the_contexts_are_those_of_the_whole_record(asked_every: int) -> None:
    recorder, truth, chance = Recorder(1 << 12), Loads(), Random(asked_every)
    tape = Tape(recorder)
    for now_ns in range(2, 2000):
        before = truth.copy()
        if chance.random() < 0.01:
            recorder.record(events.RESET)
        loads = [(now_ns, 0, SEGMENTED * chance.randrange(2))] if chance.random() < 0.05 else []
        turn(recorder, now_ns, *loads, frames=8)
        tape.sent(Frames.of([bytes(60)] * 8), now_ns)
        truth.follow(recorder, recorder.total)
        if not now_ns % asked_every:
            assert list(tape.loads()) == list(truth)
            assert content_of(tape, 8)["before"] == before.rows()


@pytest.mark.parametrize("seed", range(4))
def test_a_frame_has_the_same_story_where_the_dump_begins_within_its_packet(seed: int) -> None:
    recorder, chance = Recorder(1 << 12), Random(seed)
    tape, place = Tape(recorder), 0
    for now_ns in range(1, MOST_OF_A_PACKET):
        turn(recorder, now_ns)
        for _ in range(chance.randrange(4)):
            place += 1
            end = TX_DATA.EOP.mask * (chance.random() < 0.3)
            recorder.record(events.TX_DESCRIPTOR, place, 0x1000, TX_DATA.DEXT.mask | TX_DATA.TSE.mask | end)
        if place and chance.random() < 0.3:
            recorder.record(events.TX_PROTOTYPE, place, now_ns, 1)
        recorder.record(events.TX_FRAME, now_ns, 60, 3)
        tape.sent(Frames.of([bytes(60)]), now_ns)
        *_, of_all = collect({"epoch_ns": 0, **content_of(tape)})
        (of_one,) = collect({"epoch_ns": 0, **content_of(tape, 1)})
        assert of_one.piece == of_all.piece


def test_the_rows_of_every_frame_on_the_tape_are_still_there() -> None:
    recorder = Recorder(64)
    tape = Tape(recorder)
    for now_ns in range(200):
        turn(recorder, now_ns, frames=2)
        tape.sent(Frames.of([bytes([now_ns]) * 60, bytes(64)]), now_ns)
        content = content_of(tape)
        rows = rows_of(content)
        for one in content["turns"]:
            begin, end = one["rows"]
            assert [row[0] for row in rows[begin:end]] == [events.TURN, events.TX_FRAME, events.TX_FRAME]
            assert rows[begin][1] == one["at_ns"]
        assert content["turns"][-1]["at_ns"] == now_ns
    assert len(content_of(tape)["turns"]) >= 32 // 3


def test_both_ways_are_kept_in_order_and_without_their_leads() -> None:
    recorder = Recorder(64)
    tape = Tape(recorder)
    turn(recorder, 5, frames=1)
    tape.sent(Frames.of([b"a" * 60], VNET_LEAD), 5)
    begin = recorder.total
    recorder.record(events.RX_FRAME, 1, 64, 0)
    tape.received(Frames.of([b"b" * 60], VNET_LEAD), begin, 6)
    content = content_of(tape)
    assert [(one["sent"], one["at_ns"], one["rows"]) for one in content["turns"]] == [
        (True, 5, [0, 2]),
        (False, 6, [2, 3]),
    ]
    assert frames_of(content) == [b"a" * 60, b"b" * 60]


def test_only_the_last_frames_are_given_where_no_more_are_wanted() -> None:
    recorder = Recorder(64)
    tape = Tape(recorder)
    for number in range(6):
        turn(recorder, number, PLAIN_LOAD if number == 0 else SEGMENTED_LOAD, frames=1)
        tape.sent(Frames.of([bytes([number]) * 60]), number)
    content = content_of(tape, 2)
    assert frames_of(content) == [bytes([4]) * 60, bytes([5]) * 60]
    assert len(rows_of(content)) == 6
    assert [row[1] for row in content["before"] if row[0] == events.TX_CONTEXT] == [PLAIN_LOAD[0], SEGMENTED_LOAD[0]]


def test_the_tape_has_a_bound_in_bytes_too() -> None:
    recorder = Recorder()
    tape = Tape(recorder)
    for number in range(8):
        turn(recorder, number, frames=1)
        tape.sent(Frames.of([bytes([number]) * (MOST_BYTES // 4)]), number)
    assert [frame[0] for frame in frames_of(content_of(tape))] == [4, 5, 6, 7]


def test_what_is_kept_is_a_copy_of_the_arena() -> None:
    recorder = Recorder(64)
    tape = Tape(recorder)
    frames = Frames.of([b"a" * 60, b"b" * 60])
    frames.arena = frames.arena.copy()
    turn(recorder, 1, frames=2)
    tape.sent(frames, 1)
    frames.arena[:] = 0
    assert frames_of(content_of(tape)) == [b"a" * 60, b"b" * 60]


def test_after_an_hour_of_mere_listening_a_frame_that_leaves_is_on_the_tape() -> None:
    recorder = Recorder(64)
    tape = Tape(recorder)
    for number in range(300):
        begin = recorder.total
        recorder.record(events.RX_FRAME, number, 64, 0)
        tape.received(Frames.of([bytes(60)]), begin, number)
    turn(recorder, 300, frames=1)
    tape.sent(Frames.of([b"a" * 60]), 300)
    assert frames_of(content_of(tape))[-1] == b"a" * 60
