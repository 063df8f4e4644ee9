"""What can be touched? Every register of BAR0 as a row: offset, access class, writable bits, reset value, name, section.

Behaviour is elsewhere (the switchboard in `device/nic.py`); what a row says is enough for all registers that only store.
Sections are those of Intel's 8254x Software Developer's Manual; "inferred" marks what no manual page says. Overlaps are
refused at import.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

WINDOW_BYTES = 0x20000
"""BAR0 is a window of 128 KB."""


class Access(Enum):
    """What reading and writing do, stated once."""

    RW = "read/write: the writable bits are stored, the others keep their reset value"
    RO = "read only: a write is ignored"
    WO = "write only: reads 0"
    RC = "read clears: a statistic, read only, sticks at all ones"
    LOW = "low half of a 64-bit statistic: reading clears nothing (§13.7)"
    HIGH = "high half of a 64-bit statistic: reading clears the pair (§13.7)"
    W1C = "write 1 clears"
    W1S = "write 1 sets"


class Register(NamedTuple):
    """One register, or `number` of them `stride` bytes apart."""

    offset: int
    access: Access
    writable: int
    reset: int
    title: str
    section: str
    number: int = 1
    stride: int = 4


RW, RO, WO, RC, LOW, HIGH, W1C, W1S = tuple(Access)
ALL, HALF = 0xFFFF_FFFF, 0xFFFF
CAUSES = 0x0001_FFFF


class R:
    """The registers, by the manual's names."""

    # fmt: off
    # General                       offset   access writable     reset
    CTRL     = Register(0x00000, RW,  0xFFFF_FFFF, 0x0014_0240, "Device control", "13.4.1")
    STATUS   = Register(0x00008, RO,  0,           0x0000_0000, "Device status", "13.4.2")
    EECD     = Register(0x00010, RW,  0x0000_0077, 0x0000_0100, "EEPROM/flash control and data", "13.4.3")
    EERD     = Register(0x00014, RW,  0x0000_FF01, 0,           "EEPROM read", "13.4.4")
    CTRL_EXT = Register(0x00018, RW,  0xFFFF_FFFF, 0,           "Extended device control", "13.4.6")
    FLA      = Register(0x0001C, RW,  0x0000_0037, 0,           "Flash access", "13.4.5")
    MDIC     = Register(0x00020, RW,  0x3FFF_FFFF, 0x1000_0000, "MDI control", "13.4.8")
    FCAL     = Register(0x00028, RW,  ALL,         0x00C2_8001, "Flow control address low", "13.4.9")
    FCAH     = Register(0x0002C, RW,  HALF,        0x0000_0100, "Flow control address high", "13.4.10")
    FCT      = Register(0x00030, RW,  HALF,        0x0000_8808, "Flow control type", "13.4.11")
    VET      = Register(0x00038, RW,  HALF,        0x0000_8100, "VLAN ether type", "13.4.11")
    FCTTV    = Register(0x00170, RW,  HALF,        0,           "Flow control transmit timer value", "13.4.12")
    TXCW     = Register(0x00178, RW,  0xC000_FFFF, 0,           "Transmit configuration word", "13.4.13")
    RXCW     = Register(0x00180, RO,  0,           0,           "Receive configuration word", "13.4.14")
    LEDCTL   = Register(0x00E00, RW,  ALL,         0x0706_8302, "LED control", "13.4.15")
    PBA      = Register(0x01000, RW,  0x0000_007F, 0x0010_0030, "Packet buffer allocation, KB", "13.4.16")

    # Interrupts
    ICR      = Register(0x000C0, W1C, CAUSES,      0,           "Interrupt cause read", "13.4.17")
    ITR      = Register(0x000C4, RW,  HALF,        0,           "Interrupt throttling, 256 ns", "13.4.18")
    ICS      = Register(0x000C8, W1S, CAUSES,      0,           "Interrupt cause set", "13.4.19")
    IMS      = Register(0x000D0, W1S, CAUSES,      0,           "Interrupt mask set/read", "13.4.20")
    IMC      = Register(0x000D8, WO,  CAUSES,      0,           "Interrupt mask clear", "13.4.21")

    # Receive
    RCTL     = Register(0x00100, RW,  0x06DF_B3FE, 0,           "Receive control", "13.4.22")
    ERT      = Register(0x02008, RW,  0x0000_3FFF, 0,           "Early receive threshold", "inferred")
    FCRTL    = Register(0x02160, RW,  0x8000_FFF8, 0,           "Flow control receive threshold low", "13.4.23")
    FCRTH    = Register(0x02168, RW,  0x0000_FFF8, 0,           "Flow control receive threshold high", "13.4.24")
    RDFH     = Register(0x02410, RW,  0x0000_1FFF, 0,           "Receive data FIFO head", "13.8.1")
    RDFT     = Register(0x02418, RW,  0x0000_1FFF, 0,           "Receive data FIFO tail", "13.8.2")
    RDFHS    = Register(0x02420, RW,  0x0000_1FFF, 0,           "Receive data FIFO head saved", "13.8.3")
    RDFTS    = Register(0x02428, RW,  0x0000_1FFF, 0,           "Receive data FIFO tail saved", "13.8.4")
    RDFPC    = Register(0x02430, RW,  0x0000_1FFF, 0,           "Receive data FIFO packet count", "13.8.5")
    RDBAL    = Register(0x02800, RW,  0xFFFF_FFF0, 0,           "Receive descriptor base low", "13.4.25")
    RDBAH    = Register(0x02804, RW,  ALL,         0,           "Receive descriptor base high", "13.4.26")
    RDLEN    = Register(0x02808, RW,  0x000F_FF80, 0,           "Receive descriptor length", "13.4.27")
    RDH      = Register(0x02810, RW,  HALF,        0,           "Receive descriptor head", "13.4.28")
    RDT      = Register(0x02818, RW,  HALF,        0,           "Receive descriptor tail", "13.4.29")
    RDTR     = Register(0x02820, RW,  HALF,        0,           "Receive delay timer, 1.024 us", "13.4.30")
    RXDCTL   = Register(0x02828, RW,  0x013F_3F3F, 0,           "Receive descriptor control", "13.4.46")
    RADV     = Register(0x0282C, RW,  HALF,        0,           "Receive absolute delay, 1.024 us", "13.4.31")
    RSRPD    = Register(0x02C00, RW,  0x0000_0FFF, 0,           "Receive small packet detect", "13.4.32")
    RXCSUM   = Register(0x05000, RW,  0x0000_07FF, 0,           "Receive checksum control", "13.4.47")
    MTA      = Register(0x05200, RW,  ALL,         0,           "Multicast table array", "13.5.1", 128)
    RAL      = Register(0x05400, RW,  ALL,         0,           "Receive address low", "13.5.2", 16, 8)
    RAH      = Register(0x05404, RW,  0x8003_FFFF, 0,           "Receive address high", "13.5.3", 16, 8)
    VFTA     = Register(0x05600, RW,  ALL,         0,           "VLAN filter table array", "13.5.4", 128)

    # Transmit
    TCTL     = Register(0x00400, RW,  0x037F_FFFA, 0,           "Transmit control", "13.4.33")
    TIPG     = Register(0x00410, RW,  0x3FFF_FFFF, 0x0060_2008, "Transmit inter packet gap", "13.4.34")
    TBT      = Register(0x00448, RW,  ALL,         0,           "Transmit burst timer", "inferred")
    AIT      = Register(0x00458, RW,  HALF,        0,           "Adaptive IFS throttle", "13.4.35")
    TXDMAC   = Register(0x03000, RW,  0x0000_0001, 0,           "Transmit DMA control", "13.4.42")
    TDFH     = Register(0x03410, RW,  0x0000_1FFF, 0,           "Transmit data FIFO head", "13.8.6")
    TDFT     = Register(0x03418, RW,  0x0000_1FFF, 0,           "Transmit data FIFO tail", "13.8.7")
    TDFHS    = Register(0x03420, RW,  0x0000_1FFF, 0,           "Transmit data FIFO head saved", "13.8.8")
    TDFTS    = Register(0x03428, RW,  0x0000_1FFF, 0,           "Transmit data FIFO tail saved", "13.8.9")
    TDFPC    = Register(0x03430, RW,  0x0000_1FFF, 0,           "Transmit data FIFO packet count", "13.8.10")
    TDBAL    = Register(0x03800, RW,  0xFFFF_FFF0, 0,           "Transmit descriptor base low", "13.4.36")
    TDBAH    = Register(0x03804, RW,  ALL,         0,           "Transmit descriptor base high", "13.4.37")
    TDLEN    = Register(0x03808, RW,  0x000F_FF80, 0,           "Transmit descriptor length", "13.4.38")
    TDH      = Register(0x03810, RW,  HALF,        0,           "Transmit descriptor head", "13.4.39")
    TDT      = Register(0x03818, RW,  HALF,        0,           "Transmit descriptor tail", "13.4.40")
    TIDV     = Register(0x03820, RW,  HALF,        0,           "Transmit interrupt delay, 1.024 us", "13.4.41")
    TXDCTL   = Register(0x03828, RW,  0xFF3F_3F3F, 0,           "Transmit descriptor control", "13.4.43")
    TADV     = Register(0x0382C, RW,  HALF,        0,           "Transmit absolute delay, 1.024 us", "13.4.44")
    TSPMT    = Register(0x03830, RW,  ALL,         0x0100_0400, "TCP segmentation pad and minimum threshold", "13.4.45")

    # Wake-up and manageability
    WUC      = Register(0x05800, RW,  0x0000_000F, 0,           "Wake-up control", "13.6.1")
    WUFC     = Register(0x05808, RW,  0x000F_80FF, 0,           "Wake-up filter control", "13.6.2")
    WUS      = Register(0x05810, W1C, 0x000F_00FF, 0,           "Wake-up status", "13.6.3")
    MANC     = Register(0x05820, RW,  ALL,         0,           "Management control", "13.6")
    IPAV     = Register(0x05838, RW,  0x0001_000F, 0,           "IP address valid", "13.6.4")
    IP4AT    = Register(0x05840, RW,  ALL,         0,           "IPv4 address table", "13.6.5", 4, 8)
    IP6AT    = Register(0x05880, RW,  ALL,         0,           "IPv6 address table", "13.6.6", 4)
    WUPL     = Register(0x05900, RO,  0,           0,           "Wake-up packet length", "13.6.7")
    WUPM     = Register(0x05A00, RO,  0,           0,           "Wake-up packet memory", "13.6.8", 32)
    FFLT     = Register(0x05F00, RW,  0x0000_07FF, 0,           "Flexible filter length table", "13.6.9", 4, 8)
    FFMT     = Register(0x09000, RW,  0x0000_000F, 0,           "Flexible filter mask table", "13.6.10", 128, 8)
    FFVT     = Register(0x09800, RW,  ALL,         0,           "Flexible filter value table", "13.6.11", 128, 8)
    PBM      = Register(0x10000, RW,  ALL,         0,           "Packet buffer memory", "13.8.11", 16384)

    # Statistics                    §13.7
    CRCERRS  = Register(0x04000, RC,   0, 0, "CRC errors", "13.7.1")
    ALGNERRC = Register(0x04004, RC,   0, 0, "Alignment errors", "13.7.2")
    SYMERRS  = Register(0x04008, RC,   0, 0, "Symbol errors", "13.7.3")
    RXERRC   = Register(0x0400C, RC,   0, 0, "Receive errors", "13.7.4")
    MPC      = Register(0x04010, RC,   0, 0, "Missed packets: no room in the FIFO", "13.7.5")
    SCC      = Register(0x04014, RC,   0, 0, "Single collisions", "13.7.6")
    ECOL     = Register(0x04018, RC,   0, 0, "Excessive collisions", "13.7.7")
    MCC      = Register(0x0401C, RC,   0, 0, "Multiple collisions", "13.7.8")
    LATECOL  = Register(0x04020, RC,   0, 0, "Late collisions", "13.7.9")
    COLC     = Register(0x04028, RC,   0, 0, "Collisions", "13.7.10")
    DC       = Register(0x04030, RC,   0, 0, "Deferrals", "13.7.11")
    TNCRS    = Register(0x04034, RC,   0, 0, "Transmissions without carrier sense", "13.7.12")
    SEC      = Register(0x04038, RC,   0, 0, "Sequence errors", "13.7.13")
    CEXTERR  = Register(0x0403C, RC,   0, 0, "Carrier extension errors", "13.7.14")
    RLEC     = Register(0x04040, RC,   0, 0, "Receive length errors", "13.7.15")
    XONRXC   = Register(0x04048, RC,   0, 0, "XON received", "13.7.16")
    XONTXC   = Register(0x0404C, RC,   0, 0, "XON sent", "13.7.17")
    XOFFRXC  = Register(0x04050, RC,   0, 0, "XOFF received", "13.7.18")
    XOFFTXC  = Register(0x04054, RC,   0, 0, "XOFF sent", "13.7.19")
    FCRUC    = Register(0x04058, RC,   0, 0, "Unsupported flow control received", "13.7.20")
    PRC64    = Register(0x0405C, RC,   0, 0, "Received, 64 bytes", "13.7.21")
    PRC127   = Register(0x04060, RC,   0, 0, "Received, 65 to 127 bytes", "13.7.22")
    PRC255   = Register(0x04064, RC,   0, 0, "Received, 128 to 255 bytes", "13.7.23")
    PRC511   = Register(0x04068, RC,   0, 0, "Received, 256 to 511 bytes", "13.7.24")
    PRC1023  = Register(0x0406C, RC,   0, 0, "Received, 512 to 1023 bytes", "13.7.25")
    PRC1522  = Register(0x04070, RC,   0, 0, "Received, 1024 bytes and more", "13.7.26")
    GPRC     = Register(0x04074, RC,   0, 0, "Good packets received", "13.7.27")
    BPRC     = Register(0x04078, RC,   0, 0, "Broadcasts received", "13.7.28")
    MPRC     = Register(0x0407C, RC,   0, 0, "Multicasts received", "13.7.29")
    GPTC     = Register(0x04080, RC,   0, 0, "Good packets sent", "13.7.30")
    GORCL    = Register(0x04088, LOW,  0, 0, "Good octets received, low", "13.7.31")
    GORCH    = Register(0x0408C, HIGH, 0, 0, "Good octets received, high", "13.7.31")
    GOTCL    = Register(0x04090, LOW,  0, 0, "Good octets sent, low", "13.7.32")
    GOTCH    = Register(0x04094, HIGH, 0, 0, "Good octets sent, high", "13.7.32")
    RNBC     = Register(0x040A0, RC,   0, 0, "Receive no buffers", "13.7.33")
    RUC      = Register(0x040A4, RC,   0, 0, "Receive undersize", "13.7.34")
    RFC      = Register(0x040A8, RC,   0, 0, "Receive fragments", "13.7.35")
    ROC      = Register(0x040AC, RC,   0, 0, "Receive oversize", "13.7.36")
    RJC      = Register(0x040B0, RC,   0, 0, "Receive jabber", "13.7.37")
    MGTPRC   = Register(0x040B4, RC,   0, 0, "Management packets received", "13.7.38")
    MGTPDC   = Register(0x040B8, RC,   0, 0, "Management packets dropped", "13.7.39")
    MGTPTC   = Register(0x040BC, RC,   0, 0, "Management packets sent", "13.7.40")
    TORL     = Register(0x040C0, LOW,  0, 0, "Total octets received, low", "13.7.41")
    TORH     = Register(0x040C4, HIGH, 0, 0, "Total octets received, high", "13.7.41")
    TOTL     = Register(0x040C8, LOW,  0, 0, "Total octets sent, low", "13.7.42")
    TOTH     = Register(0x040CC, HIGH, 0, 0, "Total octets sent, high", "13.7.42")
    TPR      = Register(0x040D0, RC,   0, 0, "Total packets received", "13.7.43")
    TPT      = Register(0x040D4, RC,   0, 0, "Total packets sent", "13.7.44")
    PTC64    = Register(0x040D8, RC,   0, 0, "Sent, 64 bytes", "13.7.45")
    PTC127   = Register(0x040DC, RC,   0, 0, "Sent, 65 to 127 bytes", "13.7.46")
    PTC255   = Register(0x040E0, RC,   0, 0, "Sent, 128 to 255 bytes", "13.7.47")
    PTC511   = Register(0x040E4, RC,   0, 0, "Sent, 256 to 511 bytes", "13.7.48")
    PTC1023  = Register(0x040E8, RC,   0, 0, "Sent, 512 to 1023 bytes", "13.7.49")
    PTC1522  = Register(0x040EC, RC,   0, 0, "Sent, 1024 bytes and more", "13.7.50")
    MPTC     = Register(0x040F0, RC,   0, 0, "Multicasts sent", "13.7.51")
    BPTC     = Register(0x040F4, RC,   0, 0, "Broadcasts sent", "13.7.52")
    TSCTC    = Register(0x040F8, RC,   0, 0, "TCP segmentation contexts completed", "13.7.53")
    TSCTFC   = Register(0x040FC, RC,   0, 0, "TCP segmentation contexts failed", "13.7.54")
    # fmt: on


