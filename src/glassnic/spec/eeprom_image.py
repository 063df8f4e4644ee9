"""What does the EEPROM hold? The 64 words of a 93C46 as rows: place, value, meaning, source (§5).

Words without a row are erased. The values are a plausible desktop adapter's, each chosen for what its row says; what the card's
own identity decides is a name: a field of the model's row, or the MAC address. The last word makes the sum come out.
"""

from __future__ import annotations

from typing import NamedTuple

from glassnic.spec.bits import Bits

WORDS = 64
IMAGE_BYTES = 2 * WORDS
ERASED = 0xFFFF
SUM = 0xBABA
"""All 64 words add up to this, modulo 65536; drivers refuse a card whose words do not."""

MAC_WORDS = 3
"""Words 00 to 02: the MAC address, low byte first."""
SUM_WORD = 0x3F


class Word(NamedTuple):
    """One word. `value` is a number, or the field of the model's row that gives it."""

    offset: int
    value: int | str
    meaning: str
    source: str


class _Control3(NamedTuple):
    """Initialization control word 3, 24h."""

    APME: Bits = Bits(10)


CONTROL_3 = _Control3()
CONTROL_3_WORD = 0x24

# fmt: off
IMAGE = (
    #    offset value                  meaning                                                                source
    Word(0x03, 0x0200,                "compatibility: a client's adapter (bit 9), not a server's (bit 10)",   "drivers"),
    Word(0x04, 0xFFFF,                "LEDs that identify the port: none chosen, so the driver's default",    "drivers"),
    Word(0x05, 0x1000,                "version of this image: major 1 (15:12), minor 0",                      "drivers"),
    Word(0x08, 0xA784,                "board number, digits 1 to 4",                                          "drivers"),
    Word(0x09, 0x0806,                "board number, digits 5 and 6, and the dash number",                    "drivers"),
    Word(0x0A, 0x6403,                "control 1: signature 01 (15:14), 32-bit BARs (13), full duplex (10), load both pairs of ids (1:0)", "chapter 5, recalled"),
    Word(0x0B, "subsystem_id",        "PCI subsystem id",                                                     "chapter 5"),
    Word(0x0C, "subsystem_vendor_id", "PCI subsystem vendor id",                                              "chapter 5"),
    Word(0x0D, "device_id",           "PCI device id",                                                        "chapter 5"),
    Word(0x0E, 0x8086,                "PCI vendor id: Intel",                                                 "chapter 5"),
    Word(0x0F, 0x3004,                "control 2: advertise PAUSE (12) and asymmetric PAUSE (13); APM wake-up on the 82544 (2)", "drivers"),
    Word(0x24, 0x0400,                "control 3: APM wake-up enabled (10), WUC.APME's value after a reset",  "6.4.1; drivers"),
)
# fmt: on

assert len({row.offset for row in IMAGE}) == len(IMAGE), "two rows for one word"
assert all(MAC_WORDS <= row.offset < SUM_WORD for row in IMAGE), "a row outside the words that rows may fill"
