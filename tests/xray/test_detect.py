"""Is each finding found where it is, and nowhere else? Each made to happen by descriptors alone."""

from __future__ import annotations

import pytest

from glassnic.driver.descriptors import encode_context
from glassnic.spec.fields import CTRL
from glassnic.spec.profiles import Traits
from glassnic.spec.registers import R
from glassnic.wire import tcp, udp
from glassnic.wire.checksum import pseudo_sum
from glassnic.wire.udp import Udp
from glassnic.xray.explain import Explanation
from glassnic.xray.story import Origin
from recorded import (
    HERE,
    IP_RANGE,
    L4,
    SUMS,
    THERE,
    UDP_CONTEXT,
    codes,
    datagram,
    explanations,
    found_in,
    in_ip,
    segmentation,
    send,
)
from workbench import Workbench, frame

pytestmark = pytest.mark.kernel


def told(context: dict[str, int], packet: bytes, profile: str = "manual", **bits: int) -> list[Explanation]:
    bench = Workbench(profile=profile)
    bench.load(**context)
    bench.send(packet, **bits)
    return explanations(bench, Origin(profile=profile))


def points(explanation: Explanation) -> dict[str, str]:
    return {point.code: point.sentence for point in explanation.points}


def test_a_sum_stored_where_tcp_has_its_own_is_misplaced_and_spoils_the_payload() -> None:
    (one,) = told(UDP_CONTEXT | {"TUCSO": 50}, datagram(), **SUMS)
    assert codes(one) == ["SUM_MISPLACED", "PAYLOAD_OVERWRITTEN", "SUM_WRONG"]
    assert "offset 50" in points(one)["SUM_MISPLACED"]
    assert "belongs at 40" in points(one)["SUM_MISPLACED"]
    assert "bytes 8 and 9 of the UDP payload" in points(one)["PAYLOAD_OVERWRITTEN"]


def test_a_sum_stored_in_another_field_of_the_header_spoils_no_payload() -> None:
    (one,) = told(UDP_CONTEXT | {"TUCSO": L4 + 4}, datagram(), **SUMS)
    assert "PAYLOAD_OVERWRITTEN" not in codes(one)


def test_an_ip_sum_out_of_place_is_misplaced_too() -> None:
    (one,) = told(UDP_CONTEXT | {"IPCSO": 18}, datagram(), **SUMS)
    assert "belongs at 24" in points(one)["SUM_MISPLACED"]


def test_a_context_of_the_other_kind_is_named_with_its_descriptor() -> None:
    bench = Workbench(profile="one-context")
    bench.load(**UDP_CONTEXT)
    bench.load(**segmentation(250))
    bench.send(datagram(), **SUMS)
    (one,) = explanations(bench, Origin(profile="one-context"))
    assert codes(one)[0] == "CONTEXT_OF_OTHER_KIND"
    assert "descriptor 1 " in points(one)["CONTEXT_OF_OTHER_KIND"]


def test_a_sum_the_driver_made_wrong_itself_is_wrong_all_the_same() -> None:
    (one,) = told(UDP_CONTEXT, datagram(seed=1), IXSM=1)
    assert codes(one) == ["SUM_WRONG"]


def test_a_seed_without_its_length_is_wrong_outside_segmentation() -> None:
    (one,) = told(UDP_CONTEXT, datagram(seed=pseudo_sum(HERE, THERE, udp.PROTOCOL, 0)), **SUMS)
    assert codes(one) == ["SEED_WRONG", "SUM_WRONG"]
    assert "with its length" in points(one)["SEED_WRONG"]


def test_a_seed_with_its_length_is_wrong_in_segmentation() -> None:
    packet = send(250, seed=pseudo_sum(HERE, THERE, tcp.PROTOCOL, 20 + 250))
    for one in told(segmentation(250), packet, TSE=1, **SUMS):
        assert codes(one) == ["SEED_WRONG", "SUM_WRONG"]
        assert "without its length" in points(one)["SEED_WRONG"]


