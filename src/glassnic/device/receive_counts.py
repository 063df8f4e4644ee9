"""What is counted of frames that arrive? Damage, sizes, kinds, octets (§13.7).

Jitted leaves, under the engine's rules.
"""

from __future__ import annotations

from glassnic.device.filters import ADDRESS_MASK, MULTICAST, is_tagged
from glassnic.device.leaf import leaf
from glassnic.device.receive_state import SHORTEST, TAG, Desk, Setting
from glassnic.device.span import load64, unsigned
from glassnic.device.statistics import INDEX

CRCERRS, RLEC = INDEX["CRCERRS"], INDEX["RLEC"]
RUC, RFC, ROC, RJC = INDEX["RUC"], INDEX["RFC"], INDEX["ROC"], INDEX["RJC"]
TPR, TOR = INDEX["TPR"], INDEX["TOR"]
GPRC, GORC, BPRC, MPRC, PRC64 = INDEX["GPRC"], INDEX["GORC"], INDEX["BPRC"], INDEX["MPRC"], INDEX["PRC64"]
# PRC64, 127, 255, 511, 1023, 1522 stand in a row (§13.7.21 to §13.7.26).


@leaf
def octets(desk: Desk, setting: Setting, at: int, length: int) -> int:
    """What TOR and GORC take of a frame: all of it, unless a stripped tag is left out (§13.7.27)."""
    if setting.stripped_counted or not setting.strip or not is_tagged(desk, setting, at, length):
        return length
    return length - TAG


@leaf
def count_any(desk: Desk, setting: Setting, at: int, length: int) -> None:
    """Frames good and bad (§13.7.41, §13.7.43)."""
    desk.counts[TPR] += 1
    desk.counts[TOR] += octets(desk, setting, at, length)


@leaf
def count_bad(desk: Desk, length: int, bad: bool, odd: bool) -> None:
    """Frames that pass the filters but are damaged or of illegal length (§13.7.1, §13.7.15, §13.7.34 to §13.7.37)."""
    counts = desk.counts
    if bad and length >= SHORTEST:
        counts[CRCERRS] += 1
    if odd:
        counts[RLEC] += 1
        if length < SHORTEST:
            counts[RFC if bad else RUC] += 1
        else:
            counts[RJC if bad else ROC] += 1


@leaf
def count_good(desk: Desk, setting: Setting, at: int, length: int) -> None:
    """A frame is received once it is in the packet buffer (§13.7); where it goes from there does not matter here."""
    counts = desk.counts
    counts[GPRC] += 1
    counts[GORC] += octets(desk, setting, at, length)
    sized = length - setting.size_less
    if sized >= SHORTEST:
        size = 0 if sized == SHORTEST else 1
        while 0 < size < 5 and sized >> (6 + size):
            size += 1
        counts[unsigned(PRC64 + size)] += 1
    destination = load64(desk.arena, at) & ADDRESS_MASK
    if destination == ADDRESS_MASK:
        counts[BPRC] += setting.broadcast  # with RCTL.BAM=0 it is not counted as one (§13.7.28)
    elif destination & MULTICAST:
        counts[MPRC] += 1
