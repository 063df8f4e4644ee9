"""How does a guest's memory of gigabytes fit into a target's? Pages that were touched move together; addresses follow.

Neighbours stay neighbours, and a PC's hole below 1 MB is left out. An address of a page that nobody touched leads to
where no memory is: a card that does what the recorded one did never goes there. Addresses stand in ring registers and
in descriptors, by which one knows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from glassnic.conformance.program import Peek, Poke, Read, Write
from glassnic.conformance.recording import Moment, Ring
from glassnic.spec.bits import take
from glassnic.spec.descriptors import DESCRIPTOR_BYTES, DTYP_CONTEXT, TX_DATA

PAGE_BYTES = 4096
NOWHERE = 0xF000_0000
"""No target has memory from here on."""
HOLE_BEGIN, HOLE_END = 0xA0, 0x100
"""Pages at which a PC has no memory but its screen and firmware: what a card writes there is gone."""
LOW, HIGH = ("TDBAL", "RDBAL"), ("TDBAH", "RDBAH")
POINTER_BYTES = 8


class Places:
    """Where each page goes that `moments` touch; page 0 stays free, for address 0 means nothing to a receive ring."""

    def __init__(self, moments: Sequence[Moment]) -> None:
        spans = [(one.address, len(one.data)) for one in moments if isinstance(one, Peek | Poke)]
        self._rings = {one.address & 0xFFFF_FFF0: one.address for one in moments if isinstance(one, Ring)}
        pages = {page for address, length in spans for page in _pages(address, length)}
        rings = [set(_pages(one.address, one.length)) for one in moments if isinstance(one, Ring)]
        pages |= set(chain.from_iterable(ring for ring in rings if ring & pages))
        self._moved = {page: _beside_hole(number) for number, page in enumerate(sorted(pages), 1)}
        self.end = (max(self._moved.values(), default=0) + 1) * PAGE_BYTES
        """So much memory is needed."""

    def place(self, address: int) -> int:
        """Where this address goes."""
        page, offset = divmod(address, PAGE_BYTES)
        return self._moved[page] * PAGE_BYTES + offset if page in self._moved else NOWHERE | address & 0xFFF_FFFF

    def base(self, low: int) -> int:
        """Where a ring goes, by the lower half of its address."""
        kept = low & 0xFFFF_FFF0
        return self.place(self._rings.get(kept, kept)) | low & 0xF


def relocate(moments: Sequence[Moment]) -> tuple[list[Moment], int]:
    """The same with memory close together, from address 0; and how many bytes of it that takes."""
    places = Places(moments)
    rings: dict[str, Ring] = {}
    out: list[Moment] = []
    for moment in moments:
        if isinstance(moment, Ring):
            rings[moment.name] = moment
        out.append(_moved(moment, places, rings))
    return out, places.end


def _moved(moment: Moment, places: Places, rings: dict[str, Ring]) -> Moment:
    match moment:
        case Ring():
            return replace(moment, address=places.place(moment.address))
        case Peek():
            return replace(moment, address=places.place(moment.address))
        case Poke():
            name = next((name for name, ring in rings.items() if _lies_in(moment, ring)), "")
            return Poke(places.place(moment.address), _pointing(moment.data, name, places) if name else moment.data)
        case Write() | Read() if moment.register in LOW:
            return replace(moment, value=places.base(moment.value))
        case Write() | Read() if moment.register in HIGH:
            return replace(moment, value=0)
    return moment


def _lies_in(poke: Poke, ring: Ring) -> bool:
    inside = ring.address <= poke.address < ring.address + ring.length
    return inside and len(poke.data) == DESCRIPTOR_BYTES and (poke.address - ring.address) % DESCRIPTOR_BYTES == 0


def _pointing(descriptor: bytes, ring: str, places: Places) -> bytes:
    """A descriptor whose buffer has moved; a context has none, and a receive descriptor without an address is null."""
    address, word = (int.from_bytes(descriptor[at : at + 8], "little") for at in (0, POINTER_BYTES))
    is_context = take(word, TX_DATA.DEXT) and take(word, TX_DATA.DTYP) == DTYP_CONTEXT
    if not address or (ring == "TD" and is_context):
        return descriptor
    return places.place(address).to_bytes(POINTER_BYTES, "little") + descriptor[POINTER_BYTES:]


def _beside_hole(number: int) -> int:
    return number if number < HOLE_BEGIN else number - HOLE_BEGIN + HOLE_END


def _pages(address: int, length: int) -> range:
    return range(address // PAGE_BYTES, (address + max(length, 1) - 1) // PAGE_BYTES + 1)
