"""Which cards are there, and in what do they differ? One row a model; a later row inherits an earlier one and says what changes."""

from __future__ import annotations

from typing import NamedTuple


class Model(NamedTuple):
    """Identity and differences of one part."""

    name: str
    title: str
    device_id: int
    subsystem_vendor_id: int = 0x8086
    subsystem_id: int = 0x001E
    revision: int = 0x02
    phy_id: tuple[int, int] = (0x0141, 0x0C20)
    """PHY registers 2 and 3; the low nibble of the second is a revision."""
    absent: frozenset[str] = frozenset()
    """Registers of the table that this part does not have: read 0, ignore writes."""
    causes: int = 0x1FFFF
    """Interrupt causes that can be set, ICR 16:0."""
    reports_on_wire: int = 0
    """1: RPS (descriptor bit 28) asks for a write-back (§3.3.3.1); 0: the bit is reserved and ignored."""
    ipv6: int = 1
    """1: TUCMD.IP=0 means IPv6, and RXCSUM.IPV6OFL exists; 0: the part knows no IPv6 (§3.1)."""
    small_packets: int = 1
    """1: the part detects small receive packets and low transmit descriptors (SRPD, TXD_LOW)."""


M82540EM = Model("82540em", "Intel 82540EM (PRO/1000 MT Desktop)", 0x100E)
M82545EM = M82540EM._replace(
    name="82545em", title="Intel 82545EM (PRO/1000 MT Server, copper)", device_id=0x100F, subsystem_id=0x1001
)
M82544EI = M82540EM._replace(
    name="82544ei",
    title="Intel 82544EI (PRO/1000 XT Server)",
    device_id=0x1008,
    subsystem_id=0x1107,
    phy_id=(0x0141, 0x0C30),
    absent=frozenset({"EERD", "ITR", "RADV", "TADV", "RSRPD"}),
    causes=0x07FFF,
    reports_on_wire=1,
    ipv6=0,
    small_packets=0,
)

MODELS: dict[str, Model] = {model.name: model for model in (M82540EM, M82545EM, M82544EI)}
