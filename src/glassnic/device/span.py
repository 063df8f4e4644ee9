"""How does the engine touch bytes? By leaves over a uint8 array: load or store a quadword, copy a run or call it up,
sum words.

They are the only places where speed asks for more than plain Python over arrays: jitted, each becomes the machine's
own unaligned load, copy and vector sum, without bounds checks; plain, numpy does the same. Callers have checked every
index. All values are int64; a quadword with its top bit set is negative, which shifts and masks read rightly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassnic.device.leaf import leaf
from glassnic.jit import ENABLED

LOW32, ALL64 = 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF
LINE_BYTES = 64
"""Of a cache, on the machines that matter."""


if ENABLED:
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.extending import intrinsic

    def _address(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
        """Pointer to byte `index` of an array."""
        base = context.make_array(kind)(context, builder, array).data
        return builder.gep(base, [index])

    @intrinsic
    def _load64(typing: Any, data: Any, at: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer = _address(context, builder, signature.args[0], arguments[0], arguments[1])
            return builder.load(builder.bitcast(pointer, ir.IntType(64).as_pointer()), align=1)

        return types.int64(data, types.int64), generate

    @intrinsic
    def _store64(typing: Any, data: Any, at: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer = _address(context, builder, signature.args[0], arguments[0], arguments[1])
            builder.store(arguments[2], builder.bitcast(pointer, ir.IntType(64).as_pointer()), align=1)
            return context.get_dummy_value()

        return types.void(data, types.int64, types.int64), generate

    @intrinsic
    def _copy(typing: Any, target: Any, to: Any, source: Any, at: Any, length: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            into = _address(context, builder, signature.args[0], arguments[0], arguments[1])
            out_of = _address(context, builder, signature.args[2], arguments[2], arguments[3])
            cgutils.raw_memcpy(  # type: ignore[no-untyped-call]
                builder, into, out_of, arguments[4], 1
            )
            return context.get_dummy_value()

        return types.void(target, types.int64, source, types.int64, types.int64), generate

    @intrinsic(prefer_literal=True)
    def _prefetch(typing: Any, data: Any, at: Any, to_write: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer, word = _address(context, builder, signature.args[0], arguments[0], arguments[1]), ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [pointer.type, word, word, word])
            ask = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
                builder.module, kind, "llvm.prefetch.p0"
            )
            builder.call(ask, [pointer, word(to_write.literal_value), word(3), word(1)])  # data, to stay
            return context.get_dummy_value()

        return types.void(data, types.int64, to_write), generate

    @leaf
    def unsigned(at: int) -> int:
        """A number as an index that counts from the front: without this, numba asks each time if it is negative."""
        return np.uint64(at)  # type: ignore[return-value]

    @leaf
    def load64(data: NDArray[np.uint8], at: int) -> int:
        """The little-endian quadword at `at`, as int64; any alignment."""
        return int(_load64(data, at))  # type: ignore[call-arg, arg-type, unused-ignore]

    @leaf
    def store64(data: NDArray[np.uint8], at: int, value: int) -> None:
        """Store a little-endian quadword at `at`, all of it at once; any alignment."""
        _store64(data, at, value)  # type: ignore[call-arg, arg-type, unused-ignore]

    @leaf
    def copy(target: NDArray[np.uint8], to: int, source: NDArray[np.uint8], at: int, length: int) -> None:
        """Copy `length` bytes; the two runs do not overlap."""
        _copy(target, to, source, at, length)  # type: ignore[call-arg, arg-type, unused-ignore]

    @leaf
    def prefetch(data: NDArray[np.uint8], at: int, length: int) -> None:
        """Have `length` bytes, soon to be read, come into the cache; nobody waits for them."""
        for line in range(at, at + length, LINE_BYTES):
            _prefetch(data, line, 0)  # type: ignore[call-arg, arg-type, unused-ignore]

    @leaf
    def prefetch_to_write(data: NDArray[np.uint8], at: int, length: int) -> None:
        """The same for bytes that are soon to be written."""
        for line in range(at, at + length, LINE_BYTES):
            _prefetch(data, line, 1)  # type: ignore[call-arg, arg-type, unused-ignore]

    @leaf
    def sum_words(data: NDArray[np.uint8], start: int, end: int) -> int:
        """Sum of the little-endian 16-bit words of [start, end), an odd last byte padded on the right; not folded.

        A one's complement sum may be taken in either byte order, and in 32-bit lanes, when it is folded and swapped
        at the end.
        """
        total = 0
        quads = (end - start) >> 3
        for quad in range(quads):
            word = load64(data, start + (quad << 3))
            total += (word & LOW32) + ((word >> 32) & LOW32)
        at = start + (quads << 3)
        while at + 1 < end:
            total += int(data[unsigned(at)]) + (int(data[unsigned(at + 1)]) << 8)
            at += 2
        if at < end:
            total += int(data[unsigned(at)])
        return total

    @leaf
    def copy_summing(target: NDArray[np.uint8], to: int, source: NDArray[np.uint8], at: int, length: int) -> int:
        """`copy`, and `sum_words` of what is copied: a guest that writes meanwhile finds no second look."""
        total = 0
        quads = length >> 3
        for quad in range(quads):
            word = load64(source, at + (quad << 3))
            store64(target, to + (quad << 3), word)
            total += (word & LOW32) + ((word >> 32) & LOW32)
        for place in range(quads << 3, length):
            octet = source[unsigned(at + place)]
            target[unsigned(to + place)] = octet
            total += int(octet) << ((place & 1) << 3)
        return total

else:

    def unsigned(at: int) -> int:
        return at

    def load64(data: NDArray[np.uint8], at: int) -> int:
        return int(data[at : at + 8].view(np.int64)[0])

    def store64(data: NDArray[np.uint8], at: int, value: int) -> None:
        data[at : at + 8] = np.frombuffer((int(value) & ALL64).to_bytes(8, "little"), np.uint8)

    def copy(target: NDArray[np.uint8], to: int, source: NDArray[np.uint8], at: int, length: int) -> None:
        target[to : to + length] = source[at : at + length]

    def prefetch(data: NDArray[np.uint8], at: int, length: int) -> None:
        pass

    prefetch_to_write = prefetch

    def sum_words(data: NDArray[np.uint8], start: int, end: int) -> int:
        even = end - ((end - start) & 1)
        total = int(data[start:even].view(np.uint16).sum(dtype=np.int64)) if even > start else 0
        return total + (int(data[even]) if even < end else 0)

    def copy_summing(target: NDArray[np.uint8], to: int, source: NDArray[np.uint8], at: int, length: int) -> int:
        copy(target, to, source, at, length)
        return sum_words(source, at, at + length)


@leaf
def shift(data: NDArray[np.uint8], begin: int, length: int, by: int) -> int:
    """Move a run that may overlap its new place; says where it begins now. Seldom needed, so a plain loop."""
    if by > 0:
        for at in range(begin + length - 1, begin - 1, -1):
            data[at + by] = data[at]
    else:
        for at in range(begin, begin + length):
            data[at + by] = data[at]
    return begin + by


@leaf
def clear(data: NDArray[np.uint8], begin: int, end: int) -> None:
    """Zero [begin, end); for a few bytes a slice assignment costs more than they do."""
    for at in range(begin, end):
        data[unsigned(at)] = 0


@leaf
def fold(total: int) -> int:
    """A sum of words folded to 16 bits, and swapped to network order (§3.5.8)."""
    total = (total & LOW32) + (total >> 32)
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return ((total & 0xFF) << 8) | (total >> 8)


@leaf
def in_step(total: int, distance: int) -> int:
    """A sum of words as part of one that begins `distance` bytes before: each byte may be the other half of a word."""
    return total << 8 if distance & 1 else total


@leaf
def swap(word: int) -> int:
    """16 bits in the other byte order, that of `sum_words` or that of the network."""
    return ((word & 0xFF) << 8) | ((word >> 8) & 0xFF)


@leaf
def load_be16(data: NDArray[np.uint8], at: int) -> int:
    """The 16-bit word at `at` in network order."""
    return ((int(data[unsigned(at)]) << 8) | int(data[unsigned(at + 1)])) & 0xFFFF  # the mask makes it an int64


@leaf
def store_be16(data: NDArray[np.uint8], at: int, value: int) -> None:
    """Store 16 bits in network order."""
    data[unsigned(at)] = (value >> 8) & 0xFF
    data[unsigned(at + 1)] = value & 0xFF


@leaf
def reach(ranges: NDArray[np.int64], address: int, length: int, writable: int) -> bool:
    """Does [address, address + length) lie inside one range of guest memory, a writable one if `writable` is 1?"""
    for row in range(len(ranges)):
        if ranges[row, 0] <= address and address <= ranges[row, 1] - length and ranges[row, 2] >= writable:
            return True
    return False
