"""Do the two ends tell intact datagrams from damaged ones? The verbs run for real, over loopback."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.lab import traffic
from glassnic.lab.traffic import HEADER, SOL_PACKET, is_intact, pattern, with_tag

LENGTHS = st.integers(HEADER.size, 2000)


def verb(*words: object) -> list[str]:
    return [sys.executable, traffic.__file__, *map(str, words)]


@given(st.integers(0, 2**32 - 1), LENGTHS)
def test_a_pattern_is_intact_and_as_long_as_asked(sequence: int, length: int) -> None:
    payload = pattern(sequence, length)
    assert len(payload) == length
    assert is_intact(payload) is True


@given(st.integers(0, 10_000), LENGTHS, st.data())
def test_a_changed_byte_is_damage_and_a_foreign_payload_none_of_ours(
    sequence: int, length: int, data: st.DataObject
) -> None:
    payload = bytearray(pattern(sequence, length))
    place = data.draw(st.integers(0, length - 1))
    payload[place] ^= data.draw(st.integers(1, 255))
    assert is_intact(bytes(payload)) is (None if place < 8 else False)


def test_a_datagram_cut_short_is_damaged() -> None:
    assert is_intact(pattern(1, 500)[:-1]) is False
    assert is_intact(b"short") is None


@pytest.mark.parametrize(("address", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
def test_what_one_end_sends_the_other_counts_intact(address: str, family: socket.AddressFamily) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(verb("receive", address, port, 22, 5), stdout=subprocess.PIPE, text=True) as receiver:
        assert receiver.stdout
        assert receiver.stdout.readline() == "ready\n"
        sent = subprocess.run(verb("send", address, port, 20, 700, 1000), capture_output=True, text=True, check=True)
        with socket.socket(family, socket.SOCK_DGRAM) as other:
            other.sendto(pattern(1, 300)[:-1] + b"!", (address, port))
            other.sendto(b"somebody else's", (address, port))
        told = json.loads(receiver.stdout.read())
    assert json.loads(sent.stdout.splitlines()[-1]) == {"sent": 20, "refused": 0}
    assert told == {"received": 22, "intact": 20, "damaged": 1, "strange": 1}


@pytest.mark.parametrize(
    ("status", "tag"),
    [(0x01, b""), (0x11, b"\x81\x00\x00\x05"), (0x51, b"\x88\xa8\x00\x05")],
)
def test_a_tag_that_the_kernel_took_out_goes_back_in(status: int, tag: bytes) -> None:
    told = struct.pack("IIIHHHH", status, 60, 60, 0, 14, 5, 0x88A8)
    frame = bytes(range(60))
    assert with_tag(frame, [(SOL_PACKET, 8, told)]) == frame[:12] + tag + frame[12:]
