"""How does each control and status word read? A NamedTuple of `Bits` per register that has fields, named as in the manual."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import NamedTuple

from glassnic.spec.bits import Bits


class _Ctrl(NamedTuple):
    """Device control, §13.4.1."""

    FD: Bits = Bits(0)
    PRIOR: Bits = Bits(2)
    LRST: Bits = Bits(3)
    ASDE: Bits = Bits(5)
    SLU: Bits = Bits(6)
    ILOS: Bits = Bits(7)
    SPEED: Bits = Bits(8, 2)
    FRCSPD: Bits = Bits(11)
    FRCDPLX: Bits = Bits(12)
    SWDPIN: Bits = Bits(18, 4)
    SWDPIO: Bits = Bits(22, 4)
    RST: Bits = Bits(26)
    RFCE: Bits = Bits(27)
    TFCE: Bits = Bits(28)
    VME: Bits = Bits(30)
    PHY_RST: Bits = Bits(31)


class _Status(NamedTuple):
    """Device status, §13.4.2."""

    FD: Bits = Bits(0)
    LU: Bits = Bits(1)
    FUNCTION: Bits = Bits(2, 2)
    TXOFF: Bits = Bits(4)
    TBIMODE: Bits = Bits(5)
    SPEED: Bits = Bits(6, 2)
    ASDV: Bits = Bits(8, 2)
    PCI66: Bits = Bits(11)
    BUS64: Bits = Bits(12)
    PCIX_MODE: Bits = Bits(13)
    PCIXSPD: Bits = Bits(14, 2)


class _CtrlExt(NamedTuple):
    """Extended device control, §13.4.6."""

    GPI_EN: Bits = Bits(0, 4)
    SDP: Bits = Bits(4, 4)
    SDP_DIR: Bits = Bits(8, 4)
    ASDCHK: Bits = Bits(12)
    EE_RST: Bits = Bits(13)
    IPS: Bits = Bits(14)
    SPD_BYPS: Bits = Bits(15)
    RO_DIS: Bits = Bits(17)
    VREG_POWER_DOWN: Bits = Bits(21)
    LINK_MODE: Bits = Bits(22, 2)


class _Eecd(NamedTuple):
    """EEPROM/flash control and data, §13.4.3."""

    SK: Bits = Bits(0)
    CS: Bits = Bits(1)
    DI: Bits = Bits(2)
    DO: Bits = Bits(3)
    FWE: Bits = Bits(4, 2)
    REQ: Bits = Bits(6)
    GNT: Bits = Bits(7)
    PRES: Bits = Bits(8)
    SIZE: Bits = Bits(9)


class _Eerd(NamedTuple):
    """EEPROM read, §13.4.4, in the shape of the 82540/45/46."""

    START: Bits = Bits(0)
    DONE: Bits = Bits(4)
    ADDR: Bits = Bits(8, 8)
    DATA: Bits = Bits(16, 16)


class _Mdic(NamedTuple):
    """MDI control, §13.4.8."""

    DATA: Bits = Bits(0, 16)
    REGADD: Bits = Bits(16, 5)
    PHYADD: Bits = Bits(21, 5)
    OP: Bits = Bits(26, 2)
    R: Bits = Bits(28)
    I: Bits = Bits(29)  # noqa: E741 (the manual's name)
    E: Bits = Bits(30)


class _Cause(NamedTuple):
    """Interrupt causes: ICR, ICS, IMS, IMC, §13.4.17 Table 13-63."""

    TXDW: Bits = Bits(0)
    TXQE: Bits = Bits(1)
    LSC: Bits = Bits(2)
    RXSEQ: Bits = Bits(3)
    RXDMT0: Bits = Bits(4)
    RXO: Bits = Bits(6)
    RXT0: Bits = Bits(7)
    MDAC: Bits = Bits(9)
    RXCFG: Bits = Bits(10)
    GPI: Bits = Bits(11, 4)
    TXD_LOW: Bits = Bits(15)
    SRPD: Bits = Bits(16)


class _Rctl(NamedTuple):
    """Receive control, §13.4.22."""

    EN: Bits = Bits(1)
    SBP: Bits = Bits(2)
    UPE: Bits = Bits(3)
    MPE: Bits = Bits(4)
    LPE: Bits = Bits(5)
    LBM: Bits = Bits(6, 2)
    RDMTS: Bits = Bits(8, 2)
    MO: Bits = Bits(12, 2)
    BAM: Bits = Bits(15)
    BSIZE: Bits = Bits(16, 2)
    VFE: Bits = Bits(18)
    CFIEN: Bits = Bits(19)
    CFI: Bits = Bits(20)
    DPF: Bits = Bits(22)
    PMCF: Bits = Bits(23)
    BSEX: Bits = Bits(25)
    SECRC: Bits = Bits(26)


class _Tctl(NamedTuple):
    """Transmit control, §13.4.33."""

    EN: Bits = Bits(1)
    PSP: Bits = Bits(3)
    CT: Bits = Bits(4, 8)
    COLD: Bits = Bits(12, 10)
    SWXOFF: Bits = Bits(22)
    RTLC: Bits = Bits(24)
    NRTU: Bits = Bits(25)


class _Rxcsum(NamedTuple):
    """Receive checksum control, §13.4.47."""

    PCSS: Bits = Bits(0, 8)
    IPOFL: Bits = Bits(8)
    TUOFL: Bits = Bits(9)
    IPV6OFL: Bits = Bits(10)


class _Rah(NamedTuple):
    """Receive address high, §13.5.3."""

    ADDR: Bits = Bits(0, 16)
    AS: Bits = Bits(16, 2)
    AV: Bits = Bits(31)


class _Rdtr(NamedTuple):
    """Receive delay timer, §13.4.30."""

    DELAY: Bits = Bits(0, 16)
    FPD: Bits = Bits(31)


class _Txdctl(NamedTuple):
    """Descriptor control of both rings, §13.4.43 and §13.4.46. LWTHRESH is transmit's alone."""

    PTHRESH: Bits = Bits(0, 6)
    HTHRESH: Bits = Bits(8, 6)
    WTHRESH: Bits = Bits(16, 6)
    GRAN: Bits = Bits(24)
    LWTHRESH: Bits = Bits(25, 7)


