"""Does a served card work from end to end? A guest over vfio-user, the real card, real backends, one loop."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from glassnic.backends import open_backend
from glassnic.bench.engine import LINK_NS
from glassnic.device.interrupts import LONGEST_HANDLING_NS
from glassnic.device.ports import Frames
from glassnic.server.card import TURN_NS
from glassnic.server.pace import MANY
from glassnic.spec.registers import R
from glassnic.transports.vfio_user import messages as m
from plugged import (
    CTRL,
    DESCRIPTORS,
    ICR,
    IMS,
    LINK_UP,
    RCTL,
    RDT,
    SET_LINK_UP,
    STATUS,
    TCTL,
    TDT,
    Guest,
    Machine,
    frame,
)  # fmt: skip
from vfio_talk import wait_for_event

FCRTH, TFCE, PAUSE = 0x2168, 1 << 28, b"\x88\x08"

pytestmark = pytest.mark.kernel


@pytest.fixture
def machine() -> Iterator[Machine]:
    machine = Machine()
    yield machine
    machine.stop()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.sock"


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[socket.socket]:
    """A listener for `stream:`, as a switch of the user's would be."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(tmp_path / "peer.sock"))
    listener.listen()
    listener.settimeout(60)
    yield listener
    listener.close()


def plugged(machine: Machine, path: Path, net: str = "loopback") -> Guest:
    """A guest with one card, brought up."""
    machine.add(path, open_backend(net))
    machine.start()
    guest = Guest(path)
    guest.bring_up()
    return guest


def read_stream(peer: socket.socket, count: int) -> list[bytes]:
    """That many frames, each behind its length."""
    found: list[bytes] = []
    run = b""
    while len(found) < count:
        run += peer.recv(1 << 16)
        while len(run) >= 4 and len(run) >= 4 + int.from_bytes(run[:4], "big"):
            end = 4 + int.from_bytes(run[:4], "big")
            found.append(run[4:end])
            run = run[end:]
    return found


def test_what_the_guest_sends_comes_back_from_a_loop(machine: Machine, path: Path) -> None:
    guest = plugged(machine, path)
    for first in range(0, 300, 30):
        sent = [frame(number) for number in range(first, first + 30)]
        guest.send(*sent)
        assert [guest.receive() for _ in sent] == sent
    guest.leave()


def test_the_built_in_host_answers_an_arp_request(machine: Machine, path: Path) -> None:
    guest = plugged(machine, path, "host")
    request = bytes.fromhex(
        "ffffffffffff 525400123456 0806 0001 0800 06 04 0001 525400123456 0a00020f 000000000000 0a000202"
    ).ljust(60, b"\0")
    guest.send(request)
    answer = guest.receive()
    assert (answer[:6], answer[12:14], answer[28:32]) == (request[6:12], b"\x08\x06", request[38:42])
    guest.leave()


def test_a_card_that_asks_for_silence_has_it_and_loses_nothing(
    machine: Machine, path: Path, peer: socket.socket
) -> None:
    guest = plugged(machine, path, f"stream:{peer.getsockname()}")
    link, _ = peer.accept()
    write = guest.client.write_register
    write(RDT, 0)
    write(FCRTH, 2048)
    write(CTRL, SET_LINK_UP | TFCE)
    guest.client.read_register(RCTL)
    sent = [frame(number, 1500) for number in range(60)]
    link.sendall(Frames.of(sent[:2]).stream())
    assert read_stream(link, 1)[0][12:14] == PAUSE
    link.sendall(Frames.of(sent[2:]).stream())  # 87,000 bytes, for a FIFO of 48 KB
    for _ in range(10):
        guest.client.read_register(RCTL)
    write(RDT, DESCRIPTORS - 1)
    assert [guest.receive() for _ in sent] == sent
    link.close()
    guest.leave()


def test_a_frame_that_comes_raises_the_interrupt(machine: Machine, path: Path) -> None:
    guest = plugged(machine, path)
    eventfd = os.eventfd(0)
    guest.client.set_irqs(m.INTX, m.ARM, eventfd)
    guest.client.write_register(IMS, 1 << 7)
    guest.send(frame(1))
    assert wait_for_event(eventfd) == 1
    assert guest.client.read_register(ICR) & 1 << 7
    os.close(eventfd)
    guest.leave()


