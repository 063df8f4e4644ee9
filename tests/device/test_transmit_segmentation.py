"""How is one send cut into frames? TCP segmentation: headers, ends, odd cuts, what goes wrong (§3.5, §3.3.6)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.driver.descriptors import encode_context, encode_data
from glassnic.spec import events
from glassnic.spec.fields import CTRL
from glassnic.spec.registers import R
from glassnic.wire.verdict import State, verify
from programs import Message
from workbench import WHOLE, Workbench, frame, ones_sum

pytestmark = pytest.mark.kernel

FIN_PSH_ACK, ACK = 0x19, 0x10
SUMS = {"TSE": 1, "TXSM": 1, "IXSM": 1}


@pytest.fixture
def bench() -> Workbench:
    return Workbench()


def message(payload_bytes: int, mss: int, *, ipv6: bool = False, tcp: bool = True, tags: bytes = b"") -> Message:
    return Message(ipv6, tcp, random.Random(payload_bytes).randbytes(payload_bytes), mss, tags=tags)


def send(bench: Workbench, sent: Message, **fields: int) -> list[bytes]:
    bench.load(**sent.fields)
    return bench.send(sent.encode(), **(SUMS | {"IXSM": int(not sent.ipv6)} | fields))


def field(data: bytes, at: int, size: int = 2) -> int:
    return int.from_bytes(data[at : at + size], "big")


# Where it cuts


@pytest.mark.parametrize(("payload", "mss", "lengths"), [
    (25, 10, [10, 10, 5]), (30, 10, [10, 10, 10]), (10, 10, [10]), (9, 10, [9]), (11, 10, [10, 1]), (3, 1, [1, 1, 1]),
])  # fmt: skip
def test_each_frame_carries_mss_bytes_and_the_last_the_rest(
    bench: Workbench, payload: int, mss: int, lengths: list[int]
) -> None:
    """§3.5.9.3: an exact multiple makes no empty frame."""
    sent = message(payload, mss)
    frames = send(bench, sent)
    assert [field(data, 16) - 40 for data in frames] == lengths
    carried = [data[54 : 54 + length] for data, length in zip(frames, lengths, strict=True)]
    assert b"".join(carried) == sent.payload


@pytest.mark.parametrize("cuts", [(1,), (13, 40), (53,), (54,), (55,), (54, 64, 74), (60, 90, 95), (147,)])
def test_header_and_payload_may_be_cut_anywhere_across_descriptors(bench: Workbench, cuts: tuple[int, ...]) -> None:
    """§3.5.6; the last cut is Linux's tail of 4 bytes."""
    sent = message(97, 10)
    whole = send(bench, sent)
    raw = sent.encode()
    bounds = list(zip((0, *cuts), (*cuts, len(raw)), strict=True))
    parts = [bench.data(raw[a:b], **SUMS, IFCS=1, EOP=int(b == len(raw))) for a, b in bounds]
    assert bench.give(*parts) == whole
    assert len(whole) == 10


def test_frames_leave_as_soon_as_they_are_whole_before_the_end_of_the_packet(bench: Workbench) -> None:
    sent = message(25, 10)
    bench.load(**sent.fields)
    assert len(bench.give(bench.data(sent.encode()[:70], IFCS=1, **SUMS))) == 1
    assert len(bench.give(bench.data(sent.encode()[70:], **SUMS, **WHOLE))) == 2


def test_a_second_send_with_the_same_context_starts_from_the_loaded_values(bench: Workbench) -> None:
    """Inferred: nothing says that a context is used up."""
    sent = message(25, 10)
    first = send(bench, sent)
    assert bench.send(sent.encode(), **SUMS) == first


# The header of each frame, §3.5.9


def test_the_ipv4_total_length_is_that_of_each_frame(bench: Workbench) -> None:
    frames = send(bench, message(25, 10))
    assert [field(data, 16) for data in frames] == [50, 50, 45]


def test_the_ipv4_identification_counts_up_and_wraps(bench: Workbench) -> None:
    frames = send(bench, message(35, 10))
    assert [field(data, 18) for data in frames] == [0xFFFE, 0xFFFF, 0, 1]