REGISTERS: dict[str, Register] = {name: row for name, row in vars(R).items() if isinstance(row, Register)}

ALIASES: dict[int, Register] = {
    # The 82542's places for the same registers, and the shadow copy of CTRL (§13.3, inferred for this part).
    0x00004: R.CTRL,
    0x00040: R.RAL,
    0x00108: R.RDTR,
    0x00110: R.RDBAL,
    0x00114: R.RDBAH,
    0x00118: R.RDLEN,
    0x00120: R.RDH,
    0x00128: R.RDT,
    0x00160: R.FCRTH,
    0x00168: R.FCRTL,
    0x00200: R.MTA,
    0x00420: R.TDBAL,
    0x00424: R.TDBAH,
    0x00428: R.TDLEN,
    0x00430: R.TDH,
    0x00438: R.TDT,
    0x00440: R.TIDV,
    0x00600: R.VFTA,
    0x08010: R.TDFH,
    0x08018: R.TDFT,
}
"""Where a second offset reaches the same register; an array is aliased whole."""


def offsets(row: Register) -> range:
    """Every offset of a register or register array."""
    return range(row.offset, row.offset + row.number * row.stride, row.stride)


def _by_offset() -> dict[int, tuple[str, Register]]:
    table: dict[int, tuple[str, Register]] = {}
    for name, row in REGISTERS.items():
        for index, offset in enumerate(offsets(row)):
            if offset in table or offset % 4 or offset >= WINDOW_BYTES:
                raise ValueError(f"register {name} at {offset:#x} overlaps another, or is out of place")
            table[offset] = (name if row.number == 1 else f"{name}[{index}]", row)
    return table


BY_OFFSET: dict[int, tuple[str, Register]] = _by_offset()
"""offset -> (name, row) for every dword that is a register."""
OFFSETS: dict[str, int] = {name: offset for offset, (name, _) in BY_OFFSET.items()}
"""The reverse: `TDT`, and `MTA[3]` where there are several."""


def offset_of(register: str | int) -> int:
    """The offset of a register by its name; one that is a number already stays. KeyError for a name there is not."""
    return register if isinstance(register, int) else OFFSETS[register]


def _aliases() -> dict[int, int]:
    table: dict[int, int] = {}
    for alias, row in ALIASES.items():
        span = 0x80 if row is R.RAL else row.number * row.stride
        for step in range(0, span, 4):
            if alias + step in BY_OFFSET or alias + step in table:
                raise ValueError(f"alias {alias + step:#x} hides a register")
            table[alias + step] = row.offset + step
    return table


ALIAS_OF: dict[int, int] = _aliases()
"""alias offset -> the register's own offset. RAL's alias covers RAL and RAH of the 16 pairs, interleaved as they are."""
