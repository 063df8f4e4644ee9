"""What does the card show in PCI configuration space? The 256 bytes as rows: offset, width, reset value, writable bits.

Intel's Software Developer's Manual §4.1 and §6.3.3 (PCI/PCI-X family), completed from configuration space dumps of real
82540EM parts (revision 02). Rows hold what all models share; what differs (`None` below) comes from the model's own
row. Bytes without a row read 0 and ignore writes. Overlaps are refused at import.
"""

from __future__ import annotations

from typing import NamedTuple

from glassnic.spec.bits import Bits

CONFIG_BYTES = 256
BAR0_BYTES = 0x20000
"""The registers: 128 KB of memory space (§4.1)."""
IO_BYTES = 64
"""The I/O window. §13.2.2 speaks of 32 bytes; real parts decode 64. Only the first 8 mean anything."""


class ConfigField(NamedTuple):
    """One field of configuration space; `reset` None means that the model says it."""

    name: str
    offset: int
    width_bytes: int
    reset: int | None
    writable: int
    clears: int
    section: str


class COMMAND:
    """Table 4-3. It reserves bits 15:10; bit 10 is PCI 2.3's and is kept here, because hypervisors act on it whatever
    the card says: were it to read 0, a guest could set it and never clear it again."""

    IO = Bits(0)
    MEM = Bits(1)
    BM = Bits(2)
    MWI = Bits(4)
    PERR = Bits(6)
    SERR = Bits(8)
    INTX_DISABLE = Bits(10)


class STATUS:
    """The bit of the PCI status register that the card itself moves. INTERRUPT belongs to the same PCI 2.3 pair as COMMAND.INTX_DISABLE."""

    INTERRUPT = Bits(3)


class PMCSR:
    """§6.3.3.4: power management control and status."""

    POWER_STATE = Bits(0, 2)
    PME_EN = Bits(8)
    DATA_SELECT = Bits(9, 4)
    DATA_SCALE = Bits(13, 2)
    PME_STATUS = Bits(15)


class MSI_CONTROL:
    """§4.1.3.1.3: message control; one message, 64-bit address."""

    ENABLE = Bits(0)
    MULTIPLE = Bits(4, 3)
    WIDE = Bits(7)


D0, D3HOT = 0, 3
"""The power states the card has (§6.3.1); D1 and D2 are not supported and a write of them is ignored."""

POWER_DATA = {0: 0x1B, 4: 0x1B}
"""§6.3.3.6, tenths of a watt by Data_Select: D0 consumed and dissipated as a real part shows them; D3's come from the EEPROM
and read 0 here. Data_Scale is 01b for the selections below, 00b for all others (§6.3.3.4)."""
POWER_DATA_SCALED = frozenset({0, 3, 4, 7})

