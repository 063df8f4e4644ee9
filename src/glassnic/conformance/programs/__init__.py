"""Which rules are put to a card? A file for each section or chapter of the manual, in its order, with `PROGRAMS`."""

from __future__ import annotations

from glassnic.conformance.program import Program
from glassnic.conformance.programs import (
    checksums,
    completion,
    contexts,
    filters,
    legacy,
    receive,
    receive_checksum,
    receive_ring,
    rings,
    segmentation,
    segmentation_ends,
    sent_counts,
    vlan_rx,
    vlan_tx,
)

PROGRAMS: tuple[Program, ...] = (
    *legacy.PROGRAMS,
    *vlan_tx.PROGRAMS,
    *contexts.PROGRAMS,
    *checksums.PROGRAMS,
    *segmentation.PROGRAMS,
    *segmentation_ends.PROGRAMS,
    *rings.PROGRAMS,
    *completion.PROGRAMS,
    *sent_counts.PROGRAMS,
    *receive.PROGRAMS,
    *receive_ring.PROGRAMS,
    *filters.PROGRAMS,
    *vlan_rx.PROGRAMS,
    *receive_checksum.PROGRAMS,
)
