"""Which frames does the card take? Exact entries, hash, promiscuous bits, broadcast and VLANs (§3.2.1, §9.3, §13.5)."""

from __future__ import annotations

import pytest

from glassnic.spec import events, ways
from glassnic.spec.descriptors import RX
from glassnic.spec.ways import BY_ADDRESS, BY_LENGTH, BY_VLAN
from receive_bench import EVERYBODY, NEIGHBOUR, STATION, ReceiveBench, frame

pytestmark = pytest.mark.kernel

GROUP = bytes.fromhex("01005e0000fb")


def took(bench: ReceiveBench, *frames: bytes) -> list[bool]:
    """Which of these frames come into memory?"""
    answers = []
    for one in frames:
        before = bench.head
        bench.arrive(one)
        answers.append(bench.head != before)
        bench.write("RDT", (bench.head + 7) % 8)
    return answers


def entry(bench: ReceiveBench, index: int, address: bytes, high_bits: int = 1 << 31) -> None:
    bench.write("RAL", int.from_bytes(address[:4], "little"), index)
    bench.write("RAH", int.from_bytes(address[4:], "little") | high_bits, index)


def test_the_station_takes_its_own_frames_and_broadcasts_only() -> None:
    bench = ReceiveBench()
    frames = [frame(destination=to) for to in (STATION, EVERYBODY, NEIGHBOUR, GROUP)]
    assert took(bench, *frames) == [True, True, False, False]


@pytest.mark.parametrize("index", range(16))
def test_each_of_the_16_exact_entries_counts_all_48_bits(index: int) -> None:
    bench, own = ReceiveBench(), bytes([0x02, 1, 2, 3, 4, index])
    entry(bench, index, own)
    others = [bytes(b ^ (1 << 7 if at == place else 0) for at, b in enumerate(own)) for place in range(6)]
    assert took(bench, frame(destination=own)) == [True]
    assert took(bench, *[frame(destination=other) for other in others]) == [False] * 6


def test_an_entry_without_av_matches_nothing() -> None:
    bench = ReceiveBench()
    entry(bench, 3, NEIGHBOUR, 0)
    assert took(bench, frame(destination=NEIGHBOUR)) == [False]


def test_address_select_1_compares_the_source() -> None:
    bench = ReceiveBench()
    entry(bench, 3, NEIGHBOUR, 1 << 31 | 1 << 16)  # the source of every frame here
    assert took(bench, frame(destination=GROUP)) == [True]
    assert took(bench, frame(destination=b"\x02" * 6)) == [True]


@pytest.mark.parametrize("select", [2, 3])
def test_a_reserved_address_select_matches_nothing(select: int) -> None:
    bench = ReceiveBench()
    entry(bench, 3, b"\x02" * 6, 1 << 31 | select << 16)
    assert took(bench, frame(destination=b"\x02" * 6)) == [False]


def test_upe_takes_all_unicast_and_mpe_all_multicast_and_broadcast() -> None:
    bench = ReceiveBench()
    frames = [frame(destination=to) for to in (NEIGHBOUR, GROUP, EVERYBODY)]
    bench.control(EN=1, UPE=1)
    assert took(bench, *frames) == [True, False, False]
    bench.control(EN=1, MPE=1)
    assert took(bench, *frames) == [False, True, True]


def test_a_broadcast_may_pass_by_an_exact_entry_or_the_hash_without_bam() -> None:
    bench = ReceiveBench()
    bench.control(EN=1)
    assert took(bench, frame(destination=EVERYBODY)) == [False]
    entry(bench, 5, EVERYBODY)
    assert took(bench, frame(destination=EVERYBODY)) == [True]
    assert bench.count("BPRC") == 0  # it is not counted as one with BAM=0
    entry(bench, 5, EVERYBODY, 0)
    bench.write("MTA", 1 << 31, 127)
    assert took(bench, frame(destination=EVERYBODY)) == [True]


def test_the_example_of_the_manual_hashes_to_dword_94_bit_9() -> None:
    bench, group = ReceiveBench(), bytes.fromhex("0100000090bc")
    bench.write("MTA", 1 << 9, 94)
    bench.arrive(frame(destination=group))
    row = bench.descriptor(0)
    assert (row.data[:6], row.of(RX.PIF)) == (group, 1)


