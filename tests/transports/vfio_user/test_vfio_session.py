"""Does the card answer each vfio-user message as QEMU expects, and refuse each broken one without harm?"""

from __future__ import annotations

import errno
import itertools
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.pci.function import BAR0, CONFIG, IO, PciFunction
from glassnic.spec.models import M82540EM
from glassnic.transports.guest_memory import SharedMemory
from glassnic.transports.vfio_user import messages as m
from glassnic.transports.vfio_user.messages import ACCESS, HEADER, Command
from glassnic.transports.vfio_user.session import MAX_SENTENCES, Session
from register_ram import RegisterRam
from vfio_talk import (
    QEMU_CAPABILITIES,
    VERSION_REQUEST,
    dma_map,
    dma_unmap,
    is_open,
    one,
    ram,
    read,
    replies,
    set_irqs,
    write,
)

MIB = 1 << 20


def refusal(run: bytes) -> int:
    """The errno of the one error reply, which is a header alone."""
    (reply,) = replies(run)
    assert reply.flags == m.REPLY | m.ERROR
    assert reply.payload == b""
    return reply.errno


# VERSION


def test_version_is_answered_with_capabilities_that_end_in_nul(fresh: Session) -> None:
    payload = one(fresh.receive(VERSION_REQUEST))
    assert payload[:4] == bytes(4)
    assert payload.endswith(b"}\0")
    assert json.loads(payload[4:-1])["capabilities"]["max_msg_fds"] == 8


def test_multiple_writes_are_not_offered(fresh: Session) -> None:
    """QEMU would send every message through its queue."""
    assert b"write_multiple" not in fresh.receive(VERSION_REQUEST)


@pytest.mark.parametrize("text", [b"", b"\0", b"{}\0", b'{"capabilities": {}}\0', QEMU_CAPABILITIES])
def test_the_version_reply_is_never_longer_than_the_request(fresh: Session, text: bytes) -> None:
    request = m.pack(0, Command.VERSION, m.VERSION.pack(0, 0) + text)
    answer = fresh.receive(request)
    assert len(answer) <= len(request)
    payload = one(answer)
    assert payload[4:] == b"" or payload.endswith(b"\0")


def test_another_major_version_ends_the_conversation(fresh: Session) -> None:
    assert refusal(fresh.receive(m.pack(0, Command.VERSION, m.VERSION.pack(1, 0)))) == errno.ENOTSUP
    assert fresh.ended
    assert fresh.sentences


def test_nothing_can_be_asked_before_version(fresh: Session) -> None:
    assert refusal(fresh.receive(read(8))) == errno.EINVAL
    assert fresh.ended


# Information


def test_the_device_is_a_resettable_pci_function_with_nine_regions_and_five_interrupts(session: Session) -> None:
    request = m.pack(3, Command.GET_INFO, m.DEVICE_INFO.pack(16, 0, 0, 0))
    assert m.DEVICE_INFO.unpack(one(session.receive(request))) == (16, 3, 9, 5)


@pytest.mark.parametrize(("index", "flags", "size"), [(0, 3, 0x20000), (1, 0, 0), (2, 3, 64), (6, 0, 0), (7, 3, 256)])
def test_each_region_tells_its_size_and_none_can_be_mapped(session: Session, index: int, flags: int, size: int) -> None:
    request = m.pack(3, Command.GET_REGION_INFO, m.REGION_INFO.pack(32, 0, index, 0, 0, 0))
    assert m.REGION_INFO.unpack(one(session.receive(request))) == (32, flags, index, 0, size, 0)


def test_a_region_beyond_the_last_is_refused(session: Session) -> None:
    request = m.pack(3, Command.GET_REGION_INFO, m.REGION_INFO.pack(32, 0, 9, 0, 0, 0))
    assert refusal(session.receive(request)) == errno.EINVAL


def test_intx_is_maskable_and_masks_itself(session: Session) -> None:
    request = m.pack(3, Command.GET_IRQ_INFO, m.IRQ_INFO.pack(16, 0, m.INTX, 0))
    assert m.IRQ_INFO.unpack(one(session.receive(request))) == (16, 7, m.INTX, 1)


def test_msi_has_one_vector(session: Session) -> None:
    request = m.pack(3, Command.GET_IRQ_INFO, m.IRQ_INFO.pack(16, 0, m.MSI, 0))
    assert m.IRQ_INFO.unpack(one(session.receive(request)))[3] == 1


