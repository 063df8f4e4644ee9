"""Does the host's kernel cut what leaves whole into the very frames that the card cuts? Asked of a real one.

A TAP with a virtio-net header, a bridge, and a second TAP without: the kernel must cut and sum on its way (§3.5.9).
"""

from __future__ import annotations

import os
import random
import select
import shutil
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest

from backends.far import octets, private_network
from glassnic.backends.tap import Tap
from glassnic.conformance.naive import NaiveTransmit
from glassnic.device.cutting import cut
from glassnic.device.ports import LENGTH_LEAD, VNET_LEAD, Frames
from host_cut import GSO_NONE, VNET
from programs import Message, Program, one_send
from transmit_bench import Bench, jitted

pytestmark = pytest.mark.kernel

SENDS = {
    "IPv4": Message(ipv6=False, tcp=True, payload=random.Random(3).randbytes(9000), mss=1448),
    "IPv4 with TCP options": Message(False, True, random.Random(4).randbytes(50000), 1448, options=b"\x01" * 12),
    "IPv6": Message(True, True, random.Random(5).randbytes(4000), 1428),
}


@pytest.fixture(autouse=True)
def bridge() -> Iterator[None]:
    with private_network():
        if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
            pytest.skip("no /dev/net/tun that we may use")
        if shutil.which("ip") is None:
            pytest.skip("no iproute2 here to make a bridge with")
        if not ip("link add br0 type bridge"):
            pytest.skip("this kernel has no bridge")
        yield


def ip(words: str) -> bool:
    return subprocess.run(["ip", *words.split()], check=False, capture_output=True).returncode == 0


def frames_of(program: Program) -> Frames:
    memory = program.memory()
    bench = Bench(jitted, program, memory)
    bench.transmit.lead_with(VNET_LEAD)
    program.play(memory, bench.write)
    return Frames.joined(bench.led, VNET_LEAD)


def cut_by_naive_twin(program: Program) -> list[bytes]:
    memory = program.memory()
    twin = NaiveTransmit(memory, program.model, program.traits)
    program.play(memory, twin.write)
    return twin.frames


def received(tap: Tap, number: int) -> list[bytes]:
    """So many TCP frames; what else a bridge says (IPv6 neighbours, multicast) is passed over."""
    frames: list[bytes] = []
    while len(frames) < number and select.select([tap.fileno()], [], [], 5)[0]:
        frames += [frame for frame in octets(tap.receive()) if frame[:6] == b"\x52\x54\0\0\0\1"]
    return frames


@pytest.mark.parametrize("name", SENDS)
def test_the_kernel_cuts_as_the_card_cuts(name: str) -> None:
    program = one_send(SENDS[name])
    handed = frames_of(program)
    assert len(handed) == 1
    assert VNET.unpack_from(bytes(next(handed.with_lead())))[1] != GSO_NONE
    left, right = Tap("left"), Tap("right", LENGTH_LEAD)
    for words in ("left master br0", "right master br0", "br0 up"):
        assert ip(f"link set {words}")
    left.send(handed)
    wanted = cut_by_naive_twin(program)
    assert received(right, len(wanted)) == wanted
    left.close()
    right.close()


@pytest.mark.parametrize("name", SENDS)
def test_what_the_kernel_leaves_whole_becomes_the_same_frames_on_the_way_in(name: str) -> None:
    program = one_send(SENDS[name])
    left, right = Tap("left"), Tap("right")
    for words in ("left master br0", "right master br0", "br0 up"):
        assert ip(f"link set {words}")
    left.send(frames_of(program))
    packets: list[bytes] = []
    while not packets and select.select([right.fileno()], [], [], 5)[0]:
        packets = [packet for packet in octets(right.receive()) if packet[10:16] == b"\x52\x54\0\0\0\1"]
    assert len(packets) == 1
    run, lengths = np.zeros(1 << 18, np.uint8), np.zeros(512, np.int64)
    number = cut(np.frombuffer(packets[0], np.uint8), run, lengths)
    ends = np.cumsum(lengths[:number] + 4) - 4
    frames = [run[end - length : end].tobytes() for end, length in zip(ends, lengths[:number], strict=True)]
    assert frames == cut_by_naive_twin(program)
    left.close()
    right.close()


def test_other_frames_go_through_as_they_are_both_ways() -> None:
    left, right = Tap("left"), Tap("right")
    for words in ("left master br0", "right master br0", "br0 up"):
        assert ip(f"link set {words}")
    frame = b"\x52\x54\0\0\0\1" + b"\x52\x54\0\0\0\2" + b"\x88\xb5" + bytes(range(60))
    for sender, receiver in ((left, right), (right, left)):
        sender.send(Frames.of([frame], VNET_LEAD))
        packets: list[bytes] = []
        while not packets and select.select([receiver.fileno()], [], [], 5)[0]:
            packets = [packet for packet in octets(receiver.receive()) if packet[10:16] == frame[:6]]
        assert packets == [bytes(VNET_LEAD) + frame]
    left.close()
    right.close()