@pytest.mark.parametrize(("offset", "shift"), [(0, 4), (1, 3), (2, 2), (3, 0)])
def test_mo_chooses_the_12_bits_that_index_the_table(offset: int, shift: int) -> None:
    bench = ReceiveBench()
    bench.control(EN=1, MO=offset)
    index = (0xFB00 >> shift) & 0xFFF
    bench.write("MTA", 1 << (index & 31), index >> 5)
    assert took(bench, frame(destination=GROUP)) == [True]
    bench.write("MTA", ~(1 << (index & 31)) & 0xFFFF_FFFF, index >> 5)
    assert took(bench, frame(destination=GROUP)) == [False]


def test_the_hash_is_asked_for_multicasts_only() -> None:
    bench = ReceiveBench()
    for index in range(128):
        bench.write("MTA", 0xFFFF_FFFF, index)
    assert took(bench, frame(destination=NEIGHBOUR), frame(destination=GROUP)) == [False, True]


def test_pif_is_clear_when_an_exact_entry_or_mpe_passes_the_frame_too() -> None:
    bench = ReceiveBench()
    for index in range(128):
        bench.write("MTA", 0xFFFF_FFFF, index)
    entry(bench, 2, GROUP)
    bench.arrive(frame(destination=GROUP))
    bench.control(EN=1, MPE=1)
    bench.arrive(frame(destination=b"\x01\0\0\0\0\x01"))
    assert [bench.descriptor(index).of(RX.PIF) for index in range(2)] == [0, 0]


def test_with_vfe_only_tagged_frames_of_listed_vlans_pass_and_untagged_ones_freely() -> None:
    bench = ReceiveBench()
    bench.control(EN=1, VFE=1)
    bench.write("VFTA", 1 << 5, 100)
    listed, other = 100 << 5 | 5, 100 << 5 | 6
    assert took(bench, frame(tag=listed), frame(tag=0xE000 | listed), frame(tag=other), frame()) == [
        True, True, False, True,
    ]  # fmt: skip


def test_a_tag_is_what_vet_says_it_is() -> None:
    bench = ReceiveBench()
    bench.control(EN=1, VFE=1)
    bench.write("VET", 0x9100)
    assert took(bench, frame(tag=5), frame(kind=0x9100)) == [True, False]


def test_cfien_wants_the_frames_cfi_to_be_rctls() -> None:
    bench = ReceiveBench()
    bench.write("VFTA", 1 << 5, 0)
    for wanted in (0, 1):
        bench.control(EN=1, VFE=1, CFIEN=1, CFI=wanted)
        assert took(bench, frame(tag=5), frame(tag=0x1005)) == [not wanted, bool(wanted)]
    bench.control(EN=1, CFIEN=1, CFI=1)  # without VFE nothing is compared
    assert took(bench, frame(tag=5)) == [True]


def test_the_recorder_says_why_a_frame_was_refused() -> None:
    bench = ReceiveBench()
    bench.control(EN=1, VFE=1)
    bench.arrive(frame(destination=NEIGHBOUR), frame(tag=5))
    bench.receive.arrive([b"\0" * 10], True, loopback=True)
    rows = [tuple(row) for row in bench.core.recorder.history().tolist() if row[0] == events.RX_FILTERED]
    assert [row[3] for row in rows] == [BY_ADDRESS, BY_VLAN, BY_LENGTH]
    assert rows[0][1:3] == (int.from_bytes(NEIGHBOUR, "little"), 64)


def test_by_which_filter_a_frame_came_in_is_recorded() -> None:
    bench = ReceiveBench()
    entry(bench, 7, NEIGHBOUR)
    for index in range(128):
        bench.write("MTA", 0xFFFF_FFFF, index)
    bench.arrive(*(frame(destination=to) for to in (STATION, NEIGHBOUR, EVERYBODY, GROUP)))
    bench.control(EN=1, UPE=1, MPE=1)
    bench.arrive(*(frame(destination=to) for to in (b"\x02" * 6, GROUP)))
    rows = bench.core.recorder.history().tolist()
    # the source of every frame here is entry 7's address, but as a destination only it counts
    assert [marks >> 16 for event, _, _, marks in rows if event == events.RX_FRAME] == [
        0, 7, ways.BROADCAST, ways.HASH, ways.UNICAST, ways.MULTICAST,
    ]  # fmt: skip