def test_the_sequence_number_advances_by_mss_and_wraps(bench: Workbench) -> None:
    frames = send(bench, message(2500, 1000))
    start = 0xFFFF_F000
    assert [field(data, 38, 4) for data in frames] == [start, start + 1000, start + 2000]
    frames = send(bench, message(6000, 1500))
    assert field(frames[3], 38, 4) == (start + 4500) & 0xFFFF_FFFF == 0x194


def test_fin_and_psh_are_set_in_the_last_frame_only_and_other_flags_in_all(bench: Workbench) -> None:
    frames = send(bench, message(25, 10))
    assert [data[47] for data in frames] == [ACK, ACK, FIN_PSH_ACK]


def test_a_single_frame_is_first_and_last_and_keeps_fin_and_psh(bench: Workbench) -> None:
    (only,) = send(bench, message(5, 10))
    assert only[47] == FIN_PSH_ACK
    assert field(only, 38, 4) == 0xFFFF_F000


def test_the_other_tcp_flags_are_copied_to_every_frame(bench: Workbench) -> None:
    sent = message(25, 10)
    raw = bytearray(sent.encode())
    raw[47] = 0xFF
    bench.load(**sent.fields)
    assert [data[47] for data in bench.send(bytes(raw), **SUMS)] == [0xF6, 0xF6, 0xFF]


def test_the_ipv6_payload_length_leaves_the_ipv6_header_out(bench: Workbench) -> None:
    """§3.5.9.1 prints it 40 too large, an evident slip that later parts' manuals correct."""
    frames = send(bench, message(25, 10, ipv6=True))
    assert [field(data, 18) for data in frames] == [30, 30, 25]


def test_the_udp_length_is_that_of_each_frame(bench: Workbench) -> None:
    frames = send(bench, message(25, 10, tcp=False))
    assert [field(data, 38) for data in frames] == [18, 18, 13]


