"""Is a register read at the counter as it is by the general way? Twins, on random messages; and what waits for whom."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnic.device.nic import Nic
from glassnic.device.ports import FlatMemory
from glassnic.pci.function import BAR0, CONFIG, PciFunction
from glassnic.spec.fields import CAUSE, CTRL, STATUS
from glassnic.spec.registers import R
from glassnic.syscalls import has_come
from glassnic.transports.fdsocket import FdSocket
from glassnic.transports.guest_memory import SharedMemory
from glassnic.transports.vfio_user import messages as m
from glassnic.transports.vfio_user.messages import ACCESS, HEADER, NO_REPLY, Command
from glassnic.transports.vfio_user.server import Connection

pytestmark = pytest.mark.kernel
REGISTERS = (R.STATUS, R.ICR, R.IMS, R.IMC, R.TDT, R.RDT, R.TDT, R.CTRL, R.RAL, R.EERD, R.TDH, R.GPTC, R.TCTL)
OFFSETS = (*(row.offset for row in REGISTERS), 0x1FFFC, 0x20000, 6, 1 << 40)


class Unhurried(PciFunction):
    """One that has every register asked for."""

    @property
    def lookups(self) -> None:
        return None


class Guest:
    """A client with a card to itself, which has negotiated and switched decoding and bus mastering on."""

    def __init__(self, kind: type[PciFunction], profile: str = "manual") -> None:
        self.nic = Nic(FlatMemory(0x4000), profile=profile)
        near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.function = kind(self.nic, self.nic.core.model)
        self.connection = Connection(FdSocket(near), self.function, SharedMemory())
        self.say(m.pack(1, Command.VERSION, m.VERSION.pack(0, 0)))
        self.say(write(CONFIG, 4, 7, flags=0))

    def say(self, data: bytes, fds: tuple[int, ...] = ()) -> bytes:
        """What comes back."""
        socket.send_fds(self.far, [data], fds)
        while has_come(self.connection.sock.fileno()):
            assert self.connection.readable()
        try:
            return self.far.recv(1 << 20, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return b""

    def outcome(self) -> dict[str, object]:
        core, session = self.nic.core, self.connection.session
        return {
            "words": [word for place, word in enumerate(core.registers.words) if place != R.ICR.offset >> 2],
            "causes": (core.interrupts.icr, core.interrupts.ims, core.interrupts.line),
            "doorbells": (self.nic.transmit.doorbells, self.nic.receiver.doorbells),
            "rows": core.recorder.history().tolist(),
            "stirred": session.stirred,
            "sentences": session.sentences,
        }

    def close(self) -> None:
        self.connection.close()
        self.far.close()


@contextmanager
def guest(kind: type[PciFunction] = PciFunction, profile: str = "manual") -> Iterator[Guest]:
    one = Guest(kind, profile)
    try:
        yield one
    finally:
        one.close()


def read(offset: int, count: int = 4, region: int = BAR0, flags: int = 0, number: int = 7) -> bytes:
    return m.pack(number, Command.REGION_READ, ACCESS.pack(offset, region, count), flags)


def write(region: int, offset: int, value: int, count: int = 4, flags: int = NO_REPLY) -> bytes:
    data = value.to_bytes(4, "little")[:count]
    return m.pack(9, Command.REGION_WRITE, ACCESS.pack(offset, region, count) + data, flags)


def posted(offset: int, value: int) -> bytes:
    return write(BAR0, offset, value)


reads = st.builds(
    read,
    st.sampled_from(OFFSETS),
    st.sampled_from([4, 4, 4, 2, 8]),
    st.sampled_from([BAR0, BAR0, CONFIG]),
    st.sampled_from([0, 0, 0, NO_REPLY]),
    st.integers(0, 0xFFFF),
)
writes = st.builds(
    write,
    st.sampled_from([BAR0, BAR0, BAR0, CONFIG]),
    st.sampled_from(OFFSETS),
    st.integers(0, 0xFFFF_FFFF),
    st.sampled_from([4, 4, 4, 2]),
    st.sampled_from([NO_REPLY, NO_REPLY, 0]),
)
OVERTAKEN = st.sampled_from([row.offset for row in (R.IMS, R.IMC, R.TDT, R.RDT)])
CAUSES = st.builds(posted, st.just(R.ICS.offset), st.integers(0, 0xFFFF))
common = (
    CAUSES
    | st.builds(read, st.sampled_from([R.STATUS.offset, R.ICR.offset]) | OVERTAKEN)
    | st.builds(posted, OVERTAKEN, st.integers(0, 0xFFFF))
)
odd = st.just(m.pack(3, Command.GET_INFO, m.DEVICE_INFO.pack(16, 0, 0, 0))) | st.binary(max_size=40).map(
    lambda data: m.pack(4, 77, data)
)
chunks = st.lists(st.lists(common | common | reads | writes | odd, min_size=1, max_size=80).map(b"".join), max_size=5)


@given(said=chunks, cut=st.integers(0, 200), with_fd=st.booleans(), profile=st.sampled_from(["manual", "qemu-11.1"]))
@settings(deadline=None, max_examples=300)
def test_all_is_as_it_would_be_without_a_counter(said: list[bytes], cut: int, with_fd: bool, profile: str) -> None:
    with guest(PciFunction, profile) as quick, guest(Unhurried, profile) as slow, open(os.devnull, "rb") as file:
        fds = (file.fileno(),) if with_fd else ()
        for data in said:
            for piece, along in ((data[:cut], ()), (data[cut:], fds)):
                if piece:
                    assert quick.say(piece, along) == slow.say(piece, along)
        assert quick.outcome() == slow.outcome()


def test_a_read_of_status_is_answered_there_and_what_it_overtook_is_done_after() -> None:
    with guest() as one:
        before = one.nic.read
        one.nic.write(R.CTRL.offset, CTRL.SLU.mask)
        one.nic.write(R.IMS.offset, CAUSE.LSC.mask)
        one.function.read_dword = None  # type: ignore[method-assign, assignment]  # nobody may ask for it
        reply = one.say(posted(R.IMC.offset, 0xFFFF_FFFF) + posted(R.TDT.offset, 5) + read(R.STATUS.offset))
        assert HEADER.unpack_from(reply)[:3] == (7, Command.REGION_READ, m.DWORD_REPLY.size)
        assert reply[-4:] == before(R.STATUS.offset).to_bytes(4, "little")
        assert one.nic.core.interrupts.ims == 0
        assert one.nic.read(R.TDT.offset) == 5
        assert one.connection.session.stirred


def test_a_pause_and_an_engine_that_is_not_loaded_close_the_counter() -> None:
    with guest() as one:
        assert one.function.lookups is not None
        one.nic.ready = False
        assert one.function.lookups is None
        one.nic.ready = True
        one.nic.receiver.pause_until_ns = 1 << 60
        assert one.function.lookups is None
        reply = one.say(read(R.STATUS.offset))
        assert int.from_bytes(reply[-4:], "little") & STATUS.TXOFF.mask


def test_who_leaves_is_missed_after_the_last_answer() -> None:
    with guest() as one:
        one.far.send(read(R.STATUS.offset))
        one.far.shutdown(socket.SHUT_WR)
        assert one.connection.readable()
        assert not one.connection.readable()
        assert len(one.far.recv(100)) == m.DWORD_REPLY.size


def test_descriptors_that_come_behind_a_read_reach_the_message_they_belong_to() -> None:
    with guest() as one:
        file = os.memfd_create("guest")
        os.truncate(file, 0x10000)
        shared = m.DMA_MAP.pack(m.DMA_MAP.size, m.MAP_READ | m.MAP_WRITE, 0, 0x100000, 0x10000)
        reply = one.say(read(R.STATUS.offset) + m.pack(8, Command.DMA_MAP, shared), (file,))
        os.close(file)
        assert len(reply) == m.DWORD_REPLY.size + HEADER.size
        assert one.connection.session.memory.ranges.tolist() == [[0x100000, 0x110000, 1]]


def test_a_client_that_takes_no_answers_gets_them_all_in_order_when_it_does() -> None:
    with guest() as one:
        sent = 0
        while not one.connection.sock.blocked:
            one.far.send(b"".join(read(R.STATUS.offset, number=sent + index) for index in range(32)))
            sent += 32
            while has_come(one.connection.sock.fileno()) and not one.connection.sock.blocked:
                assert one.connection.readable()
        came = b""
        while len(came) < sent * m.DWORD_REPLY.size:
            came += one.far.recv(1 << 20)
            assert one.connection.writable()
            while has_come(one.connection.sock.fileno()):
                assert one.connection.readable()
        numbers = [m.DWORD_REPLY.unpack_from(came, at)[0] for at in range(0, len(came), m.DWORD_REPLY.size)]
        assert numbers == list(range(sent))
