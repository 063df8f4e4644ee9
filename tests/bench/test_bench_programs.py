"""Is the work that the benches give to a card the work that they say, and are the frames they expect right?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from glassnic.bench import table
from glassnic.bench.frames import TCP_HEADER_BYTES, payload, stream_of, tcp_packet
from glassnic.bench.programs import MSS, Program, csum1514, legacy64, mixed, tso64k
from glassnic.device.ports import VNET_LEAD, Frames
from glassnic.lab.reader import read
from glassnic.wire.ethernet import HEADER_BYTES, Ethernet
from glassnic.wire.ipv4 import Ipv4

SMALL = [(tso64k, 2), (csum1514, 3), (legacy64, 3), (mixed, 4)]


@pytest.mark.parametrize(("make", "count"), SMALL)
def test_the_expected_frames_satisfy_an_independent_reader(make: Callable[[int], Program], count: int) -> None:
    program = make(count)
    verdict = read(program.frames)
    assert not verdict.bad
    assert verdict.frames == len(program.frames) >= program.packets == count


@pytest.mark.parametrize("make", [table.tso64k, table.csum1514, table.legacy64, table.mixed])
def test_no_sum_in_a_whole_program_is_zero_which_cards_may_write_in_two_ways(make: Callable[[], Program]) -> None:
    program = make()
    assert program.packets == len(program.tails)
    assert program.tails[-1] < program.entries
    assert all(Ipv4.parse(Ethernet.parse(frame).payload).checksum for frame in program.frames)


def test_a_long_send_is_cut_into_full_frames_but_the_last() -> None:
    lengths = [len(frame) for frame in tso64k(1).frames]
    assert set(lengths[:-1]) == {1514}
    assert TCP_HEADER_BYTES < lengths[-1] < 1514, "a send of whole segments would trip QEMU's e1000"


def test_only_the_last_descriptor_asks_for_a_report() -> None:
    program = legacy64(5)
    reports = [program.ring[16 * number + 11] >> 3 & 1 for number in range(5)]
    assert reports == [0, 0, 0, 0, 1]


def test_the_same_program_is_made_each_time() -> None:
    assert mixed(4) == mixed(4)


def test_a_stream_of_frames_reads_as_the_arena_does() -> None:
    frames = legacy64(3).frames
    assert stream_of(frames) == bytes(Frames.of(frames).stream())


def test_a_host_hands_whole_sends_over_with_their_lengths_in_place() -> None:
    packet = tcp_packet(payload(3 * MSS, 1), 1, MSS)
    (led,) = packet.led
    assert int.from_bytes(packet.whole[HEADER_BYTES + 2 : HEADER_BYTES + 4], "big") == len(packet.whole) - HEADER_BYTES
    assert led[VNET_LEAD:] == packet.whole
    assert len(packet.frames) == 3


def test_frames_that_are_ready_are_handed_over_behind_blank_headers() -> None:
    program = mixed(2)
    assert len(program.led) == 2
    assert program.led[1] == bytes(VNET_LEAD) + program.frames[-1]
