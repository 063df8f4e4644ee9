"""What is wrong with what the driver asked for? Descriptors and contexts, held to the rules (§3.3 to §3.6).

Nothing here looks at a byte of a packet, so a packet that made no frame is judged as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from glassnic.spec import findings as f
from glassnic.spec.bits import Bits, take
from glassnic.spec.descriptors import CONTEXT_RESERVED, DATA_RESERVED, LEGACY_RESERVED, RANGES, TX_CONTEXT, TX_DATA
from glassnic.xray.found import Found, found, noted
from glassnic.xray.story import LEGACY, PLAIN, SEGMENTED, Descriptor, Load, Request

OPTIONS_ASKED = Bits(40, 2)
"""POPTS without its reserved bits."""
FIRST, LAST = 0, -1
COUNTING: dict[int, dict[str, tuple[Bits, int]]] = {
    LEGACY: {
        "IC": (TX_DATA.IC, LAST), "CSO": (TX_DATA.CSO, LAST), "CSS": (TX_DATA.CSS, FIRST),
        "IFCS": (TX_DATA.IFCS, LAST), "VLE": (TX_DATA.VLE, LAST), "SPECIAL": (TX_DATA.SPECIAL, LAST),
    },
    PLAIN: {
        "POPTS": (OPTIONS_ASKED, FIRST),
        "IFCS": (TX_DATA.IFCS, LAST), "VLE": (TX_DATA.VLE, LAST), "SPECIAL": (TX_DATA.SPECIAL, LAST),
    },
    SEGMENTED: {
        "POPTS": (OPTIONS_ASKED, FIRST),
        "IFCS": (TX_DATA.IFCS, FIRST), "VLE": (TX_DATA.VLE, FIRST), "SPECIAL": (TX_DATA.SPECIAL, FIRST),
    },
}  # fmt: skip
"""By the kind of packet: which of its descriptors each option is taken from (§3.3.3, §3.3.7)."""
NUMBERS = {"CSO": "IC", "CSS": "IC", "SPECIAL": "VLE"}
"""Options that are numbers, and the bit without which they mean nothing."""


def judge_request(request: Request) -> Iterator[Found]:
    """Findings about a packet, or about rows that belong to none: each load of a context, each odd request."""
    yield from noted(request.noted, request.serial)
    if not request.descriptors:
        for load in request.known:
            yield from judge_load(load)
        return
    yield from _context(request)
    yield from _options(request)
    yield from _header(request)
    for one in request.descriptors:
        reserved = DATA_RESERVED if one.extended else LEGACY_RESERVED
        yield from _reserved(one, reserved | (0 if request.origin.part.reports_on_wire else TX_DATA.RPS.mask), request)


def judge_load(load: Load) -> Iterator[Found]:
    """Findings about a context descriptor, whoever uses it."""
    yield from _reserved(load, CONTEXT_RESERVED)


def _context(request: Request) -> Iterator[Found]:
    """Was the context loaded, since the reset, and for packets of this kind?"""
    context = request.context
    if context is None:
        void = [load for load in request.void if request.asks_context and request.goes_to(load) == request.slot]
        if void:
            yield found(f.CONTEXT_BEFORE_RESET, request.serial, place=void[-1].place)
    elif (wanted := request.kind == SEGMENTED) != context.segments:
        yield found(
            f.CONTEXT_OF_OTHER_KIND,
            request.serial,
            wanted=int(wanted),
            place=context.place,
            found=int(context.segments),
        )


def _options(request: Request) -> Iterator[Found]:
    """Is an option asked for on a descriptor that does not decide it, and not on the one that does?"""
    counting = COUNTING[request.kind]
    complete = request.descriptors[LAST].has(TX_DATA.EOP)
    for name, (bits, which) in counting.items():
        counts = request.descriptors[which]
        if (which == LAST and not complete) or not _means_something(name, counting, request):
            continue
        counted = take(counts.command, bits)
        for one in request.descriptors:
            value = take(one.command, bits)
            idle = value not in (0, counted) if name in NUMBERS else value & ~counted
            if one.extended == counts.extended and idle:
                yield found(
                    f.OPTION_MISPLACED,
                    request.serial,
                    place=one.place,
                    option=name,
                    found=value,
                    which="first" if which == FIRST else "last",
                    counted=counted,
                )
                break


def _means_something(name: str, counting: dict[str, tuple[Bits, int]], request: Request) -> bool:
    if name not in NUMBERS:
        return True
    bit, which = counting[NUMBERS[name]]
    return request.descriptors[which].has(bit)


def _header(request: Request) -> Iterator[Found]:
    """Does the first buffer hold all headers of a send, or each buffer whole ones?"""
    context = request.context
    if request.kind != SEGMENTED or context is None:
        return
    length = context.field(TX_CONTEXT.HDRLEN)
    ends = (context.range(RANGES.IPCSS), context.range(RANGES.TUCSS), length)
    for offset in accumulate(map(request.held, request.descriptors)):
        if offset >= length:
            return
        if offset and offset not in ends:
            yield found(f.HEADER_SPLIT, request.serial, offset=offset, ends=", ".join(map(str, ends)))
            return


def _reserved(one: Descriptor | Load, mask: int, request: Request | None = None) -> Iterator[Found]:
    if bits := one.command & mask:
        yield found(f.RESERVED_BITS, request.serial if request else None, place=one.place, bits=bits)
