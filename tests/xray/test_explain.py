"""Does the explanation say what happened? Facts against what the test itself asked for, in the frame's own offsets."""

from __future__ import annotations

import pytest

from glassnic.spec import events
from glassnic.spec.fields import CTRL, RCTL, RXCSUM
from glassnic.spec.registers import R
from glassnic.xray.arrivals import Arrivals
from glassnic.xray.explain import Explanation, explain
from glassnic.xray.note import MARK, Note, read_note, write_note
from glassnic.xray.story import Origin
from glassnic.xray.trace import Slice, Tracer
from recorded import MSS, SUMS, UDP_CONTEXT, datagram, explanations, segmentation, send, slices
from workbench import MAC, RX_ENTRIES, Workbench, frame

pytestmark = pytest.mark.kernel


def one_of(bench: Workbench) -> Explanation:
    (explanation,) = explanations(bench)
    return explanation


def test_a_story_tells_descriptor_context_and_sums() -> None:
    bench = Workbench()
    bench.load(**UDP_CONTEXT)
    bench.now_ns = 7_000
    bench.send(datagram(), **SUMS)
    text = "\n".join(one_of(bench).sentences)
    assert "data descriptor 1: 72 bytes" in text
    assert "context 0: the plain context, loaded by descriptor 0, 7 µs before" in text
    assert "TUCSS 34, TUCSO 40" in text
    (udp_sum, ip_sum) = one_of(bench).story.sums  # type: ignore[union-attr]
    assert (udp_sum.of, udp_sum.begin, udp_sum.end, udp_sum.place) == ("TU", 34, 71, 40)
    assert udp_sum.after == int.from_bytes(bench.frames[0][40:42], "big")
    assert (ip_sum.of, ip_sum.place, ip_sum.before) == ("IP", 24, 0)


def test_a_segments_rewritten_fields_are_told_with_what_the_prototype_had() -> None:
    bench = Workbench()
    bench.load(**segmentation(250))
    bench.send(send(250), TSE=1, **SUMS)
    for number, explanation in enumerate(explanations(bench)):
        story = explanation.story
        assert story is not None
        assert (story.number, story.last, story.header_length) == (number, number == 2, 54)
        fields = {field.name: field for field in story.fields()}
        assert fields["TCP sequence number"].before == 1000
        assert fields["IPv4 total length"].before == 290
        assert fields["TCP sequence number"].after == 1000 + number * MSS
        assert fields["IPv4 identification"].before == 0
        assert fields["IPv4 total length"].after == len(bench.frames[number]) - 14
        assert ("TCP flags" in fields) == (number < 2)


def test_a_tag_moves_the_offsets_of_what_lies_behind_it() -> None:
    bench = Workbench()
    bench.set_bits(R.CTRL, CTRL.VME.mask)
    bench.load(**UDP_CONTEXT)
    bench.send(datagram(), VLE=1, SPECIAL=7, **SUMS)
    explanation = one_of(bench)
    assert explanation.story is not None
    assert explanation.story.tag == (0x8100, 7)
    assert [one.place for one in explanation.story.sums] == [44, 28]
    assert any("a VLAN tag 0x0007" in sentence for sentence in explanation.sentences)


def test_padding_and_legacy_descriptors_are_told() -> None:
    bench = Workbench()
    bench.send_legacy(frame(20), IC=1, CSS=14, CSO=16)
    text = "\n".join(one_of(bench).sentences)
    assert "legacy descriptor 0: 20 bytes" in text
    assert "padded from 20 to 60 bytes" in text
    assert "CSS checksum" in text


def test_a_context_that_was_never_loaded_is_told_apart_from_one_of_which_nothing_is_known() -> None:
    bench = Workbench()
    bench.send(datagram(), **SUMS)
    assert any("it was not loaded since the reset" in sentence for sentence in one_of(bench).sentences)
    late = Tracer().follow(row for row in bench.nic.core.recorder.history().tolist() if row[0] != events.RESET)
    told = explain(Note(Origin(), late[0]), bench.frames[0])
    assert any("nothing is known of its being loaded" in sentence for sentence in told.sentences)