# fmt: off
CONFIG_SPACE = (
    #           name                  offset width reset        writable     clears       section
    ConfigField("VENDOR_ID",           0x00, 2, 0x8086,         0,           0,           "4.1"),
    ConfigField("DEVICE_ID",           0x02, 2, None,           0,           0,           "4.1"),
    ConfigField("COMMAND",             0x04, 2, 0,              0x0557,      0,           "4.1, table 4-3"),
    ConfigField("STATUS",              0x06, 2, 0x0230,         0,           0xF900,      "4.1: capabilities, 66 MHz, medium DEVSEL"),
    ConfigField("REVISION",            0x08, 1, None,           0,           0,           "4.1"),
    ConfigField("CLASS_CODE",          0x09, 3, 0x020000,       0,           0,           "4.1: Ethernet controller"),
    ConfigField("CACHE_LINE_SIZE",     0x0C, 1, 0,              0xFF,        0,           "4.4"),
    ConfigField("LATENCY_TIMER",       0x0D, 1, 0,              0xFF,        0,           "4.1"),
    ConfigField("HEADER_TYPE",         0x0E, 1, 0,              0,           0,           "4.1: one function"),
    ConfigField("BIST",                0x0F, 1, 0,              0,           0,           "4.1: none"),
    ConfigField("BAR0",                0x10, 4, 0,              0xFFFE_0000, 0,           "4.1: registers, 32-bit memory, not prefetchable"),
    ConfigField("BAR1",                0x14, 4, 0,              0,           0,           "4.1: flash; absent, as on boards without one"),
    ConfigField("BAR2",                0x18, 4, 1,              0xFFFF_FFC0, 0,           "4.1, 13.2.2: IOADDR and IODATA, I/O space"),
    ConfigField("SUBSYSTEM_VENDOR_ID", 0x2C, 2, None,           0,           0,           "4.1: from the EEPROM"),
    ConfigField("SUBSYSTEM_ID",        0x2E, 2, None,           0,           0,           "4.1: from the EEPROM"),
    ConfigField("ROM_BASE",            0x30, 4, 0,              0,           0,           "4.1: absent"),
    ConfigField("CAP_PTR",             0x34, 1, 0xDC,           0,           0,           "4.1"),
    ConfigField("INTERRUPT_LINE",      0x3C, 1, 0,              0xFF,        0,           "4.1"),
    ConfigField("INTERRUPT_PIN",       0x3D, 1, 0x01,           0,           0,           "4.1: INTA#"),
    ConfigField("MIN_GNT",             0x3E, 1, 0xFF,           0,           0,           "4.1: a very high load on the bus"),
    ConfigField("MAX_LAT",             0x3F, 1, 0x00,           0,           0,           "4.1"),
    ConfigField("PM_CAP",              0xDC, 2, 0xE401,         0,           0,           "6.3.3.1-2: power management, next E4h"),
    ConfigField("PMC",                 0xDE, 2, 0xC822,         0,           0,           "6.3.3.3: version 2, PME from D0 and D3, no D1 or D2"),
    ConfigField("PMCSR",               0xE0, 2, 0x2000,         0x1F03,      0x8000,      "6.3.3.4"),
    ConfigField("PMCSR_BSE",           0xE2, 1, 0,              0,           0,           "6.3.3.5: not a bridge"),
    ConfigField("PM_DATA",             0xE3, 1, POWER_DATA[0],  0,           0,           "6.3.3.6: by PMCSR.Data_Select"),
    ConfigField("PCIX_CAP",            0xE4, 2, 0xF007,         0,           0,           "4.1.2: PCI-X, next F0h; the manual exempts the 82540EM, real parts show it"),
    ConfigField("PCIX_COMMAND",        0xE6, 2, 0x0002,         0x007F,      0,           "4.1.2.3: relaxed ordering on"),
    ConfigField("PCIX_STATUS",         0xE8, 4, 0x0440_0000,    0,           0x200C_0000, "4.1.2.4"),
    ConfigField("MSI_CAP",             0xF0, 2, 0x0005,         0,           0,           "4.1.3.1.1-2: last of the list"),
    ConfigField("MSI_CONTROL",         0xF2, 2, 0x0080,         0x0071,      0,           "4.1.3.1.3: one message, 64-bit address"),
    ConfigField("MSI_ADDRESS",         0xF4, 4, 0,              0xFFFF_FFFC, 0,           "4.1.3.1.4"),
    ConfigField("MSI_UPPER_ADDRESS",   0xF8, 4, 0,              0xFFFF_FFFF, 0,           "4.1.3.1.5"),
    ConfigField("MSI_DATA",            0xFC, 2, 0,              0xFFFF,      0,           "4.1.3.1.6"),
)
# fmt: on

CONFIG_FIELDS = {field.name: field for field in CONFIG_SPACE}

_taken: set[int] = set()
for _field in CONFIG_SPACE:
    _bytes = set(range(_field.offset, _field.offset + _field.width_bytes))
    assert not _bytes & _taken, f"{_field.name} overlaps another field"
    _taken |= _bytes
