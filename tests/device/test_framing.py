"""What does the MAC add to a packet? Tag, padding, FCS, and which counters a frame moves (§3.3.4, §13.4.33, §13.7)."""

from __future__ import annotations

import pytest

from glassnic.spec import events
from glassnic.spec.fields import CTRL
from glassnic.spec.registers import REGISTERS, R, Register
from workbench import EN, PSP, WHOLE, Workbench, fcs, frame

pytestmark = pytest.mark.kernel

TRANSMIT_COUNTS = ("GPTC", "TPT", "PTC64", "PTC127", "PTC255", "PTC511", "PTC1023", "PTC1522", "MPTC", "BPTC", "GOTCL",
                   "TOTL", "TSCTC", "TSCTFC")  # fmt: skip


@pytest.fixture
def bench() -> Workbench:
    return Workbench()


@pytest.fixture
def tagging(bench: Workbench) -> Workbench:
    bench.set_bits(R.CTRL, CTRL.VME.mask)
    return bench


def moved(bench: Workbench) -> dict[str, int]:
    """The transmit counters that are not 0, read and so cleared."""
    counts = {name: bench.read(REGISTERS[name]) for name in TRANSMIT_COUNTS}
    return {name: count for name, count in counts.items() if count}


# VLAN tags, §3.3.4


@pytest.mark.parametrize("kind", ["send", "send_legacy"])
def test_vle_inserts_vet_and_special_after_the_addresses(tagging: Workbench, kind: str) -> None:
    (sent,) = getattr(tagging, kind)(frame(100), VLE=1, SPECIAL=0xE123)
    assert sent == frame(100)[:12] + bytes.fromhex("8100e123") + frame(100)[12:]
    assert tagging.happened(events.TX_TAG) == [(0x8100, 0xE123, 0)]


@pytest.mark.parametrize("kind", ["send", "send_legacy"])
def test_without_ctrl_vme_vle_and_special_are_ignored(bench: Workbench, kind: str) -> None:
    assert getattr(bench, kind)(frame(100), VLE=1, SPECIAL=0xE123) == [frame(100)]


def test_without_vle_nothing_is_inserted(tagging: Workbench) -> None:
    assert tagging.send(frame(100), SPECIAL=0xE123) == [frame(100)]


@pytest.mark.parametrize("vet", [0x88A8, 0, 0xFFFF])
def test_the_type_of_the_tag_is_what_vet_holds(tagging: Workbench, vet: int) -> None:
    """§13.4.11: software writes VET; drivers and self-tests write more than 8100h."""
    tagging.write(R.VET, vet)
    (sent,) = tagging.send(frame(100), VLE=1)
    assert int.from_bytes(sent[12:14], "big") == vet


def test_with_vle_the_fcs_is_inserted_ifcs_or_not(tagging: Workbench) -> None:
    """§3.3.3.1"""
    (sent,) = tagging.send(frame(100), VLE=1, IFCS=0)
    assert sent[16:] == frame(100)[12:]
    assert tagging.findings() == set()


def test_a_checksum_place_does_not_count_an_inserted_tag(tagging: Workbench) -> None:
    """§3.3.3 note 2"""
    tagging.load(TUCSS=14, TUCSO=40)
    (bare,), (sent,) = tagging.send(frame(100), TXSM=1), tagging.send(frame(100), TXSM=1, VLE=1, SPECIAL=5)
    assert sent == bare[:12] + bytes.fromhex("81000005") + bare[12:]


def test_a_tag_in_the_buffer_is_data(tagging: Workbench) -> None:
    data = frame(100)[:12] + bytes.fromhex("81000007") + frame(100)[12:]
    assert tagging.send(data) == [data]
    (sent,) = tagging.send(data, VLE=1, SPECIAL=9)
    assert sent[12:20] == bytes.fromhex("8100000981000007")


def test_no_tag_fits_a_packet_shorter_than_the_addresses(tagging: Workbench) -> None:
    assert tagging.send(frame(11), VLE=1) == []
    assert tagging.findings() == {"TX_RUNT"}
    assert len(tagging.send(frame(12), VLE=1)) == 1


# FCS, §3.3.3.1


@pytest.mark.parametrize("length", [14, 59, 60, 61, 1514])
@pytest.mark.parametrize("kind", ["send", "send_legacy"])
def test_without_ifcs_the_last_four_bytes_are_softwares_fcs(bench: Workbench, kind: str, length: int) -> None:
    """A right one is taken off, as every back end expects; nothing is padded then."""
    assert getattr(bench, kind)(frame(length) + fcs(frame(length)), IFCS=0) == [frame(length)]
    assert bench.findings() == set()


@pytest.mark.parametrize("bit", [0, 7, 31])
def test_a_frame_with_a_wrong_fcs_is_sent_but_no_good_frame_and_arrives_nowhere(bench: Workbench, bit: int) -> None:
    right = int.from_bytes(fcs(frame()), "little")
    wrong = right ^ 1 << bit
    assert bench.send(frame() + wrong.to_bytes(4, "little"), IFCS=0) == []
    assert bench.happened(events.TX_BAD_FCS) == [(0, wrong, right)]
    assert moved(bench) == {"TPT": 1, "TOTL": 64}


