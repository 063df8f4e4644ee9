"""Which frames does the card take? Exact addresses, the multicast hash, promiscuous bits, VLANs, MAC control (§3.2.1,
§9.3, §8.7).

An address is one number here, its first byte lowest: what a quadword load gives, and what RAL and RAH hold. The
tables are made from the registers when software writes them; the leaves that ask them are jitted, under the engine's
rules.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassnic.device.leaf import leaf
from glassnic.device.receive_state import ADDRESS, FCS, HEADER, INEXACT, TAG, WAY_LO, Desk, Setting, word
from glassnic.device.recorder import record
from glassnic.device.register_file import RegisterFile
from glassnic.device.span import load64
from glassnic.spec import events, ways
from glassnic.spec.bits import take
from glassnic.spec.fields import RAH
from glassnic.spec.registers import R
from glassnic.spec.ways import BY_ADDRESS, BY_CONTROL, BY_LENGTH, BY_VLAN

ADDRESS_MASK = 0xFFFF_FFFF_FFFF
MULTICAST = 1
"""The group bit: the lowest of the first byte on the wire."""
NOBODY = -1
"""No address: an entry that is not valid, or whose address select is reserved."""

REFUSED = -1
"""What a filter says of a frame that it does not let in; of others the marks, the way in among them."""
NOT_CONTROL, PAUSE, UNSUPPORTED = range(3)
PAUSE_OPCODE = 0x0001


def exact_addresses(registers: RegisterFile, sources: int = 1) -> NDArray[np.int64]:
    """The 16 exact entries as rows (destination, source), one of the two NOBODY: RAH.AS says which counts (§13.5.3).

    `sources`: a mask on AS.
    """
    pairs = list(zip(registers.many(R.RAL), registers.many(R.RAH), strict=True))
    rows = np.full((len(pairs), 2), NOBODY, np.int64)
    for index, (low, high) in enumerate(pairs):
        select = take(high, RAH.AS) * sources
        if take(high, RAH.AV) and select < 2:  # 2 and 3 are reserved: they match nothing (inferred)
            rows[index, select] = take(high, RAH.ADDR) << 32 | low
    return rows


@leaf
def is_tagged(desk: Desk, setting: Setting, at: int, length: int) -> bool:
    """Is this an 802.1Q frame: does its type equal VET (§9.2)? One too short to hold a tag is not."""
    return bool(length >= HEADER + TAG + FCS and word(desk, at + 2 * ADDRESS) == setting.vet)


@leaf
def control_kind(desk: Desk, setting: Setting, at: int) -> int:
    """A MAC control frame goes to FCAL/FCAH or the station and has the type FCT; its opcode says which kind (§8.7)."""
    if word(desk, at + 2 * ADDRESS) != setting.flow_type:
        return NOT_CONTROL
    destination = load64(desk.arena, at) & ADDRESS_MASK
    if destination != setting.flow_address and destination != setting.station:
        return NOT_CONTROL
    return PAUSE if word(desk, at + HEADER) == PAUSE_OPCODE else UNSUPPORTED


@leaf
def passes(desk: Desk, setting: Setting, at: int, length: int) -> int:
    """The way in, marked INEXACT by the hash alone (software must look again), or REFUSED (§3.2.1)."""
    if length < HEADER + FCS:
        record(desk, events.RX_FILTERED, 0, length, BY_LENGTH)
        return REFUSED
    destination = load64(desk.arena, at) & ADDRESS_MASK
    answer = passes_address(desk, setting, at, destination)
    if answer == REFUSED:
        record(desk, events.RX_FILTERED, destination, length, BY_ADDRESS)
    elif setting.vlan_filter and is_tagged(desk, setting, at, length) and not passes_vlan(desk, setting, at):
        record(desk, events.RX_FILTERED, destination, length, BY_VLAN)
        return REFUSED
    return answer


@leaf
def passes_control(desk: Desk, setting: Setting, at: int, length: int, kind: int) -> int:
    """With CTRL.RFCE, MAC control frames are sorted by DPF and PMCF (§8.7.4).

    A PAUSE frame to the multicast address ends in the MAC, whatever DPF says (inferred).
    """
    destination = load64(desk.arena, at) & ADDRESS_MASK
    if kind == UNSUPPORTED and setting.pass_control:
        return ways.CONTROL << WAY_LO
    if kind == PAUSE and destination == setting.station and not setting.discard_pause:
        return passes(desk, setting, at, length)
    record(desk, events.RX_FILTERED, destination, length, BY_CONTROL)
    return REFUSED


@leaf
def passes_address(desk: Desk, setting: Setting, at: int, destination: int) -> int:
    """The exact entries, then what RCTL lets in, then the multicast hash (§13.5.1 to §13.5.3)."""
    source = load64(desk.arena, at + ADDRESS) & ADDRESS_MASK
    for row in range(len(desk.exact)):
        if desk.exact[row, 0] == destination or desk.exact[row, 1] == source:
            return row << WAY_LO
    if not destination & MULTICAST:
        if setting.unicast or not setting.hash_unicast:
            return ways.UNICAST << WAY_LO if setting.unicast else REFUSED
    elif setting.multicast and (destination != ADDRESS_MASK or setting.mpe_broadcast):
        return ways.MULTICAST << WAY_LO
    if setting.broadcast and destination == ADDRESS_MASK:
        return ways.BROADCAST << WAY_LO
    index = (destination >> 32 >> setting.hash_shift) & 0xFFF
    if (int(desk.multicast[index >> 5]) >> (index & 31)) & 1:
        return INEXACT * setting.marks_inexact | ways.HASH << WAY_LO
    return REFUSED


@leaf
def passes_vlan(desk: Desk, setting: Setting, at: int) -> bool:
    """The VLAN table by the frame's VID, and its CFI where that is compared (§9.3, §13.5.4)."""
    tag = word(desk, at + HEADER)
    vid = tag & 0xFFF
    if setting.cfi >= 0 and (tag >> 12) & 1 != setting.cfi:
        return False
    return bool((int(desk.vlans[vid >> 5]) >> (vid & 31)) & 1)
