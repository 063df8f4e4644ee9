"""How is a real driver's session recorded, so that it can be had again exactly? A card that writes down all that
happens at its ports.

What makes it exact: the card is given time at a few moments only, each of them written down; it works on a copy of the
guest's memory (`shadow.py`); and frames leave it one by one, none is left for the host to cut. A card that is not
recorded is a plain `Nic` and pays nothing for this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from glassnic.conformance.program import Arrive, Line, Read, ReadIo, Reset, Sent, Wait, Write, WriteIo
from glassnic.conformance.recording import Head, Host, Moment, Pen, Ring
from glassnic.device.nic import Nic
from glassnic.device.ports import NO_FRAMES, NO_OUTLET, Frames, GuestMemory, Inlet, Outlet
from glassnic.device.transmit import BUDGET_DESCRIPTORS
from glassnic.server.shadow import Shadow
from glassnic.spec.bits import take
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, DTYP_CONTEXT, RX, TX_DATA, TX_STATUS_BYTE
from glassnic.spec.fields import RCTL
from glassnic.spec.registers import ALIAS_OF, BY_OFFSET, R, Register

DOORBELLS = frozenset(row.offset for row in (R.TDT, R.TCTL, R.RDT, R.RCTL))
"""What gives descriptors to the card: they lie in memory then."""
WRITTEN = DESCRIPTOR_BYTES // 2
"""Where the half of a receive descriptor begins that the card writes (§3.2.3)."""


class Recorded(Nic):
    """A `Nic` whose ports are recorded, from the first bus reset on."""

    _acting = True
    """True while the card itself acts, and calls its own methods; or is being made."""
    _asleep = _held = _begun = _line = False
    _lead = 0

    def __init__(
        self, pen: Pen, memory: GuestMemory, *, model: str, profile: str, mac: str | None, eeprom: bytes | None
    ) -> None:
        self._pen = pen
        self._shadow = Shadow(memory, self._tell)
        self._clock_ns = 0
        self._out: list[bytes] = []
        self._given: list[int] = []
        self._head = 0
        self._rings: dict[str, Ring] = {}
        super().__init__(self._shadow, model=model, profile=profile, mac=mac, eeprom=eeprom)
        self._how = (model, profile)
        self._acting = False

    # The bus

    @property
    def lookups(self) -> None:
        """See `Nic`. Each access is written down."""
        return None

    def read(self, offset: int) -> int:
        """See `Nic`."""
        if self._acting:
            return super().read(offset)
        with self._act():
            value = super().read(offset)
            self._tell(Read(name_of(offset), value))
        return value

    def write(self, offset: int, value: int) -> None:
        """See `Nic`."""
        if self._acting:
            super().write(offset, value)
            return
        with self._act():
            super().write(offset, value)
            if ALIAS_OF.get(offset, offset) in DOORBELLS:
                self._fetch()
            self._tell(Write(name_of(offset), value))

    def read_io(self, offset: int) -> int:
        """See `Nic`."""
        with self._act():
            value = super().read_io(offset)
            self._tell(ReadIo(offset, value))
        return value

    def write_io(self, offset: int, value: int) -> None:
        """See `Nic`."""
        with self._act():
            super().write_io(offset, value)
            self._fetch()
            self._tell(WriteIo(offset, value))

    def reset(self) -> None:
        """See `Nic`. The recording begins with the first that comes from the bus."""
        if self._acting:
            super().reset()
            return
        with self._act():
            super().reset()
        first, self._begun = not self._begun, True
        if first:
            self._clock_ns = self.now_ns
            self._tell(Head(*self._how, self.eeprom.image()))
        self._shadow.forget()
        self._tell(Reset())
        if first:
            self._tell(Host("cable", self.phy.cable))
            self._tell(Host("master", self.bus_master))
            self._tell(Host("held", self._held))

    # The wire

    def receive(self, frames: Frames | Iterable[bytes | memoryview]) -> None:
        """See `Nic`."""
        taken = tuple(map(bytes, frames))
        if not taken:
            return
        with self._act():
            self._fetch()
            self._tell(Arrive(taken))
            super().receive(taken)
            self._give_back()

    def take_from(self, inlet: Inlet) -> bool:
        """Never: each frame is written down."""
        return False

    def sent(self) -> Frames:
        """See `Nic`."""
        if self._acting:
            return super().sent()
        self._pen.flush()
        out, self._out = self._out, []
        return Frames.of(out, self._lead) if out else NO_FRAMES

    def lead_with(self, lead: int) -> None:
        """See `Nic`. Inside, each frame follows its length: so no send is left whole."""
        self._lead = lead

    # Time

    def advance(self, now_ns: int) -> None:
        """See `Nic`. What is sent is taken at once."""
        now_ns = max(now_ns, self._clock_ns)
        self._acting = True
        self._fetch()
        self._tell(Wait(now_ns - self._clock_ns))
        self._clock_ns = now_ns
        super().advance(now_ns)
        frames = tuple(map(bytes, super().sent()))
        self._give_back()
        if frames:
            self._tell(Sent(frames))
            self._out += frames
        self._acting = False
        self._look_at_line()

    def work(self) -> None:
        """See `Nic`."""
        if self._acting:
            super().work()
        else:
            self.advance(self._clock_ns)

    # What surrounds the card

    def set_link(self, up: bool) -> None:
        """See `Nic`."""
        with self._act():
            super().set_link(up)
            self._tell(Host("cable", up))

    @property
    def transmit_held(self) -> bool:
        """See `Nic`."""
        return self._held

    @transmit_held.setter
    def transmit_held(self, on: bool) -> None:
        if on != self._held:
            with self._act():
                self._held = on
                self._tell(Host("held", on))

    @property
    def outlet(self) -> Outlet:
        """None: each frame is written down."""
        return NO_OUTLET

    @outlet.setter
    def outlet(self, outlet: Outlet) -> None:
        pass

    @property
    def asleep(self) -> bool:
        """See `Nic`."""
        return self._asleep

    @asleep.setter
    def asleep(self, on: bool) -> None:
        if on != self._asleep:
            with self._act():
                self._asleep = on
                self._tell(Host("asleep", on))

    @property
    def bus_master(self) -> bool:
        """See `Nic`."""
        return self.core.bus_master

    @bus_master.setter
    def bus_master(self, on: bool) -> None:
        if on != self.core.bus_master:
            with self._act():
                self.core.bus_master = on
                self._tell(Host("master", on))

    # The recording

    @contextmanager
    def _act(self) -> Iterator[None]:
        """Around all that happens between two turns: the card gets the time that has passed before."""
        if self._acting:
            yield
            return
        if self.now_ns > self._clock_ns:
            self.advance(self.now_ns)
        self._acting = True
        yield
        self._acting = False
        self._look_at_line()

    def _tell(self, moment: Moment | Head) -> None:
        if self._begun:
            self._pen.write(moment)

    def _look_at_line(self) -> None:
        if self.interrupt != self._line:
            self._line = self.interrupt
            self._tell(Line(self._line))

    def _fetch(self) -> None:
        """Take into the copy what the card may read in its next turn: descriptors it was given, and their buffers."""
        registers = self.core.registers
        self._given, self._head = [], registers[R.RDH]
        if self.transmit.pending:
            given = min(BUDGET_DESCRIPTORS, registers[R.TDLEN] // DESCRIPTOR_BYTES)
            self._given = self._fetch_ring("TD", R.TDBAL, self.transmit.head(), registers[R.TDT], given)
            for place in self._given:
                if self._shadow.reaches(place, DESCRIPTOR_BYTES):
                    self._shadow.fetch(*self._buffer(place))
        if take(registers[R.RCTL], RCTL.EN):
            self._fetch_ring("RD", R.RDBAL, self._head, registers[R.RDT], registers[R.RDLEN] // DESCRIPTOR_BYTES)

    def _fetch_ring(self, name: str, low: Register, head: int, tail: int, most: int) -> list[int]:
        """Take in those of the ring's descriptors from head to tail that have changed; the addresses of all."""
        base, high, length = self.core.registers.words[low.offset >> 2 :][:3]
        if (ring := Ring(name, high << 32 | base, length)) != self._rings.get(name):
            self._rings[name] = ring
            self._tell(ring)
        given = _places(ring, head, tail, most)
        stale = set(self._shadow.stale(ring.address, length, DESCRIPTOR_BYTES))
        for place in given:
            if place in stale:
                self._shadow.fetch(place, DESCRIPTOR_BYTES)
        return given

    def _give_back(self) -> None:
        """Hand out what the card has written: the status of what it sent, what it received and where that lies."""
        shadow = self._shadow
        for place in self._given:
            status = place + TX_STATUS_BYTE
            if shadow.reaches(status, 1, True) and shadow.data[status] != shadow.guest.data[status]:
                shadow.give_back(status, 1)
        ring = self._rings.get("RD")
        if ring is None or self._head == self.core.registers[R.RDH]:
            return
        for place in _places(ring, self._head, self.core.registers[R.RDH], ring.length // DESCRIPTOR_BYTES):
            if not shadow.reaches(place, DESCRIPTOR_BYTES, True):
                continue
            address, word = self._quads(place)
            length = take(word, RX.LENGTH)
            if address and length and shadow.reaches(address, length, True):
                shadow.give_back(address, length)
            shadow.give_back(place + WRITTEN, WRITTEN)

    def _buffer(self, place: int) -> tuple[int, int]:
        """Where what a transmit descriptor points at lies; nothing for a context (§3.3.3, §3.3.6, §3.3.7)."""
        address, word = self._quads(place)
        if not take(word, TX_DATA.DEXT):
            return address, take(word, TX_DATA.LENGTH)
        return (place, 0) if take(word, TX_DATA.DTYP) == DTYP_CONTEXT else (address, take(word, TX_DATA.DTALEN))

    def _quads(self, place: int) -> tuple[int, int]:
        octets = self._shadow.data[place : place + DESCRIPTOR_BYTES].tobytes()
        return int.from_bytes(octets[:WRITTEN], "little"), int.from_bytes(octets[WRITTEN:], "little")


def name_of(offset: int) -> str | int:
    """The manual's name of a register, or its offset where there is none."""
    return BY_OFFSET[offset][0] if offset in BY_OFFSET else offset


def _places(ring: Ring, head: int, tail: int, most: int) -> list[int]:
    """Addresses of the descriptors from head up to, not including, tail: one lap at most (§3.2.6, §3.4)."""
    entries = ring.length // DESCRIPTOR_BYTES
    head = head if head < entries else 0
    given = min(tail - head if head <= tail else entries - head + tail, entries, most)
    return [ring.address + (head + index) % entries * DESCRIPTOR_BYTES for index in range(given)]
