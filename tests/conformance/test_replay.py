"""Is a recorded session had again exactly, shown where another card differs, and cut into programs that hold?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from glassnic.conformance.cut import cut
from glassnic.conformance.play import play
from glassnic.conformance.program import MEMORY_BYTES, Peek, Poke, Program, Sent
from glassnic.conformance.recording import Moment, Recording, read_recording
from glassnic.conformance.relocate import HOLE_BEGIN, HOLE_END, PAGE_BYTES, Places
from glassnic.conformance.replay import BEYOND, FCS, FRAMES, RECEIVED, RECEIVING, SENDING, replay
from glassnic.conformance.targets.inside import Inside
from glassnic.conformance.targets.still import Still
from glassnic.conformance.targets.vfio_user import Served
from glassnic.driver.descriptors import encode_legacy
from glassnic.driver.message import Message
from glassnic.lab.errors import LabError
from glassnic.spec.fields import CTRL, EERD, RCTL
from glassnic.spec.registers import R
from session import HIGH, LOW, PLAIN, SEGMENTED, Bench, broadcast, record, traffic


def again(recording: Recording, profile: str = "") -> Still:
    return Still(recording.head.model, profile or recording.head.profile, recording.head.eeprom)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return record(tmp_path / "session")


def test_a_session_replayed_in_process_is_the_same_in_all(recording: Recording) -> None:
    found = replay(recording, again(recording))
    counts = {count.about: (count.same, count.total) for count in found.counts()}
    assert found.same
    assert counts[FRAMES] == (120, 120)
    assert counts[RECEIVED] == counts[RECEIVING] == (60, 60)
    assert counts[SENDING][0] > 60
    assert counts["register answers"][0] > 30
    assert counts["interrupt line"][0] > 30


def test_memory_far_beyond_a_targets_is_moved_into_it(tmp_path: Path) -> None:
    high = record(tmp_path / "high", base=HIGH)
    target = again(high)
    assert replay(high, target).same
    assert target.memory_bytes < 1 << 20


def test_resets_loopback_the_eeprom_and_a_pulled_cable_are_replayed(tmp_path: Path) -> None:
    def act(bench: Bench) -> None:
        driver, nic, card = bench.driver, bench.nic, bench.card
        traffic(bench)
        nic.set_link(False)
        card.receive([broadcast(1)])
        nic.set_link(True)
        card.wait_ns(10_000_000)
        card.write(R.EERD.offset, EERD.START.mask)
        card.read(R.EERD.offset)
        card.write(R.CTRL.offset, CTRL.RST.mask)
        driver.open()
        card.write(R.RCTL.offset, RCTL.EN.mask | 1 << RCTL.LBM.lo | RCTL.UPE.mask | RCTL.BAM.mask)
        driver.send(broadcast(2))
        card.wait_ns(1_000_000)
        assert len(driver.poll_receive()) == 1
        nic.reset()
        nic.bus_master = False
        driver.open()
        driver.send(broadcast(3))
        nic.bus_master = True
        card.wait_ns(1_000_000)
        nic.write_io(0, R.TDT.offset)
        nic.read_io(4)
        nic.asleep = True
        card.receive([broadcast(4)])
        nic.asleep = False
        nic.transmit_held = True
        driver.send(broadcast(5))
        card.wait_ns(1000)
        nic.transmit_held = False
        card.wait_ns(1000)

    found = record(tmp_path / "session", act)
    result = replay(found, again(found))
    assert not result.outcome.failures
    assert not result.outcome.lost


def test_what_the_guest_changes_after_the_doorbell_and_nonsense_are_replayed(tmp_path: Path) -> None:
    def act(bench: Bench) -> None:
        bench.driver.open()
        memory, base = bench.memory, bench.driver.tx_ring
        for index, address in enumerate((1 << 40, LOW + MEMORY_BYTES - 20, 0, 0x40000)):
            memory.write(base + 16 * index, encode_legacy(address, 100, EOP=1, IFCS=1, RS=1))
        memory.write(0x40000, broadcast(1, 100))
        bench.card.write(R.TDT.offset, 4)
        memory.write(0x40000, broadcast(2, 100))
        bench.card.write(R.TDT.offset, 0xFFFF)
        bench.card.write(R.TDBAL.offset, 0xFFFF_FFF0)
        bench.card.write(R.TDT.offset, 9)

    found = record(tmp_path / "session", act)
    assert replay(found, again(found)).same


def test_a_card_with_another_profile_differs_in_frames_that_are_shown(recording: Recording) -> None:
    found = replay(recording, again(recording, "one-context"))
    wrong = [count for count in found.counts() if count.first is not None]
    assert [count.about for count in wrong] == [FRAMES]
    assert 0 < wrong[0].same < wrong[0].total
    assert wrong[0].first is not None
    assert isinstance(recording.moments[wrong[0].first.step], Sent)


def test_a_session_is_the_same_on_our_card_in_a_process_of_its_own(tmp_path: Path) -> None:
    def act(bench: Bench) -> None:
        bench.driver.open()
        bench.card.wait_ns(10_000_000)
        for number in range(5):
            bench.driver.send(broadcast(number))
            bench.card.receive([broadcast(number)])
            bench.card.wait_ns(10_000_000)

    found = record(tmp_path / "session", act)
    target = Served("manual", "82540em")
    try:
        result = replay(found, target)
    finally:
        target.close()
    counts = {count.about: (count.same, count.total) for count in result.counts()}
    assert not result.outcome.lost
    assert counts[FRAMES] == (5, 5)
    assert counts[RECEIVED] == (5, 5)


def test_frames_beyond_those_recorded_are_counted_where_they_left_and_spoil_no_others(tmp_path: Path) -> None:
    exactly = Message(payload=bytes(3000), mss=1000)

    def act(bench: Bench) -> None:
        bench.driver.open()
        bench.driver.load_context(**exactly.fields)
        for number in range(5):
            bench.driver.send(exactly.encode(), **exactly.bits)
            bench.driver.send(broadcast(number))
            bench.card.wait_ns(1_000_000)

    found = record(tmp_path / "session", act)
    other = Inside("qemu-11.1")
    counts = {count.about: count for count in replay(found, other).counts()}
    assert (counts[FRAMES].same, counts[FRAMES].total) == (20, 20)
    assert (counts[BEYOND].same, counts[BEYOND].total) == (0, 5)
    first = counts[BEYOND].first
    assert first is not None
    assert isinstance(recording_step := found.moments[first.step], Sent)
    assert recording_step.frames[0] == exactly.frames()[0]


def test_a_short_frame_comes_padded_and_the_fcs_is_told_apart(tmp_path: Path) -> None:
    def act(bench: Bench) -> None:
        bench.driver.open()
        bench.card.write(R.RCTL.offset, RCTL.EN.mask | RCTL.BAM.mask)
        bench.card.receive([broadcast(1)[:42], broadcast(2)])
        bench.card.wait_ns(1_000_000)

    def spoil(moment: Moment) -> Moment:
        match moment:
            case Peek(data=data) if len(data) == 8:
                return replace(moment, data=data[:2] + b"\xee\xee" + data[4:])
            case Peek(data=data) if len(data) > 8:
                return replace(moment, data=data[:-4] + bytes(4))
        return moment

    found = record(tmp_path / "session", act)
    result = replay(Recording(found.head, tuple(map(spoil, found.moments))), Inside())
    counts = {count.about: (count.same, count.total) for count in result.counts()}
    assert counts[RECEIVED] == (2, 2)
    assert counts[FCS] == (0, 2)
    row = next(row for row in result.differing() if row.what == "receive descriptors")
    assert (row.times, row.fields) == (2, "CHECKSUM")


def test_no_memory_is_moved_to_where_a_pc_has_none() -> None:
    places = Places([Poke(page * PAGE_BYTES, b"\1") for page in range(1000, 1500)])
    moved = {places.place(page * PAGE_BYTES) // PAGE_BYTES for page in range(1000, 1500)}
    assert len(moved) == 500
    assert not moved.intersection(range(HOLE_BEGIN, HOLE_END))
    assert places.end == (max(moved) + 1) * PAGE_BYTES


def steps_of(recording: Recording, frame: bytes) -> tuple[int, int]:
    """The last step at which this frame left, and a few before it."""
    at = max(at for at, one in enumerate(recording.moments, 1) if isinstance(one, Sent) and frame in one.frames)
    return at - 5, at


def test_a_cut_program_holds_and_has_little_before_it(recording: Recording) -> None:
    first, last = steps_of(recording, PLAIN.frames()[0])
    found = cut(recording, first, last, "late")
    assert found.program.address == "recorded/late"
    assert found.before < 20
    assert play(found.program, Inside()).passed
    assert Program.decode(found.program.encode()) == found.program


def test_a_program_cut_against_another_card_keeps_the_context_that_card_loses(recording: Recording) -> None:
    first, last = steps_of(recording, PLAIN.frames()[0])
    found = cut(recording, first, last, "late", Inside("one-context"))
    assert found.before < 20
    assert play(found.program, Inside()).passed
    (failure,) = play(found.program, Inside("one-context")).failures
    assert isinstance(found.program.steps[failure.step], Sent)
    with pytest.raises(LabError, match="glassnic manual does all that was recorded in these steps"):
        cut(recording, first, last, "late", Inside())


def test_a_cut_of_what_came_from_the_wire_holds(recording: Recording) -> None:
    last = len(recording.moments)
    found = cut(recording, last - 20, last, "received")
    assert play(found.program, Inside()).passed
    assert found.before < 20


def test_steps_that_are_not_there_or_touch_too_much_are_refused(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="There are no steps 5 to 1000000"):
        cut(recording, 5, 1_000_000, "x")

    def act(bench: Bench) -> None:
        bench.driver.open()
        for slot in range(MEMORY_BYTES // 4096):
            bench.memory.write(bench.driver.tx_ring, encode_legacy(0x20000 + 4096 * slot, 60, EOP=1, IFCS=1, RS=1))
            bench.card.write(R.TCTL.offset, 0)
            bench.card.write(R.TDH.offset, 0)
            bench.card.write(R.TDT.offset, 1)
            bench.card.write(R.TCTL.offset, 2)

    wide = record(tmp_path / "wide", act)
    with pytest.raises(LabError, match=r"KB of memory, and a program has 512: choose fewer steps\."):
        cut(wide, 1, len(wide.moments), "wide")


def test_a_recording_whose_writer_was_killed_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "session"
    whole = record(path)
    path.write_bytes(path.read_bytes()[:-10])
    assert read_recording(path).moments == whole.moments[:-1]


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]\n", '{"Wait": {"duration_ns": 1}}\n', "é\n", '{"Head": {"model": 1}}\n']
)
def test_what_is_no_recording_is_named_in_a_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "session"
    path.write_text(text)
    with pytest.raises(LabError, match="session is no recording of"):
        read_recording(path)
    with pytest.raises(LabError, match="cannot be read"):
        read_recording(tmp_path / "none")


def test_segments_are_in_the_session(recording: Recording) -> None:
    left = [frame for one in recording.moments if isinstance(one, Sent) for frame in one.frames]
    assert left[: len(SEGMENTED.frames())] == list(SEGMENTED.frames())
