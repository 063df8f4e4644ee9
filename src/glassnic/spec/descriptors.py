"""How do the 16-byte descriptors read? Transmit (§3.3.3 legacy, §3.3.6 context, §3.3.7 data) and receive (§3.2.3).

A descriptor is two little-endian quadwords. Fields of the second are given as bits of that quadword; the context's first
quadword holds the two checksum ranges.
"""

from __future__ import annotations

from typing import NamedTuple

from glassnic.spec.bits import Bits

DESCRIPTOR_BYTES = 16
TX_STATUS_BYTE = 12
"""The byte of a transmit descriptor that the card writes back; its lower half is the status (§3.3.3.2)."""

DTYP_CONTEXT = 0
DTYP_DATA = 1


class _TxData(NamedTuple):
    """Second quadword of a data descriptor, extended (§3.3.7) or legacy (§3.3.3); LENGTH, CSO, IC and CSS are the legacy readings."""

    DTALEN: Bits = Bits(0, 20)
    LENGTH: Bits = Bits(0, 16)
    CSO: Bits = Bits(16, 8)
    DTYP: Bits = Bits(20, 4)
    EOP: Bits = Bits(24)
    IFCS: Bits = Bits(25)
    TSE: Bits = Bits(26)
    IC: Bits = Bits(26)
    RS: Bits = Bits(27)
    RPS: Bits = Bits(28)
    DEXT: Bits = Bits(29)
    VLE: Bits = Bits(30)
    IDE: Bits = Bits(31)
    DD: Bits = Bits(32)
    EC: Bits = Bits(33)
    LC: Bits = Bits(34)
    TU: Bits = Bits(35)
    IXSM: Bits = Bits(40)
    TXSM: Bits = Bits(41)
    POPTS: Bits = Bits(40, 8)
    CSS: Bits = Bits(40, 8)
    SPECIAL: Bits = Bits(48, 16)


class _Ranges(NamedTuple):
    """First quadword of a context descriptor: two generic "sum from, store at, through" ranges (§3.3.6)."""

    IPCSS: Bits = Bits(0, 8)
    IPCSO: Bits = Bits(8, 8)
    IPCSE: Bits = Bits(16, 16)
    TUCSS: Bits = Bits(32, 8)
    TUCSO: Bits = Bits(40, 8)
    TUCSE: Bits = Bits(48, 16)


class _TxContext(NamedTuple):
    """Second quadword of a context descriptor (§3.3.6)."""

    PAYLEN: Bits = Bits(0, 20)
    DTYP: Bits = Bits(20, 4)
    TCP: Bits = Bits(24)
    IP: Bits = Bits(25)
    TSE: Bits = Bits(26)
    RS: Bits = Bits(27)
    DEXT: Bits = Bits(29)
    IDE: Bits = Bits(31)
    DD: Bits = Bits(32)
    HDRLEN: Bits = Bits(40, 8)
    MSS: Bits = Bits(48, 16)


class _Rx(NamedTuple):
    """Second quadword of a receive descriptor as written back (§3.2.3)."""

    LENGTH: Bits = Bits(0, 16)
    CHECKSUM: Bits = Bits(16, 16)
    DD: Bits = Bits(32)
    EOP: Bits = Bits(33)
    IXSM: Bits = Bits(34)
    VP: Bits = Bits(35)
    TCPCS: Bits = Bits(37)
    IPCS: Bits = Bits(38)
    PIF: Bits = Bits(39)
    CE: Bits = Bits(40)
    SE: Bits = Bits(41)
    SEQ: Bits = Bits(42)
    CXE: Bits = Bits(44)
    TCPE: Bits = Bits(45)
    IPE: Bits = Bits(46)
    RXE: Bits = Bits(47)
    SPECIAL: Bits = Bits(48, 16)


TX_DATA, RANGES, TX_CONTEXT, RX = _TxData(), _Ranges(), _TxContext(), _Rx()

LEGACY_RESERVED = Bits(36, 4).mask
DATA_RESERVED = LEGACY_RESERVED | Bits(42, 6).mask
CONTEXT_RESERVED = LEGACY_RESERVED | Bits(28).mask | Bits(30).mask
"""Bits of the second quadword that shall be 0 (§3.3.3, §3.3.7.3, §3.3.6.1); RPS too, on parts without it."""

HEADER_LIMIT_BYTES = 240
"""The on-chip buffer for the prototype header (§3.5.5)."""

FIFO_SLACK_BYTES = 80
"""A packet, or MSS + HDRLEN, is at most the transmit FIFO less this (§3.3.6 note 2, §3.3.7)."""

CONTEXTS = 2
"""The normal checksum context and the TCP segmentation context (§3.3.5, §3.5.5, §3.6)."""
