"""Does a capture read as it was written, and is what is spoilt refused in a sentence? Every byte of it may be wrong."""

from __future__ import annotations

import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.xray.pcapng import INBOUND, OUTBOUND, CaptureError, Interface, Packet, packet, read, section

HEAD = section("a card", "a program", [Interface("e1000", "described"), Interface("ünï", "too")])
PACKETS = st.builds(
    Packet,
    st.sampled_from(["e1000", "ünï"]),
    st.integers(0, (1 << 64) - 1),
    st.binary(max_size=200),
    st.sampled_from([0, INBOUND, OUTBOUND]),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=3).map(tuple),
)


def written(one: Packet) -> bytes:
    return packet(["e1000", "ünï"].index(one.interface), one.at_ns, one.frame, one.direction, one.comments)


def big_endian_microseconds(frame: bytes) -> bytes:
    """A file of another machine: big endian, its interface without name or resolution."""

    def block(kind: int, body: bytes) -> bytes:
        length = (len(body) + 12).to_bytes(4, "big")
        return kind.to_bytes(4, "big") + length + body + length

    numbers = (0, 0, 1_500_000, len(frame), len(frame))
    body = b"".join(number.to_bytes(4, "big") for number in numbers) + frame + bytes(-len(frame) % 4)
    head = block(0x0A0D0D0A, bytes.fromhex("1a2b3c4d 0001 0000") + b"\xff" * 8)
    return head + block(1, bytes(8)) + block(99, b"an unknown block") + block(6, body)


@given(st.lists(PACKETS, max_size=5))
def test_packets_come_back_as_they_were_written(packets: list[Packet]) -> None:
    assert list(read(io.BytesIO(HEAD + b"".join(map(written, packets))))) == packets


@given(st.lists(PACKETS, max_size=3), st.integers(0, 2000))
def test_a_file_that_still_grows_gives_its_whole_packets(packets: list[Packet], cut: int) -> None:
    data, ends = HEAD, []
    for one in packets:
        data += written(one)
        ends.append(len(data))
    shown = data[: len(HEAD) + cut]
    assert list(read(io.BytesIO(shown))) == packets[: sum(end <= len(shown) for end in ends)]


def test_files_of_other_machines_are_read_in_their_order_and_resolution() -> None:
    assert list(read(io.BytesIO(big_endian_microseconds(b"frame")))) == [Packet("", 1_500_000_000, b"frame", 0, ())]


def test_two_files_one_after_the_other_are_one() -> None:
    one = Packet("e1000", 5, b"x", OUTBOUND, ())
    assert list(read(io.BytesIO((HEAD + written(one)) * 2))) == [one, one]


@given(st.binary(max_size=300))
def test_what_is_no_capture_is_refused_or_read_but_never_an_accident(data: bytes) -> None:
    with suppress(CaptureError):
        list(read(io.BytesIO(data)))


@given(PACKETS, st.data())
def test_a_damaged_capture_is_refused_or_read_but_never_an_accident(one: Packet, data: st.DataObject) -> None:
    spoilt = bytearray(HEAD + written(one))
    spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    with suppress(CaptureError):
        list(read(io.BytesIO(spoilt)))


def test_a_pcap_file_is_refused_in_a_sentence() -> None:
    with pytest.raises(CaptureError, match="no pcapng"):
        list(read(io.BytesIO(b"\x4d\x3c\xb2\xa1" + bytes(40))))
