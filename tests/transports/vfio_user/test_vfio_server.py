"""Can clients come, be served and go, over a real socket? The listening socket and the connection."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from glassnic.pci.function import BAR0, CONFIG, IO, PciFunction
from glassnic.spec.models import M82540EM
from glassnic.transports.fdsocket import FdSocket
from glassnic.transports.guest_memory import SharedMemory
from glassnic.transports.vfio_user import messages as m
from glassnic.transports.vfio_user.client import Client, GuestRam, RefusedError
from glassnic.transports.vfio_user.server import Connection, Listener, ListenError
from register_ram import ICR, ICS, IMS, RegisterRam
from vfio_talk import VERSION_REQUEST, dma_map, ram, read, wait_for_event, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.sock"


class Served:
    """A register RAM served at a path, one client after another, in a thread."""

    def __init__(self, path: Path) -> None:
        self.nic = RegisterRam()
        self.memory = SharedMemory()
        self.sentences: list[str] = []
        self._listener = Listener(path)
        self._function = PciFunction(self.nic, M82540EM)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            if select.select([self._listener], [], [], 0.02)[0] and (sock := self._listener.accept()):
                connection = Connection(sock, self._function, self.memory)
                while not self._ended.is_set():
                    if select.select([sock], [], [], 0.02)[0] and not connection.readable():
                        break
                    connection.session.update_interrupts()
                self.sentences += connection.session.sentences
                connection.close()


@pytest.fixture
def served(path: Path) -> Iterator[Served]:
    served = Served(path)
    yield served
    served.close()


def test_a_client_starts_as_qemu_does(served: Served, path: Path) -> None:
    with Client(path) as client:
        assert client.version()["max_data_xfer_size"] == 1 << 20
        memory = GuestRam(1 << 20)
        client.map(0, 1 << 20, memory.fd)
        assert [client.region_info(index)[1] for index in range(9)] == [0x20000, 0, 64, 0, 0, 0, 0, 256, 0]
        with pytest.raises(RefusedError):
            client.irq_info(m.ERR)
        assert client.irq_info(m.INTX) == (7, 1)
        assert client.read(CONFIG, 0, 4) == bytes.fromhex("86800e10")
        served.memory.write(0x100, b"from the card")
        assert memory.data[0x100:0x10D] == b"from the card"
        client.reset()
        memory.close()


def test_posted_writes_are_done_before_the_read_behind_them(served: Served, path: Path) -> None:
    with Client(path) as client:
        client.start()
        for value in range(1000):
            client.write_register(0x3818, value)
        assert client.read_register(0x3818) == 999
        assert len(served.nic.accesses) == 1001


def test_the_io_window_and_configuration_space_are_written_in_step(served: Served, path: Path) -> None:
    with Client(path) as client:
        client.start()
        client.write(IO, 0, (0x3818).to_bytes(4, "little"))
        client.write(IO, 4, (7).to_bytes(4, "little"))
        assert client.read(BAR0, 0x3818, 8) == (7).to_bytes(8, "little")


def test_an_interrupt_reaches_the_client(served: Served, path: Path) -> None:
    eventfd = os.eventfd(0)
    with Client(path) as client:
        client.start()
        client.set_irqs(m.INTX, m.ARM, eventfd)
        client.write_register(IMS, 4)
        client.write_register(ICS, 4)
        assert wait_for_event(eventfd) == 1
        assert client.read_register(ICR) == 4
        client.set_irqs(m.INTX, m.UNMASK)
        client.write_register(ICS, 4)
        assert wait_for_event(eventfd) == 1
    os.close(eventfd)


def test_after_a_client_has_left_the_next_is_served(served: Served, path: Path) -> None:
    for _ in range(3):
        with Client(path) as client:
            client.start(None)
            assert client.read_register(8) == 0


def test_a_second_client_waits_until_the_first_has_left(served: Served, path: Path) -> None:
    first = Client(path)
    first.start()
    second = Client(path, timeout_s=0.2)
    with pytest.raises(TimeoutError):
        second.version()
    first.close()
    second.close()
    with Client(path) as third:
        third.start()


def test_dma_maps_in_a_burst_each_find_their_own_file(served: Served, path: Path) -> None:
    """QEMU sends them all before it reads the first reply."""
    fds = [ram(4096) for _ in range(8)]
    for number, fd in enumerate(fds):
        os.write(fd, bytes([number]))
    with Client(path) as client:
        client.version()
        client.send(dma_map(1 << 20, 1 << 20, flags=1))
        for number, fd in enumerate(fds):
            client.send(write(0x3818, bytes(4)))
            client.send(dma_map(number << 32, 4096), [fd])
        client.send(read(8))
        while len(served.memory.ranges) < len(fds):
            pass
        assert [served.memory.data[number << 32] for number in range(8)] == list(range(8))
    for fd in fds:
        os.close(fd)


def test_a_client_that_breaks_the_protocol_is_dropped_with_a_sentence(served: Served, path: Path) -> None:
    with Client(path) as client:
        client.version()
        client.send(bytes(100))
        with pytest.raises(ConnectionError):
            client.region_info(0)
    with Client(path) as client:
        client.start()
    assert len(served.sentences) == 1


def test_a_client_without_shared_memory_is_told_so_and_dropped(served: Served, path: Path) -> None:
    with Client(path) as client:
        client.version()
        with pytest.raises(RefusedError):
            client.map(0, 1 << 20, None)
        with pytest.raises(ConnectionError):
            client.region_info(0)
    with Client(path) as client:
        client.start()
    assert "share=on" in served.sentences[0]


def test_a_client_that_dies_in_mid_message_harms_nobody(served: Served, path: Path) -> None:
    with Client(path) as client:
        client.send(VERSION_REQUEST[:50])
    with Client(path) as client:
        client.start()


def test_a_client_that_sends_and_never_reads_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    connection = Connection(FdSocket(ours), PciFunction(RegisterRam(), M82540EM), SharedMemory())
    theirs.send(VERSION_REQUEST)
    connection.readable()
    while not connection.sock.blocked:
        theirs.send(read(0, 256, CONFIG) * 50)
        assert connection.readable()
    theirs.close()
    assert not connection.writable()
    connection.close()


# The socket file


def test_only_the_user_may_connect(path: Path) -> None:
    listener = Listener(path)
    assert path.stat().st_mode & 0o777 == 0o600
    listener.close()


def test_the_socket_file_goes_when_the_card_does(path: Path) -> None:
    Listener(path).close()
    assert not path.exists()


def test_a_socket_file_left_behind_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    listener = Listener(path)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    listener.close()


def test_a_socket_that_somebody_listens_on_is_left_alone(path: Path) -> None:
    first = Listener(path)
    with pytest.raises(ListenError, match="--socket"):
        Listener(path)
    assert path.exists()
    first.close()


def test_a_file_that_is_no_socket_is_left_alone(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(ListenError, match="a file of that name"):
        Listener(path)
    assert path.read_text() == "precious"


def test_a_socket_file_that_is_anothers_by_now_is_left_alone(path: Path) -> None:
    first = Listener(path)
    path.unlink()
    second = Listener(path)
    first.close()
    assert path.exists()
    second.close()


@pytest.mark.parametrize(
    "path", [Path("/nowhere/at/all/card.sock"), Path("/proc/card.sock"), Path("/tmp/" + "x" * 200)]
)
def test_a_place_where_nobody_can_listen_has_its_sentence(path: Path) -> None:
    with pytest.raises(ListenError, match="cannot listen on"):
        Listener(path)