def test_the_error_interrupt_is_refused_without_a_word(session: Session) -> None:
    """A count of 0 would draw a warning from QEMU; an error does not. It asks at each start."""
    request = m.pack(3, Command.GET_IRQ_INFO, m.IRQ_INFO.pack(16, 0, m.ERR, 0))
    assert refusal(session.receive(request)) == errno.EINVAL
    assert session.sentences == []


# Accesses


def test_a_register_read_repeats_the_question_before_the_data(session: Session, nic: RegisterRam) -> None:
    nic.registers[8] = 0x8000_0783
    (reply,) = replies(session.receive(read(8, message_id=0xBA)))
    assert (reply.message_id, reply.command, reply.flags) == (0xBA, Command.REGION_READ, m.REPLY)
    assert reply.payload == ACCESS.pack(8, 0, 4) + bytes.fromhex("83 07 00 80")


@pytest.mark.parametrize("command", [7, 0], ids=["decoding", "not decoding"])
@pytest.mark.parametrize(("offset", "length"), [(0, 4), (8, 4), (0x1FFFC, 4), (0x20000, 4), (9, 4), (8, 2), (8, 8)])
def test_the_short_way_of_a_register_read_gives_what_the_general_way_does(
    session: Session, nic: RegisterRam, command: int, offset: int, length: int
) -> None:
    nic.registers.update({0: 1, 8: 0x8000_0783, 0xC: 0xFFFF_FFFF, 0x1FFFC: 3})
    session.function.write(CONFIG, 4, bytes([command, 0]))
    question = ACCESS.pack(offset, BAR0, length)
    longer = m.pack(5, Command.REGION_READ, question + b"\0")  # only a message of the usual size goes the short way
    assert session.receive(m.pack(5, Command.REGION_READ, question)) == session.receive(longer)


def test_a_posted_write_is_done_and_never_answered(session: Session, nic: RegisterRam) -> None:
    assert session.receive(write(0xD8, b"\xff\xff\xff\xff")) == b""
    assert nic.accesses == [("write", 0xD8, 0xFFFF_FFFF)]


def test_a_posted_write_is_not_even_answered_with_an_error(session: Session) -> None:
    assert session.receive(write(0x20000, bytes(4))) == b""
    assert session.receive(m.pack(1, 99, b"", m.NO_REPLY)) == b""


def test_a_synchronous_write_is_answered(session: Session, nic: RegisterRam) -> None:
    assert one(session.receive(write(0, b"\x18\x38\0\0", IO, posted=False))) == ACCESS.pack(0, IO, 4)
    assert nic.ioaddr == 0x3818


def test_an_eight_byte_read_is_one_message(session: Session, nic: RegisterRam) -> None:
    nic.registers.update({0x5400: 0x1200_5452, 0x5404: 0x8000_5634})
    assert one(session.receive(read(0x5400, 8)))[16:] == bytes.fromhex("52 54 00 12 34 56 00 80")


def test_configuration_space_is_read_in_one_go(session: Session) -> None:
    assert one(session.receive(read(0, 256, CONFIG)))[16:20] == bytes.fromhex("86 80 0e 10")


@pytest.mark.parametrize(
    "request_",
    [read(0x20000), read(0x1FFFE), read(0, 4, 1), read(0, 1, 6), read(60, 8, 2), read(0, 257), read(0, 4, 99)],
)
def test_an_access_outside_its_region_is_refused_and_the_conversation_goes_on(
    session: Session, request_: bytes
) -> None:
    assert refusal(session.receive(request_)) == errno.EINVAL
    assert not session.ended
    one(session.receive(read(8)))


def test_a_write_whose_count_belies_its_data_is_refused(session: Session, nic: RegisterRam) -> None:
    lie = m.pack(1, Command.REGION_WRITE, ACCESS.pack(0, 0, 8) + bytes(4))
    assert refusal(session.receive(lie)) == errno.EINVAL
    assert nic.accesses == []


def test_multiple_writes_are_understood_though_not_offered(session: Session, nic: RegisterRam) -> None:
    entries = [(0x3818, 0, 4, b"\x05\0\0\0"), (0x2818, 0, 4, b"\x07\0\0\0")]
    body = m.WRITES.pack(len(entries)) + b"".join(m.WRITE_ENTRY.pack(*entry) for entry in entries)
    assert session.receive(m.pack(1, Command.WRITE_MULTI, body, m.NO_REPLY)) == b""
    assert nic.registers == {0x3818: 5, 0x2818: 7}