@pytest.mark.parametrize("change", [{"TUCSS": L4 - 2}, {"TUCSE": 50}])
def test_a_range_that_is_not_the_protocols_is_found(change: dict[str, int]) -> None:
    (one,) = told(UDP_CONTEXT | change, datagram(), **SUMS)
    assert "RANGE_WRONG" in codes(one)


@pytest.mark.parametrize("length", [100, 30])
def test_a_total_length_that_does_not_fit_the_frame_is_found(length: int) -> None:
    (one,) = told(UDP_CONTEXT, in_ip(253, bytes(60), length=length), IXSM=1)
    assert codes(one)[:1] == ["LENGTH_WRONG"]


def test_what_the_card_itself_noted_is_a_finding_of_its_frame() -> None:
    bench = Workbench()
    bench.send(frame(), TXSM=1)
    (one,) = explanations(bench)
    assert "TX_UNLOADED" in codes(one)


@pytest.mark.parametrize("tagged", [0, 1])
def test_what_is_in_order_has_no_finding(tagged: int) -> None:
    bench = Workbench()
    bench.set_bits(R.CTRL, CTRL.VME.mask * tagged)
    bench.load(**UDP_CONTEXT)
    bench.load(**segmentation(250))
    bench.send(datagram(), VLE=tagged, SPECIAL=7, **SUMS)
    bench.send(datagram(b"short"), VLE=tagged, **SUMS)
    bench.send(send(250), TSE=1, VLE=tagged, **SUMS)
    bench.send(frame(), VLE=tagged)
    assert [codes(one) for one in explanations(bench)] == [[]] * 6


def test_a_tunnels_inner_sum_is_not_taken_for_the_outer_one() -> None:
    inner = datagram()
    outer = datagram(inner)
    at = len(outer) - len(inner)
    context = {name: value + (at if name.startswith("TU") else 0) for name, value in (IP_RANGE | UDP_CONTEXT).items()}
    (one,) = told(context, outer, **SUMS)
    assert not {"SUM_MISPLACED", "RANGE_WRONG", "SEED_WRONG"} & set(codes(one))


def test_a_sum_whose_range_begins_too_late_is_found_by_its_place() -> None:
    (one,) = told(UDP_CONTEXT | {"TUCSS": L4 + 2}, datagram(), **SUMS)
    assert points(one)["RANGE_WRONG"] == "bytes 36 to 71 were summed for UDP, which lies at 34 to 71"


def test_an_ip_sum_may_overwrite_the_payload_too() -> None:
    (one,) = told(UDP_CONTEXT | {"IPCSO": 50}, datagram(), **SUMS)
    assert "bytes 8 and 9 of the UDP payload" in points(one)["PAYLOAD_OVERWRITTEN"]


def test_what_stands_in_the_field_of_the_ip_sum_is_summed_with_it() -> None:
    packet = bytearray(datagram())
    packet[24:26] = b"\x12\x34"
    (one,) = told(UDP_CONTEXT, bytes(packet), **SUMS)
    assert points(one)["SEED_WRONG"].startswith(
        "the driver left 0x1234 in the IPv4 header checksum field, where 0x0000"
    )


def test_a_udp_sum_that_comes_out_0_and_stays_so_is_found() -> None:
    base = Udp(40000, 5001, bytes(30)).sealed(HERE, THERE).checksum
    bench = Workbench(profile=Traits(zero_sum=0))
    bench.load(**UDP_CONTEXT)
    bench.send(datagram(base.to_bytes(2, "big") + bytes(28)), **SUMS)
    (one,) = explanations(bench)
    assert points(one)["UDP_SUM_ZERO"] == "the UDP checksum that left is 0, which means that there is none"


def test_a_datagram_without_a_checksum_of_its_own_will_is_no_finding() -> None:
    (one,) = told(UDP_CONTEXT, datagram(seed=0), IXSM=1)
    assert codes(one) == []


