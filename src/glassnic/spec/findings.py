"""What can be wrong with a request, or with a frame that left? Each finding of the x-ray: its code, how bad it is, its
sentence, the section.

The card itself notices what a request lacks (events with a severity); these are found afterwards, by holding what
was asked for against the manual and against the packet. `sentence` is a template over the values that the judges give.
"""

from __future__ import annotations

from typing import NamedTuple

ERROR, WARNING = "error", "warning"
"""A frame is spoilt, or did not leave or arrive as asked; or something is out of order that need not have spoilt any."""


class Finding(NamedTuple):
    """One kind of finding."""

    code: str
    severity: str
    sentence: str
    section: str


# fmt: off
# What the driver asked for (`xray/requests.py`).
CONTEXT_BEFORE_RESET = Finding("CONTEXT_BEFORE_RESET", ERROR, "the packet relies on the context that descriptor {place} loaded before the reset, which made it void", "3.6")
CONTEXT_OF_OTHER_KIND = Finding("CONTEXT_OF_OTHER_KIND", ERROR, "the packet has DCMD.TSE={wanted}, but the context it was given is the one that descriptor {place} loaded with TUCMD.TSE={found}", "3.6")
OPTION_MISPLACED = Finding("OPTION_MISPLACED", WARNING, "descriptor {place} gives {option} as {found:#x}, to no effect: the {which} descriptor of the packet counts, and it says {counted:#x}", "3.3.7")
HEADER_SPLIT = Finding("HEADER_SPLIT", WARNING, "the prototype header is split at offset {offset}, inside a header: each buffer has to hold whole ones, which end at {ends}", "3.5.6")
RESERVED_BITS = Finding("RESERVED_BITS", WARNING, "descriptor {place} sets reserved bits of its second quadword: {bits:#x}", "3.3")
NO_REPORT = Finding("NO_REPORT", WARNING, "{count} descriptors in a row, a whole lap of the ring up to descriptor {place}, ask for no report (RS): their completion cannot be seen", "3.3.3.1")

# What was asked of segmentation, held against the prototype header (`xray/sends.py`).
KIND_WRONG = Finding("KIND_WRONG", ERROR, "TUCMD has IP={ip} and TCP={tcp}, but the packet is {packet}: other fields are rewritten than it has", "3.3.6.1")
HEADER_MISPLACED = Finding("HEADER_MISPLACED", ERROR, "{name} is {found}, but the {protocol} header begins at {wanted}: its fields are rewritten elsewhere", "3.5.9")
HDRLEN_WRONG = Finding("HDRLEN_WRONG", ERROR, "HDRLEN is {found}, but the headers of the packet end at {wanted}", "3.5.5")

# What left (`xray/detect.py`).
RANGE_WRONG = Finding("RANGE_WRONG", ERROR, "bytes {begin} to {end} were summed for {protocol}, which lies at {first} to {last}", "3.3.6")
SUM_MISPLACED = Finding("SUM_MISPLACED", ERROR, "the {protocol} checksum is stored at offset {place}, a place that is not the protocol's: it belongs at {right}", "3.3.6")
PAYLOAD_OVERWRITTEN = Finding("PAYLOAD_OVERWRITTEN", ERROR, "the checksum stored at offset {place} overwrote bytes {first} and {last} of the {protocol} payload", "3.3.6")
SEED_WRONG = Finding("SEED_WRONG", ERROR, "the driver left {found:#06x} in the {protocol} checksum field, where {wanted:#06x} belongs: {what}", "3.5.7")
SUM_UNWANTED = Finding("SUM_UNWANTED", ERROR, "an IP checksum is stored at offset {place}, but the packet is IPv6, which has none", "3.3.7.3")
SUM_OF_FRAGMENT = Finding("SUM_OF_FRAGMENT", ERROR, "a {protocol} checksum is inserted into a fragment: it covers no more than this part of the packet", "3.6")
SUM_INACCURATE = Finding("SUM_INACCURATE", WARNING, "a checksum is asked for in a frame of {length} bytes: above 12 KB the card does not sum accurately", "3.5.1")
SUM_NOT_ASKED = Finding("SUM_NOT_ASKED", ERROR, "the {protocol} checksum was left for the card to make, but {bit} is not set", "3.3.7.3")
UDP_SUM_ZERO = Finding("UDP_SUM_ZERO", ERROR, "the UDP checksum that left is 0, which means that there is none{rest}", "3.5.7")
SUM_WRONG = Finding("SUM_WRONG", ERROR, "the {protocol} checksum that left is {found:#06x}; right is {wanted:#06x}", "3.5.8")
LENGTH_WRONG = Finding("LENGTH_WRONG", WARNING, "the {protocol} header tells of {found} bytes, but {wanted} follow in the frame", "3.5.9")
TAG_TYPE_ODD = Finding("TAG_TYPE_ODD", ERROR, "the tag that was inserted has the type {type:#06x}, which announces no tag: VET should be 0x8100", "13.4.11")
TAG_NOT_INSERTED = Finding("TAG_NOT_INSERTED", WARNING, "VLE asks for a VLAN tag, but CTRL.VME is off: none is inserted", "3.3.3.1")
FRAME_SHORT = Finding("FRAME_SHORT", WARNING, "the frame has {length} bytes with its FCS, and Ethernet's shortest has 64: nothing padded it", "13.4.33")
# fmt: on

FINDINGS: tuple[Finding, ...] = (
    CONTEXT_BEFORE_RESET, CONTEXT_OF_OTHER_KIND, OPTION_MISPLACED, HEADER_SPLIT, RESERVED_BITS, NO_REPORT,
    KIND_WRONG, HEADER_MISPLACED, HDRLEN_WRONG,
    RANGE_WRONG, SUM_MISPLACED, PAYLOAD_OVERWRITTEN, SEED_WRONG, SUM_UNWANTED, SUM_OF_FRAGMENT, SUM_INACCURATE,
    SUM_NOT_ASKED, UDP_SUM_ZERO, SUM_WRONG, LENGTH_WRONG, TAG_TYPE_ODD, TAG_NOT_INSERTED, FRAME_SHORT,
)  # fmt: skip
