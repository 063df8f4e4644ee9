"""Is each finding found where it is, and nowhere else? Each made to happen by descriptors alone."""

from __future__ import annotations

import pytest

from glassnic.spec.fields import CTRL
from glassnic.spec.registers import R
from glassnic.wire import tcp, udp
from glassnic.wire.checksum import pseudo_sum
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