def test_a_udp_length_that_does_not_fit_the_ip_packet_is_found() -> None:
    packet = bytearray(datagram())
    packet[L4 + 4 : L4 + 6] = (20).to_bytes(2, "big")
    (one,) = told(UDP_CONTEXT, bytes(packet), IXSM=1)
    assert points(one)["LENGTH_WRONG"] == "the UDP header tells of 20 bytes, but 38 follow in the frame"


def test_sums_that_were_left_to_the_card_want_ic_in_a_legacy_descriptor() -> None:
    bench = Workbench()
    bench.send_legacy(datagram(), CSS=L4, CSO=L4 + 6)
    bench.send_legacy(datagram(), IC=1, CSS=L4, CSO=L4 + 6)
    without, with_ic = explanations(bench)
    assert [one.values for one in without.points if one.code == "SUM_NOT_ASKED"] == [
        {"protocol": "IPv4 header", "bit": "IC"},
        {"protocol": "UDP", "bit": "IC"},
    ]
    assert codes(with_ic) == ["SUM_WRONG"], "one sum is all that it can make: the IP header's is not there"


def test_segmentation_without_its_sums_leaves_each_frame_wrong() -> None:
    for one in told(segmentation(250), send(250), TSE=1):
        assert codes(one) == ["SUM_NOT_ASKED", "SUM_WRONG", "SUM_NOT_ASKED", "SUM_WRONG"]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ({"VLE": 1, "IFCS": 1}, {"IFCS": 1}, "VLE as 0x1, to no effect: the last"),
        ({"IFCS": 1}, {}, "IFCS as 0x1, to no effect: the last"),
        (
            {"VLE": 1, "IFCS": 1, "SPECIAL": 5},
            {"VLE": 1, "IFCS": 1, "SPECIAL": 7},
            "SPECIAL as 0x5, to no effect",
        ),
    ],
)
def test_tag_and_fcs_are_the_last_descriptors_choice(first: dict[str, int], last: dict[str, int], words: str) -> None:
    bench = Workbench()
    bench.set_bits(R.CTRL, CTRL.VME.mask)
    bench.give(bench.data(frame(60), **first), bench.data(frame(40), EOP=1, **last))
    assert [one.sentence for one in found_in(bench) if one.code == "OPTION_MISPLACED" and words in one.sentence]


def test_in_segmentation_tag_and_fcs_are_the_first_descriptors_choice() -> None:
    bench = Workbench()
    packet = send(250)
    bench.load(**segmentation(250))
    bench.give(bench.data(packet[:54], TSE=1, IFCS=1, **SUMS), bench.data(packet[54:], TSE=1, EOP=1, VLE=1, **SUMS))
    (one,) = [one for one in found_in(bench) if one.code == "OPTION_MISPLACED"]
    assert "descriptor 2 gives VLE as 0x1, to no effect: the first" in one.sentence


def test_in_a_legacy_packet_the_first_descriptor_says_where_and_the_last_whether_to_sum() -> None:
    bench = Workbench()
    bench.give(
        bench.legacy(frame(60), IFCS=1, CSS=20, CSO=30),
        bench.legacy(frame(40), EOP=1, IFCS=1, IC=1, CSS=24, CSO=40),
    )
    misplaced = [one.values["option"] for one in found_in(bench) if one.code == "OPTION_MISPLACED"]
    assert misplaced == ["CSO", "CSS"]


@pytest.mark.parametrize("context", [{"TSE": 0}, {"TSE": 1}])
def test_reserved_bits_of_a_context_are_found_when_it_is_loaded(context: dict[str, int]) -> None:
    bench = Workbench()
    descriptor = bytearray(encode_context(**context))
    descriptor[11] |= 1 << 6
    bench.give(bytes(descriptor))
    assert [(one.code, one.values) for one in found_in(bench)] == [("RESERVED_BITS", {"place": 0, "bits": 1 << 30})]


def test_rps_is_no_reserved_bit_of_a_part_that_has_it() -> None:
    bench = Workbench(model="82544ei")
    bench.send_legacy(frame(), RPS=1)
    assert found_in(bench, Origin("82544ei")) == []