@given(
    kind=st.sampled_from([(False, True), (False, False), (True, True)]),
    payload=st.integers(1, 5000),
    mss=st.integers(9, 1448),
    tagged=st.booleans(),
)
def test_every_frame_verifies(kind: tuple[bool, bool], payload: int, mss: int, tagged: bool) -> None:
    """§3.5.7: each frame's own layer 4 length goes into its sum."""
    ipv6, tcp = kind
    bench = Workbench()
    frames = send(bench, message(payload, mss, ipv6=ipv6, tcp=tcp, tags=b"\x81\0\0\x07" if tagged else b""))
    assert len(frames) == -(-payload // mss)
    for data in frames:
        verdict = verify(data)
        assert len(verdict.sums) == (1 if ipv6 else 2)
        assert {found.state for found in verdict.sums} == {State.RIGHT}, str(verdict)


def test_headers_are_updated_without_popts_and_only_the_sums_left_out(bench: Workbench) -> None:
    """§3.3.7.3"""
    sent = message(25, 10)
    frames = send(bench, sent, TXSM=0, IXSM=0)
    assert [field(data, 16) for data in frames] == [50, 50, 45]
    assert {data[24:26] for data in frames} == {sent.encode()[24:26]}
    assert {data[50:52] for data in frames} == {sent.encode()[50:52]}


def test_a_generic_block_send_copies_the_header_unchanged(bench: Workbench) -> None:
    """§3.3.6.1 note 2: IP=0 with TCP=0; the sums are inserted when asked for, with no length added."""
    header, payload = frame(40), bytes(range(25))
    bench.load(TSE=1, HDRLEN=40, MSS=10, PAYLEN=25, TUCSS=14, TUCSO=20, IPCSS=14, IPCSO=24)
    frames = bench.send(header + payload, TSE=1)
    assert frames == [(header + payload[at : at + 10]).ljust(60, b"\0") for at in (0, 10, 20)]
    (first, *_) = bench.send(header + payload, TSE=1, TXSM=1)
    assert field(first, 20) == ~ones_sum((header + payload[:10])[14:]) & 0xFFFF


def test_the_82544_knows_no_ipv6_and_leaves_the_ip_header_alone() -> None:
    """§3.1"""
    bench = Workbench(model="82544ei")
    sent = message(25, 10, ipv6=True)
    frames = send(bench, sent)
    assert {field(data, 18) for data in frames} == {0}
    assert [field(data, 58, 4) for data in frames] == [0xFFFF_F000 + 10 * n for n in range(3)]


def test_a_header_field_outside_the_header_is_left_alone(bench: Workbench) -> None:
    bench.load(TSE=1, IP=1, TCP=1, HDRLEN=16, MSS=20, PAYLEN=40, IPCSS=14, TUCSS=34)
    raw = frame(56)
    assert bench.send(raw, TSE=1) == [(raw[:16] + raw[at : at + 20]).ljust(60, b"\0") for at in (16, 36)]
    assert bench.findings() == {"TX_HEADER_FIELD_OUTSIDE"}


@pytest.mark.parametrize(("start", "end"), [(16, 18), (18, 20), (38, 42), (47, 48)])
@pytest.mark.parametrize("missing", [0, 1])
def test_a_field_is_updated_only_if_the_header_holds_all_of_it(
    bench: Workbench, start: int, end: int, missing: int
) -> None:
    """Total length, identification, sequence and flags of IPv4 and TCP, in the second of three frames."""
    raw, hdrlen = message(120, 30).encode(), end - missing
    bench.load(**(message(120, 30).fields | {"HDRLEN": hdrlen, "PAYLEN": 90}))
    second = bench.send(raw[: hdrlen + 90], TSE=1)[1]
    as_gathered = raw[:hdrlen] + raw[hdrlen + 30 : hdrlen + 60]
    assert (second[start:end] == as_gathered[start:end]) is bool(missing)


# Which descriptor decides


def test_ifcs_vle_and_special_of_the_first_data_descriptor_count(bench: Workbench) -> None:
    """§3.3.7.1, the note under table 3-18: the other way round than in a plain packet."""
    bench.set_bits(R.CTRL, CTRL.VME.mask)
    sent = message(25, 10)
    bench.load(**sent.fields)
    raw = sent.encode()
    first = bench.data(raw[:60], VLE=1, SPECIAL=0x2005, **SUMS)
    frames = bench.give(first, bench.data(raw[60:], EOP=1, TSE=1, SPECIAL=9))
    assert [data[12:16].hex() for data in frames] == ["81002005"] * 3
    first = bench.data(raw[:60], IFCS=1, **SUMS)
    frames = bench.give(first, bench.data(raw[60:], EOP=1, TSE=1, VLE=1))
    assert [field(data, 12) for data in frames] == [0x0800] * 3


def test_without_ifcs_in_the_first_descriptor_no_frame_has_a_right_fcs(bench: Workbench) -> None:
    sent = message(25, 10)
    assert send(bench, sent, IFCS=0) == []
    assert len(bench.happened(events.TX_BAD_FCS)) == 3
    assert bench.read(R.TPT) == 3
    assert bench.read(R.GPTC) == 0


# Ends that do not fit, §3.3.7.1, §13.7.53, §13.7.54


def counts(bench: Workbench) -> tuple[int, int]:
    return bench.read(R.TSCTC), bench.read(R.TSCTFC)


def test_a_send_that_meets_paylen_counts_one_completed_context(bench: Workbench) -> None:
    send(bench, message(25, 10))
    assert counts(bench) == (1, 0)


def test_an_end_before_paylen_sends_what_is_there_as_the_last_frame_and_fails(bench: Workbench) -> None:
    sent = message(25, 10)
    bench.load(**(sent.fields | {"PAYLEN": 40}))
    frames = bench.send(sent.encode(), **SUMS)
    assert [field(data, 16) - 40 for data in frames] == [10, 10, 5]
    assert frames[-1][47] == FIN_PSH_ACK
    assert counts(bench) == (0, 1)
    assert bench.happened(events.TX_PAYLEN_UNMET) == [(1, 25, 40)]


def test_data_beyond_paylen_is_dropped_and_the_context_fails(bench: Workbench) -> None:
    sent = message(25, 10)
    bench.load(**(sent.fields | {"PAYLEN": 20}))
    frames = bench.send(sent.encode(), **SUMS)
    assert b"".join(data[54:64] for data in frames) == sent.payload[:20]
    assert counts(bench) == (0, 1)
    assert bench.happened(events.TX_PAYLEN_EXCEEDED) == [(1, 5, 20)]


@pytest.mark.parametrize(("length", "finding"), [(30, "TX_HEADER_SHORT"), (54, "TX_PAYLEN_UNMET")])
def test_an_end_within_or_right_after_the_header_sends_nothing_and_fails(
    bench: Workbench, length: int, finding: str
) -> None:
    sent = message(25, 10)
    bench.load(**sent.fields)
    assert bench.send(sent.encode()[:length], **SUMS) == []
    assert counts(bench) == (0, 1)
    assert bench.findings() == {finding}


@pytest.mark.parametrize("wrong", [{"MSS": 0}, {"HDRLEN": 0}, {"PAYLEN": 0}, {"HDRLEN": 241}, {"MSS": 16384 - 80}])
def test_an_impossible_segmentation_sends_nothing_fails_and_ends_with_its_packet(
    bench: Workbench, wrong: dict[str, int]
) -> None:
    """§3.3.6 note 2, §3.5.5: the header has at most 240 bytes, a frame no more than the FIFO less 80."""
    sent = message(25, 10)
    bench.load(**(sent.fields | wrong))
    assert bench.send(sent.encode(), **SUMS) == []
    assert counts(bench) == (0, 1)
    assert bench.findings() == {"TX_SEGMENTATION_IMPOSSIBLE"}
    assert len(send(bench, sent)) == 3


def test_a_buffer_outside_memory_stops_the_send_where_it_is_and_fails(bench: Workbench) -> None:
    sent = message(25, 10)
    bench.load(**sent.fields)
    good = bench.data(sent.encode()[:68], IFCS=1, **SUMS)
    assert len(bench.give(good, encode_data(1 << 40, 11, **SUMS, **WHOLE))) == 1
    assert counts(bench) == (0, 1)


@pytest.mark.parametrize("header_bytes", [1, 239, 240])
def test_the_header_may_have_up_to_240_bytes(bench: Workbench, header_bytes: int) -> None:
    raw = frame(header_bytes + 200)
    bench.load(TSE=1, HDRLEN=header_bytes, MSS=100, PAYLEN=200)
    assert bench.send(raw, TSE=1) == [
        raw[:header_bytes] + raw[at : at + 100] for at in (header_bytes, header_bytes + 100)
    ]


# Long ones


@pytest.mark.parametrize("mss", [16, 1460, 9000])
def test_a_megabyte_from_one_descriptor_takes_many_turns_and_loses_nothing(mss: int) -> None:
    """A 20-bit DTALEN with a 20-bit PAYLEN: far more than the engine holds at once."""
    bench = Workbench()
    payload = random.Random(mss).randbytes((1 << 20) - 1 - 54)
    header = message(1, 1).encode()[:54]
    bench.load(**(message(1, 1).fields | {"MSS": mss, "PAYLEN": len(payload)}))
    before = bench.turns
    frames = bench.send(header + payload, **SUMS)
    assert bench.turns - before > 3
    assert b"".join(data[54 : 14 + field(data, 16)] for data in frames) == payload
    assert [field(data, 18) for data in frames] == [(0xFFFE + n) & 0xFFFF for n in range(len(frames))]
    assert counts(bench) == (1, 0)
    for data in frames[:: len(frames) // 20]:
        assert {found.state for found in verify(data).sums} == {State.RIGHT}


def test_a_frame_under_construction_outlives_the_frames_before_it(bench: Workbench) -> None:
    """Frames are drained while a later one is half gathered."""
    sent = message(25, 10)
    bench.load(**sent.fields)
    raw = sent.encode()
    out = [bench.give(bench.data(raw[at : at + 1], IFCS=1, EOP=int(at == len(raw) - 1), **SUMS)) for at in range(79)]
    frames = [data for group in out for data in group]
    assert frames == bench.send(raw, **SUMS)


def test_a_context_inside_a_send_changes_nothing_of_it(bench: Workbench) -> None:
    sent, other = message(25, 10), message(40, 7)
    bench.load(**sent.fields)
    raw = sent.encode()
    first, last = bench.data(raw[:60], IFCS=1, **SUMS), bench.data(raw[60:], **SUMS, **WHOLE)
    assert bench.give(first, encode_context(**other.fields), last) == send(bench, sent)