@pytest.mark.parametrize(("told", "held"), [(1 << 40, 1), (2, 1), (1, 2), (201, 201)])
def test_a_multiple_write_of_impossible_length_writes_nothing(
    session: Session, nic: RegisterRam, told: int, held: int
) -> None:
    body = m.WRITES.pack(told) + m.WRITE_ENTRY.pack(0, 0, 4, bytes(8)) * held
    assert refusal(session.receive(m.pack(1, Command.WRITE_MULTI, body))) == errno.EINVAL
    assert nic.accesses == []


def test_reset_resets_the_card_and_its_configuration(session: Session, nic: RegisterRam) -> None:
    session.receive(write(0x3818, b"\x05\0\0\0"))
    assert one(session.receive(m.pack(1, Command.RESET, b""))) == b""
    assert nic.registers == {}
    assert not nic.bus_master


@pytest.mark.parametrize("command", [0, 6, 11, 12, 14, 16, 17, 18, 99, 0xFFFF])
def test_a_command_that_qemu_never_sends_is_not_supported(session: Session, command: int) -> None:
    assert refusal(session.receive(m.pack(1, command, bytes(64)))) == errno.ENOTSUP
    assert not session.ended


@pytest.mark.parametrize("command", [2, 3, 4, 5, 7, 8, 9, 10, 15])
def test_a_message_too_short_for_its_command_is_refused(session: Session, command: int) -> None:
    assert refusal(session.receive(m.pack(1, command, b"\0" * 4))) == errno.EINVAL
    assert not session.ended


# Memory


def test_memory_is_mapped_and_its_descriptor_closed(session: Session, memory: SharedMemory) -> None:
    fd = ram()
    assert one(session.receive(dma_map(0, MIB), [fd])) == b""
    assert memory.ranges.tolist() == [[0, MIB, 1]]
    assert not is_open(fd)


def test_unmapping_echoes_the_question(session: Session, memory: SharedMemory) -> None:
    session.receive(dma_map(0, MIB), [ram()])
    assert one(session.receive(dma_unmap(0, MIB))) == m.DMA_UNMAP.pack(24, 0, 0, MIB)
    assert memory.ranges.shape == (0, 3)


def test_everything_may_be_unmapped_at_once(session: Session, memory: SharedMemory) -> None:
    session.receive(dma_map(0, MIB), [ram()])
    session.receive(dma_map(1 << 32, MIB), [ram()])
    one(session.receive(dma_unmap(0, 0, m.UNMAP_ALL)))
    assert memory.ranges.shape == (0, 3)


def test_unmapping_with_a_dirty_page_bitmap_is_not_supported(session: Session) -> None:
    assert refusal(session.receive(dma_unmap(0, MIB, 1))) == errno.ENOTSUP


def test_a_rom_comes_without_a_descriptor_and_is_taken(session: Session) -> None:
    assert one(session.receive(dma_map(0xC0000, 0x20000, flags=1))) == b""


def test_ram_without_a_descriptor_ends_it_with_the_sentence_that_names_share_on(session: Session) -> None:
    assert refusal(session.receive(dma_map(0, MIB))) == errno.EINVAL
    assert session.ended
    assert "share=on" in session.sentences[0]


def test_a_refused_mapping_closes_its_descriptor_too(session: Session) -> None:
    fd = ram()
    assert refusal(session.receive(dma_map(0, 2 * MIB), [fd])) == errno.EINVAL
    assert not is_open(fd)
    assert not session.ended


# Framing


CONVERSATION = (
    VERSION_REQUEST,
    write(4, b"\x07\0", CONFIG, posted=False),
    write(0x3818, b"\x05\0\0\0"),
    read(0x3818, message_id=77),
    m.pack(3, Command.GET_INFO, m.DEVICE_INFO.pack(16, 0, 0, 0)),
    read(0x20000),
    write(0x3818, b"\x06\0\0\0"),
    read(0x3818, message_id=78),
)


def told(chunks: list[bytes]) -> bytes:
    """All replies to a stream cut into these chunks."""
    session = Session(PciFunction(RegisterRam(), M82540EM), SharedMemory())
    run = b"".join(session.receive(chunk) for chunk in chunks)
    session.close()
    return run


def test_messages_split_byte_by_byte_are_answered_all_the_same() -> None:
    stream = b"".join(CONVERSATION)
    assert told([bytes([byte]) for byte in stream]) == told(list(CONVERSATION))


