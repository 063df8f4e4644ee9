"""How does software read and write the EEPROM, and what does the card load from it? (§5, §13.4.3, §13.4.4.)

A 93C46 of 64 words hangs on four pins of EECD. It takes a bit from DI at each rising edge of SK while CS is high; a
command begins with CS rising, then a 1. EERD reads a word without the pins.
Rules kept here:
- A falling SK moves nothing, and neither does any edge of SK while CS is low: so drivers go from word to word.
- D15 is on DO after the first rising edge that follows the last address bit; before it, DO is 0, and idle it is 1.
- WRITE and ERASE act when CS falls, only once all their bits came, and only between EWEN and EWDS. They take no time
  here: DO says "ready" as soon as CS rises again.
- REQ is granted at once, and the pins work without it, as on the 82544, which has no such bits.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from glassnic.device.core import Core
from glassnic.device.register_file import RegisterFile
from glassnic.spec.bits import put, take
from glassnic.spec.eeprom_image import (
    CONTROL_3,
    CONTROL_3_WORD,
    ERASED,
    IMAGE,
    IMAGE_BYTES,
    MAC_WORDS,
    SUM,
    SUM_WORD,
    WORDS,
)
from glassnic.spec.fields import EECD, EERD, RAH, WUC
from glassnic.spec.models import Model
from glassnic.spec.registers import R

COMMAND_BITS = 8
"""After the start bit: two of opcode, six of address."""
WORD_BITS = 16


class State(Enum):
    """Where the 93C46 is in a command."""

    STANDBY = auto()
    STARTING = auto()
    COMMAND = auto()
    READING = auto()
    DATA = auto()
    ARMED = auto()
    DONE = auto()


class Event(Enum):
    """What moves it: the pins, or the last bit of a command or of its data."""

    SELECTED = auto()
    DESELECTED = auto()
    ZERO = auto()
    ONE = auto()
    READ = auto()
    WRITE = auto()
    ERASE = auto()
    EWEN = auto()
    EWDS = auto()
    OTHER = auto()
    FULL = auto()


OPCODES = {0b10: Event.READ, 0b01: Event.WRITE, 0b11: Event.ERASE}
EXTENDED = {0b11: Event.EWEN, 0b00: Event.EWDS}
"""Opcode 00 goes by the two highest address bits. Its other two commands write all words: not done, no driver asks."""


class Eeprom:
    """64 words and the pins to them. `changed`: a word was programmed; whoever saves the image sets it back."""

    def __init__(self, core: Core, image: bytes | None, mac: bytes | None) -> None:
        """`image`: 128 bytes, words little endian, taken as it is; None: a new one. `mac`: 6 bytes to put in, or None.

        Raises ValueError for an image of another size.
        """
        if image is not None and len(image) != IMAGE_BYTES:
            raise ValueError(f"an EEPROM image has {IMAGE_BYTES} bytes, this one has {len(image)}")
        self.core = core
        self.words = _words(image) if image is not None else fresh_words(core.model, core.traits.blank_word)
        if mac is not None:
            self.words[:MAC_WORDS] = _words(mac)
            self.words[SUM_WORD] = (SUM - sum(self.words[:SUM_WORD])) & 0xFFFF
        self.changed = False
        self._state = State.STANDBY
        self._selected = self._clock = 0
        self._di, self._do = 0, 1
        self._shifted = self._bits = self._address = 0
        self._writable = False

    def word(self, offset: int) -> int:
        """The word at `offset`, 0 to 63."""
        return self.words[offset]

    def mac(self) -> bytes:
        """The MAC address, as words 00 to 02 hold it."""
        return self.image()[: 2 * MAC_WORDS]

    def image(self) -> bytes:
        """All 64 words, little endian: 128 bytes."""
        return b"".join(word.to_bytes(2, "little") for word in self.words)

    def load(self, registers: RegisterFile) -> None:
        """What the card reads from the EEPROM after a reset: the MAC address (§13.5.3), and WUC.APME (§6.4.1).

        The rest of the control words only stores: the registers' reset values already say what our image would.
        """
        self.write_pins(registers[R.EECD])  # a reset may have let go of the pins
        registers[R.RAL] = self.words[0] | self.words[1] << 16
        registers[R.RAH] = self.words[2] | RAH.AV.mask
        registers[R.WUC] = put(registers[R.WUC], WUC.APME, take(self.words[CONTROL_3_WORD], CONTROL_3.APME))

    # The registers

    def write_eerd(self, value: int) -> None:
        """A write of EERD: with START the word is there at once. A word that does not exist reads 0 (inferred)."""
        answer = value & EERD.ADDR.mask
        if take(value, EERD.START):
            address = take(value, EERD.ADDR)
            answer |= EERD.DONE.mask | (self.words[address] if address < WORDS else 0) << EERD.DATA.lo
        self.core.registers[R.EERD] = answer

    def read_pins(self) -> int:
        """A read of EECD: what was written, and what comes from the other side."""
        stored = self.core.registers[R.EECD] & ~(EECD.DO.mask | EECD.GNT.mask)
        return stored | self._do << EECD.DO.lo | take(stored, EECD.REQ) << EECD.GNT.lo | EECD.PRES.mask

    def write_pins(self, value: int) -> None:
        """A write of EECD: the 93C46 sees the edges."""
        selected, clock = take(value, EECD.CS), take(value, EECD.SK)
        self._di = take(value, EECD.DI)
        if selected != self._selected:
            self._step(Event.SELECTED if selected else Event.DESELECTED)
        if clock > self._clock:
            self._step(Event.ONE if self._di else Event.ZERO)
        self._selected, self._clock = selected, clock

    # The 93C46

    def _step(self, event: Event) -> None:
        """One transition; an event that the table does not name for this state changes nothing."""
        self._state, action = MACHINE.get((self._state, event), (self._state, Eeprom._rest))
        action(self)

    def _rest(self) -> None:
        """Nothing to do."""

    def _idle(self) -> None:
        self._do = 1

    def _begin(self) -> None:
        self._shifted = self._bits = 0

    def _shift_in(self) -> None:
        self._shifted = self._shifted << 1 | self._di
        self._bits += 1
        if self._state is State.COMMAND and self._bits == COMMAND_BITS:
            opcode, self._address = divmod(self._shifted, WORDS)
            self._step(OPCODES.get(opcode) or EXTENDED.get(self._address >> 4, Event.OTHER))
        elif self._state is State.DATA and self._bits == WORD_BITS:
            self._step(Event.FULL)

    def _fetch(self) -> None:
        self._bits = self._do = 0

    def _shift_out(self) -> None:
        """The next bit, highest first; after a word the next one follows, as in most parts of the family (inferred)."""
        word, bit = divmod(self._bits, WORD_BITS)
        self._do = self.words[(self._address + word) % WORDS] >> (WORD_BITS - 1 - bit) & 1
        self._bits = (self._bits + 1) % (WORDS * WORD_BITS)

    def _erase(self) -> None:
        self._shifted = ERASED

    def _program(self) -> None:
        if self._writable:
            self.words[self._address] = self._shifted
            self.changed = True
        self._idle()

    def _enable(self) -> None:
        self._writable = bool(self.core.traits.eeprom_writes)

    def _disable(self) -> None:
        self._writable = False


# fmt: off
MACHINE: dict[tuple[State, Event], tuple[State, Callable[[Eeprom], None]]] = {
    (State.STANDBY,  Event.SELECTED):   (State.STARTING, Eeprom._idle),
    (State.STARTING, Event.ONE):        (State.COMMAND,  Eeprom._begin),
    (State.COMMAND,  Event.ZERO):       (State.COMMAND,  Eeprom._shift_in),
    (State.COMMAND,  Event.ONE):        (State.COMMAND,  Eeprom._shift_in),
    (State.COMMAND,  Event.READ):       (State.READING,  Eeprom._fetch),
    (State.COMMAND,  Event.WRITE):      (State.DATA,     Eeprom._begin),
    (State.COMMAND,  Event.ERASE):      (State.ARMED,    Eeprom._erase),
    (State.COMMAND,  Event.EWEN):       (State.DONE,     Eeprom._enable),
    (State.COMMAND,  Event.EWDS):       (State.DONE,     Eeprom._disable),
    (State.COMMAND,  Event.OTHER):      (State.DONE,     Eeprom._rest),
    (State.READING,  Event.ZERO):       (State.READING,  Eeprom._shift_out),
    (State.READING,  Event.ONE):        (State.READING,  Eeprom._shift_out),
    (State.DATA,     Event.ZERO):       (State.DATA,     Eeprom._shift_in),
    (State.DATA,     Event.ONE):        (State.DATA,     Eeprom._shift_in),
    (State.DATA,     Event.FULL):       (State.ARMED,    Eeprom._rest),
    (State.ARMED,    Event.DESELECTED): (State.STANDBY,  Eeprom._program),
    (State.STARTING, Event.DESELECTED): (State.STANDBY,  Eeprom._idle),
    (State.COMMAND,  Event.DESELECTED): (State.STANDBY,  Eeprom._idle),
    (State.READING,  Event.DESELECTED): (State.STANDBY,  Eeprom._idle),
    (State.DATA,     Event.DESELECTED): (State.STANDBY,  Eeprom._idle),
    (State.DONE,     Event.DESELECTED): (State.STANDBY,  Eeprom._idle),
}
# fmt: on
"""(state, event) -> (next state, what is done)."""


def fresh_words(model: Model, blank: int = ERASED) -> list[int]:
    """A new EEPROM's 64 words for this model, before it is given an address; `blank` where there is nothing to say."""
    words = [blank] * WORDS
    for row in IMAGE:
        words[row.offset] = row.value if isinstance(row.value, int) else getattr(model, row.value)
    return words


def _words(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data), 2)]


def mac_octets(mac: str | bytes | None) -> bytes | None:
    """Six bytes of a MAC address given as bytes or as text with colons."""
    if mac is None or isinstance(mac, bytes):
        return mac
    try:
        octets = bytes(int(part, 16) for part in mac.replace("-", ":").split(":"))
    except ValueError:
        octets = b""
    if len(octets) != 6 or octets[0] & 1:
        raise ValueError(f"{mac!r} is not a station's MAC address: give six hexadecimal octets, the first of them even")
    return octets