def arrived(*frames: bytes, control: int = 0, free: int = RX_ENTRIES - 1) -> list[Explanation]:
    """Of frames that a card with this much in RCTL took, or not."""
    bench = Workbench()
    bench.open_receive(RCTL.EN.mask | RCTL.SECRC.mask | control)
    bench.write(R.RXCSUM, RXCSUM.IPOFL.mask | RXCSUM.TUOFL.mask)
    bench.write(R.RDT, free)
    before = bench.nic.core.recorder.total
    bench.receive(frames)
    bench.write(R.RDT, RX_ENTRIES - 1)
    bench.run()
    told = Arrivals().follow(bench.nic.core.recorder.since(before).tolist())
    return [explain(Note(Origin(), piece), b"") for _, piece in sorted(told, key=lambda one: one[0])]


def test_an_arrival_is_told_by_what_became_of_it() -> None:
    taken, refused = arrived(frame(60, MAC), frame(60))
    assert ", delivered" in taken.headline
    assert "descriptor 0 takes 60 bytes at 0x" in taken.sentences[0]
    assert "let in by exact address entry 0 (§13.5.3)" in taken.sentences
    assert "no checksum was looked at: IXSM (§3.2.3.1)" in taken.sentences
    assert refused.headline.endswith("passes no filter (§3.2.1): no address filter takes it (§3.2.1)")


@pytest.mark.parametrize(("ethertype", "name"), [(0x0806, "ARP"), (0x8808, "flow control"), (0x88B5, "type 0x88b5")])
def test_a_packet_without_ip_is_called_by_its_type(ethertype: int, name: str) -> None:
    bench = Workbench()
    bench.send(frame(12) + ethertype.to_bytes(2, "big") + bytes(60))
    (told,) = explanations(bench)
    assert told.headline == f"{name}, sent as gathered"


def test_an_arrivals_checksums_are_told_as_the_descriptor_told_them() -> None:
    bench = Workbench()
    bench.load(**UDP_CONTEXT)
    (right,) = bench.send(datagram(), **SUMS)
    wrong = right[:-1] + bytes([right[-1] ^ 1])
    for packet, words in ((right, "right"), (wrong, "wrong")):
        (told,) = arrived(packet, control=RCTL.UPE.mask)
        assert "let in by RCTL.UPE, which takes every unicast address (§13.4.22)" in told.sentences
        assert "the IPv4 header checksum was looked at, and is right (§3.2.9)" in told.sentences
        assert f"the TCP or UDP checksum was looked at, and is {words} (§3.2.9)" in told.sentences


def test_an_arrival_that_waited_in_the_fifo_is_told_with_its_delivery() -> None:
    at_once, *waited, refused = arrived(*[frame(60, MAC)] * 3, frame(60), free=1)
    assert not any("waits" in sentence for sentence in at_once.sentences)
    for ahead, told in enumerate(waited):
        assert f"a frame of 64 bytes waits in the FIFO behind {ahead} others" in "".join(told.sentences)
        assert f"descriptor {ahead + 1} takes 60 bytes" in "".join(told.sentences)
        assert ", delivered" in told.headline
    assert "passes no filter" in refused.headline


def test_a_record_comes_back_from_its_comment() -> None:
    bench = Workbench(profile="one-context")
    bench.send(frame(16384))
    bench.load(**UDP_CONTEXT)
    bench.send(datagram(), **SUMS)
    origin = Origin(profile="one-context")
    (piece,) = slices(bench)
    note = Note(origin, piece)
    assert piece.loose
    assert read_note(("for people", write_note(note))) == note


@pytest.mark.parametrize("spoilt", [
    "", "{", "[]", "5", '{"model":"82540em"}', '{"model":"x","profile":"manual","rows":[[1,2,3,4]]}',
    '{"model":"82540em","profile":"manual","rows":[]}', '{"model":"82540em","profile":"manual","rows":[[1,2]]}',
    '{"model":"82540em","profile":"manual","rows":[[1,2,3,1e400]]}', '{"model":[],"profile":"manual","rows":[]}',
    '{"model":"82540em","profile":"manual","rows":[[12,99999999999999999999999999,3,4]]}',
])  # fmt: skip
def test_a_record_that_somebody_has_spoilt_counts_as_none(spoilt: str) -> None:
    assert read_note((MARK + spoilt,)) is None


def test_a_record_without_its_frame_is_refused() -> None:
    with pytest.raises(ValueError):
        explain(Note(Origin(), Slice(((1, 0, 0, 0),))), b"")