def test_messages_glued_together_are_answered_in_order() -> None:
    assert told([b"".join(CONVERSATION)]) == told(list(CONVERSATION))


@given(st.lists(st.integers(0, len(b"".join(CONVERSATION)))))
def test_how_a_stream_is_cut_does_not_matter(cuts: list[int]) -> None:
    stream = b"".join(CONVERSATION)
    places = [0, *sorted(cuts), len(stream)]
    chunks = [stream[start:end] for start, end in itertools.pairwise(places)]
    assert told(chunks) == told(list(CONVERSATION))


def test_message_ids_are_repeated_whatever_they_are(session: Session) -> None:
    """QEMU counts them over all its devices: a new connection does not begin at 0."""
    for message_id in (0xFFFF, 0, 7, 7):
        assert replies(session.receive(read(8, message_id=message_id)))[0].message_id == message_id


@pytest.mark.parametrize("size", [0, 15, m.MAX_MESSAGE_BYTES + 1, 0xFFFF_FFFF])
def test_a_message_of_impossible_size_ends_the_conversation(session: Session, size: int) -> None:
    assert session.receive(HEADER.pack(1, Command.REGION_READ, size, 0, 0)) == b""
    assert session.ended
    assert str(size) in session.sentences[0]


@pytest.mark.parametrize("flags", [m.REPLY, m.REPLY | m.ERROR, 2, 15])
def test_a_reply_to_what_was_never_asked_ends_the_conversation(session: Session, flags: int) -> None:
    assert session.receive(m.pack(1, Command.DMA_READ, bytes(16), flags)) == b""
    assert session.ended


def test_after_the_end_nothing_more_is_done(session: Session, nic: RegisterRam) -> None:
    answer = session.receive(dma_map(0, MIB) + write(0x3818, b"\x05\0\0\0") + read(8))
    assert len(replies(answer)) == 1
    assert nic.accesses == []


def test_complaints_about_one_client_are_few(session: Session) -> None:
    for _ in range(100):
        session.receive(dma_map(1, 1))
    assert len(session.sentences) == MAX_SENTENCES


# Anything at all


@given(st.lists(st.binary(max_size=80), max_size=20), st.booleans())
def test_no_bytes_can_make_it_raise(chunks: list[bytes], begun: bool) -> None:
    session = Session(PciFunction(RegisterRam(), M82540EM), SharedMemory())
    if begun:
        session.receive(VERSION_REQUEST)
    for chunk in chunks:
        session.receive(chunk)
    session.close()


@given(st.lists(st.tuples(st.integers(0, 18), st.binary(max_size=64), st.sampled_from([0, m.NO_REPLY]))))
def test_every_well_framed_message_gets_its_one_reply_or_none(messages: list[tuple[int, bytes, int]]) -> None:
    session = Session(PciFunction(RegisterRam(), M82540EM), SharedMemory())
    session.receive(VERSION_REQUEST)
    for number, (command, payload, flags) in enumerate(messages):
        if session.ended:
            break
        found = replies(session.receive(m.pack(number, command, payload, flags)))
        expected = [] if flags & m.NO_REPLY else [(number, command)]
        assert [(reply.message_id, reply.command) for reply in found] == expected
    session.close()


MESSAGES = st.sampled_from(
    [
        *(set_irqs(flags, index) for flags in (m.ARM, m.RESAMPLE, m.UNMASK, m.DISABLE) for index in range(3)),
        *(dma_map(page << 12, 4096 << size) for page in (0, 1, 4) for size in range(3)),
        *(dma_unmap(page << 12, 4096 << size) for page in (0, 1) for size in range(2)),
        read(8),
        write(0x3818, bytes(4)),
        m.pack(1, Command.RESET, b""),
        bytes(7),
    ]
)


@given(st.lists(st.tuples(MESSAGES, st.integers(0, 3), st.booleans()), max_size=30))
def test_whatever_happens_no_descriptor_is_left_open(steps: list[tuple[bytes, int, bool]]) -> None:
    before = set(os.listdir("/proc/self/fd"))
    session = Session(PciFunction(RegisterRam(), M82540EM), SharedMemory())
    session.receive(VERSION_REQUEST)
    for message, count, event in steps:
        session.receive(message, [os.eventfd(0) if event else ram(8192) for _ in range(count)])
        session.update_interrupts()
    session.close()
    assert set(os.listdir("/proc/self/fd")) == before