def test_a_packet_of_less_than_a_header_and_an_fcs_is_too_short(bench: Workbench) -> None:
    assert bench.send(frame(17), IFCS=0) == []
    assert bench.happened(events.TX_RUNT) == [(0, 17, 0)]
    assert moved(bench) == {}


# Padding, §13.4.33


@pytest.mark.parametrize("length", [1, 13, 14, 59])
def test_with_psp_a_short_packet_is_padded_to_64_bytes_with_its_fcs(bench: Workbench, length: int) -> None:
    assert bench.send(frame(length)) == [frame(length).ljust(60, b"\0")]
    assert bench.happened(events.TX_PAD) == [(length, 60, 0)]
    assert moved(bench) == {"GPTC": 1, "TPT": 1, "PTC64": 1, "GOTCL": 64, "TOTL": 64}


def test_a_packet_of_60_bytes_needs_no_padding(bench: Workbench) -> None:
    bench.send(frame(60))
    assert bench.happened(events.TX_PAD) == []


def test_padding_does_not_show_what_an_earlier_frame_held(bench: Workbench) -> None:
    """The manual leaves the padding open; old data there would be a leak."""
    for _ in range(3):
        bench.send(frame(1500, fill=0xFF))
        assert bench.send(frame(20)) == [frame(20).ljust(60, b"\0")]


def test_an_inserted_tag_counts_towards_the_64_bytes(tagging: Workbench) -> None:
    assert [len(sent) for sent in tagging.send(frame(54), VLE=1)] == [60]
    assert [len(sent) for sent in tagging.send(frame(58), VLE=1)] == [62]


def test_without_psp_packets_down_to_32_bytes_with_fcs_go_as_they_are(bench: Workbench) -> None:
    bench.write(R.TCTL, EN)
    assert bench.send(frame(28)) == [frame(28)]
    assert bench.send(frame(27)) == []
    assert bench.findings() == {"TX_RUNT"}


def test_psp_is_looked_at_when_the_frame_is_made(bench: Workbench) -> None:
    bench.write(R.TCTL, EN)
    assert [len(sent) for sent in bench.send(frame(30))] == [30]
    bench.write(R.TCTL, EN | PSP)
    assert [len(sent) for sent in bench.send(frame(30))] == [60]


# Counters, §13.7


@pytest.mark.parametrize(("length", "size"), [
    (60, R.PTC64), (61, R.PTC127), (123, R.PTC127), (124, R.PTC255), (251, R.PTC255), (252, R.PTC511),
    (507, R.PTC511), (508, R.PTC1023), (1019, R.PTC1023), (1020, R.PTC1522), (1518, R.PTC1522), (9000, R.PTC1522),
])  # fmt: skip
def test_a_frame_is_counted_by_its_length_with_fcs(bench: Workbench, length: int, size: Register) -> None:
    bench.send(frame(length))
    name = next(name for name, row in REGISTERS.items() if row is size)
    octets = length + 4
    assert moved(bench) == {"GPTC": 1, "TPT": 1, name: 1, "GOTCL": octets, "TOTL": octets}


def test_a_frame_below_64_bytes_counts_in_the_totals_alone(bench: Workbench) -> None:
    bench.write(R.TCTL, EN)
    bench.send(frame(40))
    assert moved(bench) == {"TPT": 1, "TOTL": 44}


@pytest.mark.parametrize(("destination", "name"), [
    ("ffffffffffff", "BPTC"), ("01005e000001", "MPTC"), ("feffffffffff", ""), ("ffffffffff00", "MPTC"),
])  # fmt: skip
def test_broadcasts_and_multicasts_are_counted_apart(bench: Workbench, destination: str, name: str) -> None:
    bench.send(frame(60, bytes.fromhex(destination)))
    counts = moved(bench)
    assert {counted for counted in ("BPTC", "MPTC") if counted in counts} == ({name} if name else set())


def test_each_frame_of_a_segmentation_counts(bench: Workbench) -> None:
    bench.load(TSE=1, HDRLEN=40, MSS=60, PAYLEN=150)
    bench.send(frame(190), TSE=1)
    octets = 104 + 104 + 74
    assert moved(bench) == {"PTC127": 3, "GPTC": 3, "TPT": 3, "TSCTC": 1, "GOTCL": octets, "TOTL": octets}


def test_the_inserted_tag_counts_in_the_octets(tagging: Workbench) -> None:
    tagging.give(tagging.data(frame(100), VLE=1, **WHOLE))
    assert moved(tagging)["GOTCL"] == 108


def test_what_is_dropped_is_not_counted(bench: Workbench) -> None:
    bench.send(b"")
    bench.send(frame(16 * 1024))
    assert moved(bench) == {}