def test_a_guest_that_only_listens_and_is_at_an_interrupt_gets_no_more_meanwhile(
    machine: Machine, path: Path, peer: socket.socket
) -> None:
    guest = plugged(machine, path, f"stream:{peer.getsockname()}")
    link, _ = peer.accept()
    guest.client.write_register(IMS, 1 << 7)
    guest.client.read_register(STATUS)
    sent = [frame(number) for number in range(MANY + 2)]
    begin_ns = time.monotonic_ns()
    link.sendall(Frames.of(sent[:-1]).stream())
    came = [guest.receive() for _ in sent[:-1]]
    link.sendall(Frames.of(sent[-1:]).stream())
    assert [*came, guest.receive()] == sent
    assert time.monotonic_ns() - begin_ns >= LONGEST_HANDLING_NS
    link.close()
    guest.leave()


def test_under_kvm_the_end_of_interrupt_comes_by_descriptor(machine: Machine, path: Path) -> None:
    guest = plugged(machine, path)
    trigger, resample = os.eventfd(0), os.eventfd(0)
    guest.client.set_irqs(m.INTX, m.ARM, trigger)
    guest.client.set_irqs(m.INTX, m.RESAMPLE, resample)
    guest.client.write_register(IMS, 1 << 7)
    guest.send(frame(1))
    for _ in range(3):  # nobody reads ICR: the level stays high, and each end of interrupt fires it again
        assert wait_for_event(trigger) == 1
        os.eventfd_write(resample, 1)
    guest.client.set_irqs(m.INTX, m.RESAMPLE)
    os.close(trigger)
    os.close(resample)
    guest.leave()


def test_two_cards_are_served_by_one_loop_and_kept_apart(machine: Machine, tmp_path: Path) -> None:
    """QEMU initialises its first card fully before it connects to the second."""
    paths = [tmp_path / "one.sock", tmp_path / "two.sock"]
    for path in paths:
        machine.add(path, open_backend("loopback"))
    machine.start()
    guests = [Guest(path) for path in paths]
    for guest in guests:
        guest.bring_up()
    for number in range(20):
        for which, guest in enumerate(guests):
            guest.send(frame(100 * which + number))
    for which, guest in enumerate(guests):
        assert [guest.receive() for _ in range(20)] == [frame(100 * which + number) for number in range(20)]
        guest.leave()


def test_a_slow_peer_holds_the_ring_back_and_loses_nothing(machine: Machine, path: Path, peer: socket.socket) -> None:
    guest = plugged(machine, path, f"stream:{peer.getsockname()}")
    link, _ = peer.accept()
    sent = 0
    while guest.unsent < 50:  # the peer reads nothing: at last the ring stays full
        count = 60 - guest.unsent
        guest.send(*(frame(number, 1500) for number in range(sent, sent + count)))
        sent += count
        time.sleep(0.001)
    found = read_stream(link, sent)
    assert found == [frame(number, 1500) for number in range(sent)]
    assert guest.unsent == 0
    link.close()
    guest.leave()


def test_a_blocked_peer_leaves_the_processor_alone(machine: Machine, path: Path, peer: socket.socket) -> None:
    guest = plugged(machine, path, f"stream:{peer.getsockname()}")
    sent = 0
    while guest.unsent < 50:
        count = 60 - guest.unsent
        guest.send(*(frame(number, 1500) for number in range(sent, sent + count)))
        sent += count
        time.sleep(0.001)
    before = time.process_time_ns()
    time.sleep(0.3)
    assert time.process_time_ns() - before < 100_000_000, "it waits for the peer, it does not ask again and again"
    guest.leave()


def test_frames_from_the_wire_reach_the_guest(machine: Machine, path: Path, peer: socket.socket) -> None:
    guest = plugged(machine, path, f"stream:{peer.getsockname()}")
    link, _ = peer.accept()
    guest.client.read_register(RCTL)  # the receiver is on by now
    sent = [frame(number) for number in range(200)]
    for first in range(0, len(sent), 20):
        link.sendall(Frames.of(sent[first : first + 20]).stream())
        assert [guest.receive() for _ in range(20)] == sent[first : first + 20]
    link.close()
    guest.leave()


