"""Is what happens at a card's ports kept as the card saw it, in a file of bounded size?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glassnic.conformance.program import Peek, Poke, Sent
from glassnic.conformance.recording import Head, Pen, read_recording
from glassnic.device.ports import FlatMemory
from glassnic.server.config import places, read_file
from glassnic.server.shadow import Shadow
from glassnic.spec.registers import R
from glassnic.xray.pcapng import CaptureError
from glassnic.xray.sink import refuse_shared
from session import Bench, broadcast, record, traffic


def test_a_full_recording_ends_with_a_sentence_and_the_card_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "session"
    bench = Bench(path, f"{path},size=20K")
    traffic(bench)
    assert len(bench.said) == 1
    assert bench.said[0].startswith(f"the recording {path} is full and ends here")
    assert 19_000 < path.stat().st_size <= 20 << 10
    bench.driver.send(broadcast(1))
    assert bench.card.take_sent()[-1] == broadcast(1)
    whole = record(tmp_path / "whole")
    kept = read_recording(path).moments
    assert kept == whole.moments[: len(kept)]


def test_a_disk_that_is_full_ends_the_recording_with_a_sentence() -> None:
    said: list[str] = []
    pen = Pen("/dev/full", said.append)
    pen.write(Head("82540em", "manual", bytes(128)))
    pen.flush()
    pen.write(Sent((b"more",)))
    pen.close()
    assert said == ["cannot write /dev/full: No space left on device; the recording ends here"]


def test_a_guest_that_writes_while_the_card_works_is_recorded_as_the_card_saw_it() -> None:
    told: list[Peek | Poke] = []
    guest = FlatMemory(0x4000)
    shadow = Shadow(guest, told.append)
    guest.write(0x1000, b"given")
    shadow.fetch(0x1000, 5)
    guest.write(0x1000, b"later")
    assert shadow.read(0x1000, 5) == b"given"
    shadow.fetch(0x1000, 5)
    shadow.fetch(0x1000, 5)
    shadow.write(0x2000, b"done")
    assert guest.read(0x2000, 4) == bytes(4)
    shadow.give_back(0x2000, 4)
    assert guest.read(0x2000, 4) == b"done"
    assert told == [Poke(0x1000, b"given"), Poke(0x1000, b"later"), Peek(0x2000, b"done")]
    shadow.forget()
    assert not np.any(shadow.data[:0x4000])
    shadow.fetch(0x2000, 4)
    assert told[-1] == Poke(0x2000, b"done")


def test_a_descriptor_is_told_again_only_when_it_has_changed() -> None:
    told: list[Peek | Poke] = []
    guest = FlatMemory(0x4000)
    shadow = Shadow(guest, told.append)
    guest.write(0x1010, bytes([1] * 16))
    assert list(shadow.stale(0x1000, 128, 16)) == [0x1010]
    shadow.fetch(0x1010, 16)
    assert list(shadow.stale(0x1000, 128, 16)) == []
    assert list(shadow.stale(0x3FF0, 32, 16)) == [0x3FF0, 0x4000], "what is not all memory is looked at one by one"
    shadow.fetch(0x3FF8, 16)
    assert len(told) == 1


def test_a_recorded_card_gives_and_takes_what_a_plain_one_does(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "session")
    bench.driver.open()
    bench.driver.send(broadcast(1))
    bench.card.receive([broadcast(2)])
    assert bench.card.take_sent() == [broadcast(1)]
    assert bench.driver.poll_receive() == [broadcast(2)]
    assert bench.card.read(R.TDH.offset) == 1


def test_two_cards_cannot_have_one_recording(tmp_path: Path) -> None:
    path = tmp_path / "cards.toml"
    path.write_text('[a]\nrecord = "x"\n[b]\nrecord = "x,size=1M"\n')
    with pytest.raises(CaptureError, match="x cannot be for --record of a and for --record of b"):
        refuse_shared(places(read_file(path)))
