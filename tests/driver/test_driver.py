"""Can the driver drive the card? Reset, address, send in three ways, receive, interrupts, on a card in this process."""

from __future__ import annotations

import pytest

from glassnic.device.nic import Nic
from glassnic.device.ports import FlatMemory
from glassnic.driver import Driver, DriverError, InProcess
from glassnic.driver.driver import ENTRIES, FOOTPRINT_BYTES
from glassnic.spec.fields import CAUSE
from glassnic.spec.registers import R
from glassnic.wire.checksum import pseudo_sum
from glassnic.wire.ethernet import IPV4, Ethernet
from glassnic.wire.ipv4 import Ipv4
from glassnic.wire.tcp import ACK, FIN, PROTOCOL, PSH, Tcp
from glassnic.wire.verdict import State, verify

BASE = 0x2000
MAC = bytes.fromhex("5254000000aa")
PEER = bytes.fromhex("5254000000bb")
HOME, AWAY = b"\x0a\0\0\2", b"\x0a\0\0\1"
FLAGS = ACK | PSH | FIN


class Machine:
    """A card, a guest's memory and its driver."""

    def __init__(self, model: str = "82540em") -> None:
        self.memory = FlatMemory(BASE + FOOTPRINT_BYTES)
        self.nic = Nic(self.memory, model=model, mac=MAC)
        self.card = InProcess(self.nic)
        self.driver = Driver(self.card, self.memory, BASE)
        self.driver.open()


@pytest.fixture
def machine() -> Machine:
    return Machine()


def frame(payload: bytes, to: bytes = PEER) -> bytes:
    return Ethernet(to, MAC, 0x88B5, payload).encode()


@pytest.mark.parametrize("model", ["82540em", "82545em", "82544ei"])
def test_every_model_tells_its_address_after_reset(model: str) -> None:
    assert Machine(model).driver.mac() == MAC


def test_without_a_valid_filter_entry_the_address_is_read_from_the_eeprom(machine: Machine) -> None:
    machine.card.write(R.RAH.offset, 0)
    assert machine.driver.mac() == MAC


def test_a_plain_frame_leaves_as_it_was_given(machine: Machine) -> None:
    machine.driver.send(frame(bytes(range(100))))
    assert machine.card.take_sent() == [frame(bytes(range(100)))]


def test_a_packet_longer_than_a_buffer_takes_several_descriptors(machine: Machine) -> None:
    long = frame(bytes(range(250)) * 20)
    machine.driver.send(long)
    assert machine.card.take_sent() == [long]
    assert machine.driver.tail == 3


def test_the_rings_go_round(machine: Machine) -> None:
    frames = [frame(number.to_bytes(2, "big") * 30) for number in range(3 * ENTRIES)]
    for one in frames:
        machine.driver.send(one)
    assert machine.card.take_sent() == frames
    got: list[bytes] = []
    for one in frames:
        machine.card.receive([one[6:12] + one[:6] + one[12:]])
        got += machine.driver.poll_receive()
    assert got == [one[6:12] + one[:6] + one[12:] for one in frames]


def test_a_segmented_send_becomes_frames_whose_sums_are_right(machine: Machine) -> None:
    payload = bytes(range(256)) * 12
    segment = Tcp(1, 2, 1000, 0, FLAGS, 512, payload, checksum=pseudo_sum(HOME, AWAY, PROTOCOL, 0)).encode()
    packet = bytearray(Ethernet(PEER, MAC, IPV4, Ipv4(HOME, AWAY, PROTOCOL, segment).encode()).encode())
    packet[16:18] = bytes(2)
    machine.driver.load_context(
        IPCSS=14, IPCSO=24, IPCSE=33, TUCSS=34, TUCSO=50,
        TSE=1, IP=1, TCP=1, HDRLEN=54, MSS=1000, PAYLEN=len(payload),
    )  # fmt: skip
    machine.driver.send(bytes(packet), TSE=1, IXSM=1, TXSM=1)
    sent = machine.card.take_sent()
    assert [{one.state for one in verify(found).sums} for found in sent] == [{State.RIGHT}] * 4
    parts = [Tcp.parse(Ipv4.parse(found[14:]).payload) for found in sent]
    assert b"".join(part.payload for part in parts) == payload
    assert [part.flags for part in parts] == [ACK, ACK, ACK, FLAGS]
    assert [part.sequence for part in parts] == [1000, 2000, 3000, 4000]


def test_frames_to_another_address_do_not_reach_the_driver(machine: Machine) -> None:
    ours, foreign, everyone = frame(b"a" * 50, MAC), frame(b"b" * 50), frame(b"c" * 50, b"\xff" * 6)
    machine.card.receive([ours, foreign, everyone])
    assert machine.driver.poll_receive() == [ours, everyone]
    assert machine.driver.poll_receive() == []


def test_a_frame_longer_than_a_buffer_is_put_together_again(machine: Machine) -> None:
    machine.card.write(R.RCTL.offset, machine.card.read(R.RCTL.offset) | 1 << 5)  # LPE
    long = frame(bytes(range(250)) * 20, MAC)
    machine.card.receive([long])
    assert machine.driver.poll_receive() == [long]


def test_an_interrupt_tells_of_a_frame_until_it_is_acknowledged(machine: Machine) -> None:
    machine.driver.listen(CAUSE.RXT0.mask)
    assert not machine.nic.interrupt
    machine.card.receive([frame(b"a" * 50, MAC)])
    assert machine.nic.interrupt
    assert machine.driver.acknowledge() & CAUSE.RXT0.mask
    assert not machine.nic.interrupt


def test_a_card_that_stands_still_is_told_of_in_a_sentence(machine: Machine) -> None:
    machine.nic.bus_master = False
    for _ in range(ENTRIES - 1):
        machine.driver.send(frame(b"a" * 50))
    with pytest.raises(DriverError, match="the transmit ring is full"):
        machine.driver.send(frame(b"a" * 50))
