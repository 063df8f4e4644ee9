"""What can be wrong with a frame that left? Each finding of the x-ray: its code, how bad it is, its sentence, the section.

The card itself notices what a request lacks (events with `finding=True`); these are found afterwards, by holding what
was asked for against the packet it was asked for. `sentence` is a template over the values that `xray/detect.py` gives.
"""

from __future__ import annotations

from typing import NamedTuple

ERROR, WARNING = "error", "warning"
"""The frame that left is spoilt; or something is out of order that need not have spoilt it."""


class Finding(NamedTuple):
    """One kind of finding."""

    code: str
    severity: str
    sentence: str
    section: str


SUM_MISPLACED = Finding(
    "SUM_MISPLACED",
    ERROR,
    "the {protocol} checksum is stored at offset {place}, a place that is not the protocol's: it belongs at {right}",
    "3.3.6",
)
PAYLOAD_OVERWRITTEN = Finding(
    "PAYLOAD_OVERWRITTEN",
    ERROR,
    "the checksum stored at offset {place} overwrote bytes {first} and {last} of the {protocol} payload",
    "3.3.6",
)
CONTEXT_OF_OTHER_KIND = Finding(
    "CONTEXT_OF_OTHER_KIND",
    ERROR,
    "the packet has DCMD.TSE={wanted}, but the context it was given is the one that descriptor {place} loaded with TUCMD.TSE={found}",
    "3.6",
)
SUM_WRONG = Finding(
    "SUM_WRONG", ERROR, "the {protocol} checksum that left is {found:#06x}; right is {wanted:#06x}", "3.5.8"
)
SEED_WRONG = Finding(
    "SEED_WRONG",
    ERROR,
    "the driver left {found:#06x} in the {protocol} checksum field; the sum of the pseudo header {length} is {wanted:#06x}",
    "3.5.7",
)
RANGE_WRONG = Finding(
    "RANGE_WRONG", ERROR, "bytes {begin} to {end} were summed for {protocol}, which lies at {first} to {last}", "3.3.6"
)
LENGTH_WRONG = Finding(
    "LENGTH_WRONG", WARNING, "the {protocol} header tells of {found} bytes, but {wanted} follow in the frame", "3.5.9"
)

FINDINGS: tuple[Finding, ...] = (
    SUM_MISPLACED, PAYLOAD_OVERWRITTEN, CONTEXT_OF_OTHER_KIND, SUM_WRONG, SEED_WRONG, RANGE_WRONG, LENGTH_WRONG,
)  # fmt: skip
