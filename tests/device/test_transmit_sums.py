"""What do the checksum engines sum, and where do they store it? Extended and legacy (§3.3.3, §3.5.8, §3.6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.spec.fields import TCTL
from glassnic.spec.registers import R
from glassnic.wire.verdict import State, verify
from programs import Message
from workbench import WHOLE, Workbench, fcs, frame, ones_sum

pytestmark = pytest.mark.kernel

DATA = frame(71)
ENGINES = {"TXSM": ("TUCSS", "TUCSO", "TUCSE"), "IXSM": ("IPCSS", "IPCSO", "IPCSE")}


@pytest.fixture
def bench() -> Workbench:
    return Workbench()


def stored(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 2], "big")


def send_summed(bench: Workbench, option: str, start: int, place: int, end: int, data: bytes = DATA) -> bytes:
    bench.load(**dict(zip(ENGINES[option], (start, place, end), strict=True)))
    (sent,) = bench.send(data, **{option: 1})
    return sent


@pytest.mark.parametrize("option", ENGINES)
def test_the_sum_is_the_complement_of_the_ones_complement_sum(bench: Workbench, option: str) -> None:
    """§3.5.8; the field itself is summed as it was found."""
    sent = send_summed(bench, option, 14, 40, 53)
    assert stored(sent, 40) == ~ones_sum(DATA[14:54]) & 0xFFFF
    assert sent == DATA[:40] + sent[40:42] + DATA[42:]


@pytest.mark.parametrize("option", ENGINES)
@pytest.mark.parametrize(("end", "last"), [(33, 33), (34, 34), (0, 70), (70, 70), (71, 70), (0xFFFF, 70), (14, 14)])
def test_the_end_is_the_last_byte_summed_and_0_is_the_end_of_the_packet(
    bench: Workbench, option: str, end: int, last: int
) -> None:
    """§3.3.6. An odd last byte is padded on the right; an end beyond the packet is its last byte (inferred)."""
    sent = send_summed(bench, option, 14, 20, end)
    assert stored(sent, 20) == ~ones_sum(DATA[14 : last + 1]) & 0xFFFF


@pytest.mark.parametrize("option", ENGINES)
@pytest.mark.parametrize("start", [0, 1, 13, 70])
@pytest.mark.parametrize("place", [0, 21, 69])
def test_no_even_alignment_is_asked_of_start_or_place(bench: Workbench, option: str, start: int, place: int) -> None:
    """§3.3.3 note 1"""
    sent = send_summed(bench, option, start, place, 0)
    assert stored(sent, place) == ~ones_sum(DATA[start:]) & 0xFFFF


@pytest.mark.parametrize("option", ENGINES)
@pytest.mark.parametrize(("start", "place", "end"), [(71, 20, 0), (255, 20, 0), (14, 70, 0), (14, 71, 0), (40, 20, 39)])
def test_a_range_or_place_outside_the_packet_inserts_nothing(
    bench: Workbench, option: str, start: int, place: int, end: int
) -> None:
    """§3.3.6, §3.6: not inserted, noted, and the packet goes all the same."""
    assert send_summed(bench, option, start, place, end) == DATA
    assert bench.findings() == {"TX_SUM_OUTSIDE"}


@pytest.mark.parametrize(("option", "other"), [("TXSM", "IXSM"), ("IXSM", "TXSM")])
def test_only_the_sum_that_is_asked_for_is_inserted(bench: Workbench, option: str, other: str) -> None:
    """§3.3.7.3"""
    fields = dict(zip(ENGINES[option] + ENGINES[other], (14, 20, 0, 30, 40, 0), strict=True))
    bench.load(**fields)
    (sent,) = bench.send(DATA, **{option: 1})
    assert sent[20:22] != DATA[20:22]
    assert sent[40:42] == DATA[40:42]


def test_both_sums_are_inserted_and_the_transport_sum_comes_first(bench: Workbench) -> None:
    """§3.3.5; where the ranges overlap the IP sum sees the other one (inferred)."""
    bench.load(TUCSS=34, TUCSO=40, IPCSS=14, IPCSO=24, IPCSE=0)
    (sent,) = bench.send(DATA, TXSM=1, IXSM=1)
    after_transport = DATA[:40] + (~ones_sum(DATA[34:]) & 0xFFFF).to_bytes(2, "big") + DATA[42:]
    assert sent[40:42] == after_transport[40:42]
    assert stored(sent, 24) == ~ones_sum(after_transport[14:]) & 0xFFFF


def test_hardware_padding_is_not_summed(bench: Workbench) -> None:
    """§3.3.3: the sum ends with the unpadded data; with zeros for padding only the length could tell."""
    short = frame(33)
    sent = send_summed(bench, "TXSM", 14, 20, 50, short)
    assert sent == (short[:20] + (~ones_sum(short[14:]) & 0xFFFF).to_bytes(2, "big") + short[22:]).ljust(60, b"\0")
    bench.write(R.TCTL, TCTL.EN.mask | TCTL.PSP.mask)
    assert send_summed(bench, "TXSM", 14, 33, 0, short) == short.ljust(60, b"\0")


def test_the_software_fcs_is_data_to_the_sum(bench: Workbench) -> None:
    """IFCS=0: what is fetched is summed, to its last byte (inferred); an FCS that did not foresee it is spoilt."""
    bare = frame(60)
    sent = bytearray(bare + bytes(4))
    bench.load(TUCSS=14, TUCSO=20)
    sent[60:] = fcs(bare)
    assert bench.send(bytes(sent), TXSM=1, IFCS=0) == []
    assert bench.findings() == {"TX_BAD_FCS"}


def test_a_sum_that_comes_out_zero_is_stored_as_all_ones(bench: Workbench) -> None:
    """The manual is silent; 0 would tell UDP that there is no checksum."""
    data = frame(14) + b"\xff\xff" + bytes(50)
    assert stored(send_summed(bench, "TXSM", 14, 40, 0, data), 40) == 0xFFFF


# Legacy, §3.3.3


@pytest.mark.parametrize(("start", "place"), [(0, 0), (14, 24), (70, 69), (15, 21)])
def test_a_legacy_sum_runs_from_css_to_the_end_and_is_stored_at_cso(bench: Workbench, start: int, place: int) -> None:
    (sent,) = bench.send_legacy(DATA, IC=1, CSS=start, CSO=place)
    value = ~ones_sum(DATA[start:]) & 0xFFFF
    assert sent == DATA[:place] + value.to_bytes(2, "big") + DATA[place + 2 :]


@pytest.mark.parametrize(("start", "place"), [(71, 20), (14, 70), (14, 71), (255, 255)])
def test_ic_is_ignored_when_css_or_cso_lies_outside(bench: Workbench, start: int, place: int) -> None:
    """§3.3.3.1: CSS at or beyond the length, CSO beyond the length less one."""
    assert bench.send_legacy(DATA, IC=1, CSS=start, CSO=place) == [DATA]


def test_without_ic_css_and_cso_mean_nothing(bench: Workbench) -> None:
    assert bench.send_legacy(DATA, CSS=14, CSO=24) == [DATA]


def test_a_legacy_packet_takes_nothing_from_the_contexts(bench: Workbench) -> None:
    bench.load(TUCSS=14, TUCSO=20, IPCSS=14, IPCSO=30)
    assert bench.send_legacy(DATA, CSS=3) == [DATA]  # CSS's low bits stand where IXSM and TXSM are


# Real packets, judged by a reader that knows no descriptors


@given(st.booleans(), st.booleans(), st.sampled_from([b"", b"\x81\0\0\x07"]), st.binary(max_size=200))
def test_the_sums_of_a_real_packet_verify(ipv6: bool, tcp: bool, tags: bytes, payload: bytes) -> None:
    bench = Workbench()
    message = Message(ipv6, tcp, payload, 0, tags=tags)
    bench.load(**message.fields)
    (sent,) = bench.send(message.encode(), TXSM=1, IXSM=int(not ipv6))
    verdict = verify(sent)
    assert len(verdict.sums) == (1 if ipv6 else 2)
    assert {found.state for found in verdict.sums} == {State.RIGHT}, str(verdict)


def test_a_legacy_sum_makes_a_right_udp_packet(bench: Workbench) -> None:
    message = Message(False, False, b"hello", 0)
    raw = message.encode()
    header = raw[14:34]
    raw = raw[:24] + (~ones_sum(header) & 0xFFFF).to_bytes(2, "big") + raw[26:]
    sent = bench.give(bench.legacy(raw, IC=1, CSS=34, CSO=40, **WHOLE))
    assert {found.state for found in verify(sent[0]).sums} == {State.RIGHT}
