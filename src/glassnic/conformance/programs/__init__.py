"""Which rules are put to a card? A file for each section or chapter of the manual, in its order, with `PROGRAMS`."""

from __future__ import annotations

from glassnic.conformance.program import Program
from glassnic.conformance.programs import checksums, contexts, segmentation, segmentation_ends

PROGRAMS: tuple[Program, ...] = (
    *contexts.PROGRAMS,
    *checksums.PROGRAMS,
    *segmentation.PROGRAMS,
    *segmentation_ends.PROGRAMS,
)