def test_a_backend_that_fails_is_one_sentence_and_the_guest_sees_its_cable_pulled(
    machine: Machine, path: Path, peer: socket.socket
) -> None:
    guest = plugged(machine, path, f"stream:{peer.getsockname()}")
    link, _ = peer.accept()
    assert guest.client.read_register(STATUS) & LINK_UP
    link.close()
    while guest.client.read_register(STATUS) & LINK_UP:
        pass
    guest.send(frame(1))
    assert guest.client.read_register(TDT) == 1, "the card goes on"
    assert len(machine.said) == 1
    assert "goes on" in machine.said[0]
    guest.leave()


def test_each_client_finds_the_card_as_after_power_on_but_for_the_eeprom(
    machine: Machine, path: Path, tmp_path: Path
) -> None:
    image = tmp_path / "eeprom"
    card = machine.add(path, open_backend("null"), image)
    card.nic.eeprom.words[5] = 0x1234
    card.nic.eeprom.changed = True
    machine.start()
    for _ in range(3):
        guest = Guest(path)
        assert guest.client.read_register(TDT) == 0
        assert guest.client.read_register(RCTL) == 0
        guest.client.write_register(0x14, 5 << 8 | 1)
        assert guest.client.read_register(0x14) >> 16 == 0x1234
        guest.bring_up()
        guest.send(frame(1))
        guest.leave()
    assert image.read_bytes()[10:12] == b"\x34\x12"


def test_an_eeprom_file_that_cannot_be_written_is_one_sentence(machine: Machine, path: Path) -> None:
    card = machine.add(path, open_backend("null"), Path("/nowhere/eeprom"))
    for _ in range(3):
        card.nic.eeprom.changed = True
        card.engine_ready()
        card.turn(0)
    assert len(machine.said) == 1


def test_the_engine_is_told_how_long_a_turn_may_go_on(machine: Machine, path: Path) -> None:
    card = machine.add(path, open_backend("null"))
    for now_ns in (1, 10**9):
        card.stir()
        card.turn(now_ns)
        assert card.nic.patience == (now_ns + TURN_NS, machine.loop.watches.door_fd)


def test_a_turn_works_the_ring_off_but_ends_sooner_when_a_client_waits(machine: Machine, path: Path) -> None:
    card = machine.add(path, open_backend("null"))
    nic = card.nic
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        machine.loop.watches.wait(60)
        nic.bus_master = True
        for register, value in ((CTRL, SET_LINK_UP), (R.TDLEN.offset, 1 << 16), (TCTL, 2)):
            nic.write(register, value)
        nic.advance(LINK_NS)
        for tail, waits in ((4095, False), (4094, True)):
            if waits:
                client.send(b"x")
            head = nic.transmit.head()
            nic.write(TDT, tail)  # a whole lap, of descriptors that lie nowhere
            card.stir()
            card.turn(time.monotonic_ns() + LINK_NS)
            assert nic.pending == waits
            assert nic.transmit.head() != head


def test_while_the_engine_is_loading_registers_answer_and_rings_wait(machine: Machine, path: Path) -> None:
    card = machine.add(path, open_backend("loopback"))
    card.nic.ready = False
    machine.start()
    guest = Guest(path)
    guest.bring_up()
    guest.send(frame(1))
    before = time.process_time_ns()
    time.sleep(0.2)
    assert time.process_time_ns() - before < 100_000_000, "waiting costs nothing"
    assert guest.unsent == 1
    card.engine_ready()
    machine.loop.wake()
    assert guest.receive() == frame(1)
    guest.leave()


def test_a_client_that_vanishes_while_the_ring_is_full_harms_nobody(machine: Machine, path: Path) -> None:
    for _ in range(5):
        if not machine.loop.workers:
            guest = plugged(machine, path)
        else:
            guest = Guest(path)
            guest.bring_up()
        guest.send(*(frame(number) for number in range(60)))
        guest.leave()
    guest = Guest(path)
    guest.bring_up()
    guest.send(frame(7))
    assert guest.receive() == frame(7)
    guest.leave()


def test_with_bus_mastering_off_nothing_reaches_memory(machine: Machine, path: Path) -> None:
    guest = plugged(machine, path)
    guest.client.write(7, 4, b"\x03\0")
    guest.send(frame(1))
    assert guest.unsent == 1
    guest.client.write(7, 4, b"\x07\0")
    assert guest.receive() == frame(1)
    guest.leave()
