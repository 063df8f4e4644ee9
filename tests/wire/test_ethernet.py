"""Do addresses, padding and VLAN tags keep a frame what it is?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.wire.ethernet import BROADCAST, is_multicast, mac, mac_text, padded
from glassnic.wire.octets import ParseError
from glassnic.wire.vlan import insert_tags, split_tags

tag = st.tuples(st.sampled_from([0x8100, 0x88A8, 0x9100]), st.integers(0, 0xFFFF))


def test_a_mac_address_reads_and_writes_the_same() -> None:
    assert mac_text(mac("52:54:00:AB:cd:ef")) == "52:54:00:ab:cd:ef"


@pytest.mark.parametrize("text", ["", "52:54:00:12:34", "52:54:00:12:34:5g", "525400123456", "52:54:00:12:34:56:78"])
def test_what_is_no_mac_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="as 52:54:00:12:34:56"):
        mac(text)


def test_groups_and_broadcast_are_told_from_single_stations() -> None:
    assert is_multicast(BROADCAST)
    assert is_multicast(mac("33:33:00:00:00:01"))
    assert not is_multicast(mac("52:54:00:12:34:56"))


def test_a_short_frame_is_padded_with_zeros_and_a_long_one_stays() -> None:
    assert padded(b"x" * 42) == b"x" * 42 + bytes(18)
    assert padded(b"x" * 61) == b"x" * 61


@given(st.binary(min_size=12, max_size=12), st.lists(tag, max_size=4), st.integers(0, 0x7FFF), st.binary(max_size=30))
def test_tags_come_off_and_go_back_on(
    addresses: bytes, tags: list[tuple[int, int]], ethertype: int, rest: bytes
) -> None:
    run = b"".join(kind.to_bytes(2, "big") + control.to_bytes(2, "big") for kind, control in tags)
    bare = addresses + ethertype.to_bytes(2, "big") + rest
    frame = insert_tags(bare, run)
    assert split_tags(frame) == (run, bare)


def test_a_frame_that_ends_inside_a_tag_is_a_parse_error() -> None:
    with pytest.raises(ParseError, match="VLAN tag"):
        split_tags(bytes(12) + bytes.fromhex("8100000581"))