class _Pba(NamedTuple):
    """Packet buffer allocation in KB, §13.4.16."""

    RXA: Bits = Bits(0, 7)
    TXA: Bits = Bits(16, 7)


class _Wuc(NamedTuple):
    """Wake-up control, §13.6.1."""

    APME: Bits = Bits(0)
    PME_En: Bits = Bits(1)
    PME_Status: Bits = Bits(2)
    APMPME: Bits = Bits(3)


class _Wake(NamedTuple):
    """Wake-up filters and status: WUFC, WUS, §13.6.2."""

    LNKC: Bits = Bits(0)
    MAG: Bits = Bits(1)
    EX: Bits = Bits(2)
    MC: Bits = Bits(3)
    BC: Bits = Bits(4)
    ARP: Bits = Bits(5)
    IPv4: Bits = Bits(6)
    IPv6: Bits = Bits(7)
    FLX: Bits = Bits(16, 4)


CTRL, STATUS, CTRL_EXT, EECD, EERD, MDIC = _Ctrl(), _Status(), _CtrlExt(), _Eecd(), _Eerd(), _Mdic()
CAUSE, RCTL, TCTL, RXCSUM, RAH, RDTR = _Cause(), _Rctl(), _Tctl(), _Rxcsum(), _Rah(), _Rdtr()
TXDCTL, PBA, WUC, WAKE = _Txdctl(), _Pba(), _Wuc(), _Wake()

WORDS: dict[str, tuple[Bits, ...]] = {
    "CTRL": CTRL, "STATUS": STATUS, "CTRL_EXT": CTRL_EXT, "EECD": EECD, "EERD": EERD, "MDIC": MDIC,
    "ICR": CAUSE, "ICS": CAUSE, "IMS": CAUSE, "IMC": CAUSE, "RCTL": RCTL, "TCTL": TCTL, "RXCSUM": RXCSUM,
    "RAH": RAH, "RDTR": RDTR, "TXDCTL": TXDCTL, "RXDCTL": TXDCTL, "PBA": PBA, "WUC": WUC, "WUFC": WAKE, "WUS": WAKE,
}  # fmt: skip
"""Register name -> its fields, for dumps, docs and explanations."""


def named(fields: tuple[Bits, ...], mask: int) -> str:
    """The names of the fields that have a bit in `mask`; the bits that have no name, by number, high ones last."""
    names = fields._fields  # type: ignore[attr-defined]
    found = {name: bits.mask for name, bits in zip(names, fields, strict=True) if bits.mask & mask}
    rest = mask & ~reduce(or_, found.values(), 0)
    nameless = [str(at) for at in range(rest.bit_length()) if rest >> at & 1]
    return " ".join([*found, *(["bits " + ",".join(nameless)] if nameless else [])])
