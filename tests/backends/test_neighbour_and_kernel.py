"""Does a real network stack take the neighbour for a host? The kernel's own, over a TAP in a network namespace."""

from __future__ import annotations

import fcntl
import select
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from backends.far import PATIENCE_S, octets, private_network
from glassnic.backends import BackendError
from glassnic.backends.neighbour import Neighbour
from glassnic.backends.tap import Tap
from glassnic.device.ports import LENGTH_LEAD, Frames

NAME = "glasstap1"
SIOCSIFADDR, SIOCSIFNETMASK = 0x8916, 0x891C


@pytest.fixture
def tap() -> Iterator[Tap]:
    with private_network():
        conf = Path("/proc/sys/net/ipv6/conf/default")
        for knob, value in {"disable_ipv6": 0, "accept_dad": 0, "router_solicitation_delay": 0, "accept_ra": 2}.items():
            (conf / knob).write_text(str(value))
        try:
            backend = Tap(NAME, LENGTH_LEAD)
        except BackendError as error:
            pytest.skip(str(error))
        yield backend
        backend.close()


def give_address(address: str, mask: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for request, value in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, mask)):
            where = struct.pack("16sHH4s16x", NAME.encode(), socket.AF_INET, 0, IPv4Address(value).packed)
            fcntl.ioctl(control, request, where)


def pump_until_readable(tap: Tap, neighbour: Neighbour, asked: socket.socket) -> None:
    """Carry frames between kernel and neighbour till the answer is there."""
    while asked not in (ready := select.select([tap, asked], [], [], PATIENCE_S)[0]):
        assert ready, "nothing moves any more"
        for frame in octets(tap.receive()):
            tap.send(Frames.of(neighbour.answer(frame)))


def test_the_kernel_finds_it_by_arp_and_gets_its_echo(tap: Tap) -> None:
    give_address("10.0.2.15", "255.255.255.0")
    neighbour = Neighbour()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.sendto(b"hello", ("10.0.2.2", 7))
        pump_until_readable(tap, neighbour, asked)
        assert asked.recvfrom(100) == (b"hello", ("10.0.2.2", 7))
    assert (neighbour.wrong_sums, neighbour.malformed) == (0, 0)


def test_the_kernel_gives_itself_an_address_by_its_advertisement_and_gets_its_echo(tap: Tap) -> None:
    neighbour = Neighbour()
    while "fd00000000000000" not in Path("/proc/net/if_inet6").read_text():
        assert select.select([tap], [], [], PATIENCE_S)[0], "the kernel asks for no router"
        for frame in octets(tap.receive()):
            tap.send(Frames.of(neighbour.answer(frame)))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asked:
        asked.sendto(b"hello", ("fd00::2", 7))
        pump_until_readable(tap, neighbour, asked)
        assert asked.recvfrom(100)[0] == b"hello"
    assert (neighbour.wrong_sums, neighbour.malformed) == (0, 0)
