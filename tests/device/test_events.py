"""Does each event of the table happen when it should, and can it be told in its sentence? One short scene for each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from glassnic.device.ports import VNET_LEAD, Frames
from glassnic.driver.descriptors import encode_context, encode_data, encode_legacy
from glassnic.spec import events
from glassnic.spec.events import BY_NUMBER, EVENTS, say
from glassnic.spec.fields import CTRL, RCTL
from glassnic.spec.registers import R
from host_cut import GSO_TCPV4, NEEDS_CSUM, VNET
from programs import Message
from workbench import EN, MAC, RX_ENTRIES, RX_RING, TX_RING, WHOLE, Workbench, frame

pytestmark = pytest.mark.kernel

NOWHERE = 1 << 40
TSO = {"TSE": 1, "HDRLEN": 14, "MSS": 20, "PAYLEN": 40}
BROADCAST = b"\xff" * 6

Scene = Callable[[Workbench], object]


def tag(bench: Workbench) -> None:
    bench.set_bits(R.CTRL, CTRL.VME.mask)
    bench.send(frame(), VLE=1, SPECIAL=7)


def refuse(bench: Workbench) -> None:
    bench.nic.bus_master = False
    bench.send(frame())


def read_only_ring(bench: Workbench) -> None:
    bench.lay(bench.data(frame(), RS=1, **WHOLE))
    bench.memory.ranges[0, 2] = 0
    bench.give()


def without_padding(bench: Workbench) -> None:
    bench.write(R.TCTL, EN)
    bench.send(frame(20))


def segment(bench: Workbench, length: int, **wrong: int) -> None:
    bench.load(**(TSO | wrong))
    bench.send(frame(length), TSE=1)


def receive(bench: Workbench, data: bytes = frame(60, MAC), *, given: int = RX_ENTRIES - 1, count: int = 1) -> None:
    bench.open_receive(0)
    bench.write(R.RDT, given)
    bench.write(R.RCTL, RCTL.EN.mask | RCTL.BAM.mask | RCTL.SECRC.mask)
    bench.receive([data] * count)


def receive_pause(bench: Workbench) -> None:
    bench.set_bits(R.CTRL, CTRL.RFCE.mask)
    receive(bench, bytes.fromhex("0180c2000001") + MAC + bytes.fromhex("880800010007") + bytes(42))


def receive_whole(bench: Workbench) -> None:
    bench.open_receive()
    packet = Message(False, True, bytes(1000), 0).encode()
    packet = MAC + packet[6:]
    lead = VNET.pack(NEEDS_CSUM, GSO_TCPV4, 54, 500, 34, 16)
    bench.nic.receive(Frames.joined([lead + packet], VNET_LEAD))


def receive_nowhere(bench: Workbench, *, ring: bool) -> None:
    bench.open_receive(0)
    if ring:
        bench.write(R.RDBAH, 0x100)
    else:
        bench.memory.write(RX_RING, NOWHERE.to_bytes(8, "little"))
    bench.write(R.RCTL, RCTL.EN.mask | RCTL.BAM.mask)
    bench.receive([frame(60, BROADCAST)])


SCENES: dict[int, Scene] = {
    events.TURN: lambda bench: bench.send(frame()),
    events.RESET: lambda bench: bench.reset(),
    events.LINK: lambda bench: bench.nic.set_link(False),
    events.REGISTER_UNKNOWN: lambda bench: bench.nic.read(0xC),
    events.DMA_REFUSED: refuse,
    events.RING_MISLAID: lambda bench: bench.write(R.TDLEN, 100),
    events.HEAD_MOVED: lambda bench: bench.write(R.TDH, 1),
    events.TX_CONTEXT: lambda bench: bench.load(TUCSS=14),
    events.TX_DESCRIPTOR: lambda bench: bench.send(frame()),
    events.TX_FRAME: lambda bench: bench.send(frame()),
    events.TX_SUM: lambda bench: (bench.load(TUCSS=14, TUCSO=20), bench.send(frame(), TXSM=1)),
    events.TX_TAG: tag,
    events.TX_PAD: lambda bench: bench.send(frame(20)),
    events.TX_PROTOTYPE: lambda bench: segment(bench, 54),
    events.TX_RING_ODD: lambda bench: bench.write(R.TDT, 0xFFFF),
    events.TX_RING_OUTSIDE: lambda bench: (bench.write(R.TDBAH, 1), bench.send(frame())),
    events.TX_BUFFER_OUTSIDE: lambda bench: bench.give(encode_data(NOWHERE, 60, **WHOLE)),
    events.TX_RESERVED: lambda bench: bench.send(frame(), DTYP=5),
    events.TX_CONTEXT_INSIDE: lambda bench: bench.give(bench.data(frame()), encode_context()),
    events.TX_MIXED: lambda bench: bench.give(bench.data(frame()), encode_legacy(0, 0)),
    events.TX_TSE_MIXED: lambda bench: bench.give(bench.data(frame()), encode_data(0, 0, TSE=1)),
    events.TX_EMPTY: lambda bench: bench.send(b""),
    events.TX_RUNT: without_padding,
    events.TX_TOO_LONG: lambda bench: bench.send(frame(16384)),
    events.TX_SUM_OUTSIDE: lambda bench: bench.send_legacy(frame(), IC=1, CSS=90, CSO=90),
    events.TX_SEGMENTATION_IMPOSSIBLE: lambda bench: segment(bench, 54, MSS=0),
    events.TX_PAYLEN_UNMET: lambda bench: segment(bench, 44),
    events.TX_PAYLEN_EXCEEDED: lambda bench: segment(bench, 64),
    events.TX_HEADER_SHORT: lambda bench: segment(bench, 10),
    events.TX_BAD_FCS: lambda bench: bench.send(frame(), IFCS=0),
    events.TX_UNLOADED: lambda bench: bench.send(frame(), TXSM=1),
    events.TX_WRITE_BACK_OUTSIDE: read_only_ring,
    events.TX_HEADER_FIELD_OUTSIDE: lambda bench: segment(bench, 54, IP=1, TCP=1, IPCSS=14, TUCSS=34),
    events.RX_FRAME: receive,
    events.RX_DESCRIPTOR: receive,
    events.RX_FILTERED: lambda bench: receive(bench, frame(60)),
    events.RX_NO_BUFFER: lambda bench: receive(bench, given=0),
    events.RX_MISSED: lambda bench: receive(bench, frame(1500, MAC), given=0, count=100),
    events.RX_BAD: lambda bench: receive(bench, frame(4000, MAC)),
    events.RX_PAUSE: receive_pause,
    events.RX_SIZE_RESERVED: lambda bench: bench.write(R.RCTL, RCTL.BSEX.mask),
    events.RX_WAITS: lambda bench: receive(bench, given=0),
    events.RX_CUT: receive_whole,
    events.RX_RING_OUTSIDE: lambda bench: receive_nowhere(bench, ring=True),
    events.RX_BUFFER_OUTSIDE: lambda bench: receive_nowhere(bench, ring=False),
    events.RX_DISABLED: lambda bench: bench.receive([frame(60, MAC)]),
    events.RX_RING_ODD: lambda bench: receive(bench, given=0xFFFF),
}


TOLD: dict[int, str] = {
    events.TURN: "a turn begins at 0 ns: TDH 0, TDT 1",
    events.RESET: "the card is reset (cause 1)",
    events.LINK: "link 0, 1000 Mbit/s",
    events.REGISTER_UNKNOWN: "an access to 0xc, where there is no register",
    events.DMA_REFUSED: "there is work in a ring, but bus mastering is off in the PCI command register",
    events.RING_MISLAID: (
        "0x64 is written to the ring register at 0x3808, which keeps 0x0: rings begin at multiples of "
        "16 and are multiples of 128 bytes long"
    ),
    events.HEAD_MOVED: "1 is written to the head at 0x3810 while its ring is enabled",
    events.TX_CONTEXT: "descriptor 0 loads a context",
    events.TX_DESCRIPTOR: "descriptor 0 points at 0x10000",
    events.TX_FRAME: "frame 0 leaves with 60 bytes",
    events.TX_SUM: "the sum of bytes 14 to 59 is stored at 20: 0x6061 becomes 0xe5ce",
    events.TX_TAG: "a VLAN tag 0x0007 of type 0x8100 is inserted",
    events.TX_PAD: "padded from 20 to 60 bytes",
    events.TX_PROTOTYPE: (
        "the prototype header holds 0x00aaaaaa from IPCSS+2 on, 0xaaaa5254 from TUCSS+4 on, 0xb5 at TUCSS+13"
    ),
    events.TX_RING_ODD: "head 0 or tail 65535 lies beyond the ring of 256",
    events.TX_RING_OUTSIDE: "descriptor 0 at 0x100001000 is outside memory",
    events.TX_BUFFER_OUTSIDE: "the buffer of descriptor 0 at 0x10000000000, 60 bytes, is outside memory",
    events.TX_RESERVED: "descriptor 0 has the reserved type 5",
    events.TX_CONTEXT_INSIDE: "descriptor 1 loads a context in the middle of a packet",
    events.TX_MIXED: "descriptor 1 mixes legacy and extended format in a packet",
    events.TX_TSE_MIXED: "descriptor 1 changes TSE within a packet",
    events.TX_EMPTY: "a packet without bytes ends at descriptor 0: nothing is sent",
    events.TX_RUNT: "the packet that ends at descriptor 0 is too short to send: 20 bytes",
    events.TX_TOO_LONG: "the packet that ends at descriptor 0 has 16384 bytes and exceeds the FIFO's 16304",
    events.TX_SUM_OUTSIDE: (
        "a checksum over bytes 90 to 0, to be stored at 90, does not fit a packet of 60 bytes: not inserted"
    ),
    events.TX_SEGMENTATION_IMPOSSIBLE: "MSS 0 with HDRLEN 14 and PAYLEN 40 cannot be sent",
    events.TX_PAYLEN_UNMET: "the packet ends at descriptor 1 after 30 of PAYLEN's 40 bytes",
    events.TX_PAYLEN_EXCEEDED: "10 bytes beyond PAYLEN 40 are dropped from the packet that ends at descriptor 1",
    events.TX_HEADER_SHORT: (
        "the packet ends at descriptor 1 inside the prototype header, after 10 of HDRLEN's 14 bytes"
    ),
    events.TX_BAD_FCS: (
        "IFCS is off at descriptor 0, and the last four bytes are 0x87868584, not the FCS 0x86cc3eac: "
        "the peer drops the frame"
    ),
    events.TX_UNLOADED: "the packet from descriptor 0 on uses context 0, which was not loaded since the reset",
    events.TX_WRITE_BACK_OUTSIDE: "descriptor 0 cannot be written back: its memory is read only",
    events.TX_HEADER_FIELD_OUTSIDE: "a header field at 48 lies outside the header of 14 bytes: left alone",
    events.RX_FRAME: "the card's frame 0, 60 bytes, is delivered",
    events.RX_DESCRIPTOR: "descriptor 0 takes 60 bytes at 0x3e0000",
    events.RX_FILTERED: "a frame passes no filter",
    events.RX_NO_BUFFER: "a frame finds too few receive descriptors",
    events.RX_MISSED: "a frame of 1504 bytes is lost: no room in the FIFO",
    events.RX_BAD: "a bad frame of 4004 bytes is dropped",
    events.RX_PAUSE: "the partner asks for a pause of 7 quanta",
    events.RX_SIZE_RESERVED: "RCTL 0x2000000 sets BSEX with BSIZE 00, a buffer size that is reserved: 2048 is taken",
    events.RX_WAITS: "a frame of 64 bytes waits in the FIFO behind 0 others, 0 bytes",
    events.RX_CUT: "a packet of 1054 bytes, left whole by the host, is cut into 2 frames at the card's door",
    events.RX_RING_OUTSIDE: "receive descriptor 0 at 0x10000008000 is outside memory",
    events.RX_BUFFER_OUTSIDE: "the buffer of receive descriptor 0 at 0x10000000000 is outside memory",
    events.RX_DISABLED: "a frame arrives while the receiver is disabled or the link is down",
    events.RX_RING_ODD: "head 0 or tail 65535 lies beyond the receive ring of 64",
}
"""The sentence of the last such row in each scene."""


def test_every_event_has_its_scene() -> None:
    assert {BY_NUMBER[number].name for number in SCENES} == {event.name for event in EVENTS}
    assert list(TOLD) == list(SCENES)


@pytest.mark.parametrize("number", SCENES, ids=lambda number: BY_NUMBER[number].name)
def test_an_event_happens_in_its_scene_and_is_told_in_a_sentence(number: int) -> None:
    bench = Workbench()
    before = len(bench.happened(number))
    SCENES[number](bench)
    happened = bench.happened(number)
    assert len(happened) > before
    assert say(BY_NUMBER[number], happened[-1]) == TOLD[number]
    assert all(bench.sentences())


@pytest.mark.parametrize("event", [event for event in EVENTS if event.finding], ids=lambda event: event.name)
def test_what_is_in_order_makes_no_finding(event: events.Event) -> None:
    """A driver that does all things right is not accused of anything."""
    assert event.name not in BLAMELESS.findings()


def blameless() -> Workbench:
    bench = Workbench()
    bench.open_receive()
    bench.load(TUCSS=14, TUCSO=20)
    bench.load(**TSO)
    bench.send(frame(), TXSM=1, RS=1)
    bench.send(frame(54), TSE=1, RS=1)
    bench.send_legacy(frame(), RS=1)
    tag(bench)
    bench.receive([frame(60, MAC)] * 10)
    return bench


BLAMELESS = blameless()


def test_the_columns_of_an_event_are_what_their_names_say() -> None:
    bench = Workbench()
    bench.load(TUCSS=14, TUCSO=20)
    bench.send(frame(100), TXSM=1)
    (serial, length, _), (place, address, _) = (
        bench.happened(events.TX_FRAME)[0],
        bench.happened(events.TX_DESCRIPTOR)[0],
    )
    assert (serial, length, place) == (0, 100, 1)
    assert bench.memory.read(address, 100) == frame(100)
    (summed, stored_at, change) = bench.happened(events.TX_SUM)[0]
    assert (summed >> 32, summed & 0xFFFF_FFFF, stored_at) == (14, 99, 20)
    assert change >> 16 == int.from_bytes(frame(100)[20:22], "big")
    assert change & 0xFFFF == int.from_bytes(bench.frames[0][20:22], "big")
    bench.write(R.TDBAH, 1)
    bench.send(frame())
    assert bench.happened(events.TX_RING_OUTSIDE) == [(2, (1 << 32) + TX_RING + 32, 0)]
