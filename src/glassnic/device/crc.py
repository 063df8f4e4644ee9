"""What is the frame check sequence of these bytes? The CRC-32 of IEEE 802.3, as fast as a frame is copied.

A card that stores the FCS (RCTL.SECRC=0, §13.4.22) needs one for every frame it delivers, so it must not cost more
than the rest. Jitted, 64 bytes at a time are folded by carry-less multiplication where the machine has it: to put 128
bits n bits further on is to multiply them by x^n, and only the remainder of x^n modulo the polynomial is needed for
that. What is left, and everything on machines without it, goes through tables of eight bytes a step. Plain, it is
zlib's. Callers have checked every index.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from glassnic.device.leaf import leaf
from glassnic.device.span import load64
from glassnic.jit import ENABLED, kernel

POLYNOMIAL = 0x1_04C1_1DB7
REFLECTED = 0xEDB8_8320
ALL_ONES = 0xFFFF_FFFF
LANES_BYTES = 64
"""Four lanes of 16 bytes are folded side by side: the multiplier is busy while one waits."""


def remainder(bits: int) -> int:
    """x^bits modulo the polynomial, lowest power first, moved up by one: a product of reflected numbers wants that."""
    power = 1
    for _ in range(bits):
        power <<= 1
        if power >> 32:
            power ^= POLYNOMIAL
    return int(f"{power:032b}"[::-1], 2) << 1


def _tables() -> NDArray[np.int64]:
    """Row n: what a byte does to the CRC when n zero bytes follow it."""
    rows = np.zeros((8, 256), np.int64)
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (REFLECTED if crc & 1 else 0)
        rows[0, byte] = crc
    for row in range(1, 8):
        rows[row] = rows[0][rows[row - 1] & 0xFF] ^ (rows[row - 1] >> 8)
    return rows


if ENABLED:
    import numba
    from llvmlite import binding, ir
    from numba.core import types
    from numba.extending import intrinsic

    TABLES = _tables()
    FAR = (remainder(8 * LANES_BYTES + 32), remainder(8 * LANES_BYTES - 32))
    NEAR = (remainder(128 + 32), remainder(128 - 32))
    settings: Any = numba.config
    # Code for a machine chosen by name may lack what this machine has.
    FOLDS = settings.CPU_NAME is None and bool(binding.get_host_cpu_features().get("pclmul"))

    @intrinsic
    def _multiply(typing: Any, a: Any, b: Any) -> Any:
        """The carry-less product of two quadwords, as its low and its high one."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pair, index = ir.VectorType(ir.IntType(64), 2), ir.IntType(32)
            name = "llvm.x86.pclmulqdq"
            function = builder.module.globals.get(name) or ir.Function(
                builder.module, ir.FunctionType(pair, [pair, pair, ir.IntType(8)]), name
            )
            empty = ir.Constant(pair, ir.Undefined)
            low = [builder.insert_element(empty, argument, index(0)) for argument in arguments]
            product = builder.call(function, [*low, ir.IntType(8)(0)])
            halves = [builder.extract_element(product, index(half)) for half in range(2)]
            return context.make_tuple(builder, signature.return_type, halves)

        pair_type: Any = types.UniTuple
        return pair_type(types.int64, 2)(types.int64, types.int64), generate

    multiply: Callable[[int, int], tuple[int, int]] = cast(Any, _multiply)

    @leaf
    def further(low: int, high: int, by: tuple[int, int]) -> tuple[int, int]:
        """128 bits moved on by a distance, modulo the polynomial."""
        a, b = multiply(low, by[0]), multiply(high, by[1])
        return a[0] ^ b[0], a[1] ^ b[1]

    @leaf
    def eight(crc: int, quadword: int) -> int:
        """The CRC after eight more bytes."""
        word = quadword ^ crc
        crc = TABLES[7, word & 0xFF] ^ TABLES[6, (word >> 8) & 0xFF]
        crc ^= TABLES[5, (word >> 16) & 0xFF] ^ TABLES[4, (word >> 24) & 0xFF]
        crc ^= TABLES[3, (word >> 32) & 0xFF] ^ TABLES[2, (word >> 40) & 0xFF]
        return int(crc ^ TABLES[1, (word >> 48) & 0xFF] ^ TABLES[0, (word >> 56) & 0xFF])

    @leaf
    def fold_lanes(data: NDArray[np.uint8], start: int, blocks: int) -> int:
        """The CRC, not yet inverted, over `blocks` times 64 bytes, at least one."""
        a0, a1 = load64(data, start) ^ ALL_ONES, load64(data, start + 8)
        b0, b1 = load64(data, start + 16), load64(data, start + 24)
        c0, c1 = load64(data, start + 32), load64(data, start + 40)
        d0, d1 = load64(data, start + 48), load64(data, start + 56)
        for block in range(1, blocks):
            at = start + block * LANES_BYTES
            a0, a1 = further(a0, a1, FAR)
            b0, b1 = further(b0, b1, FAR)
            c0, c1 = further(c0, c1, FAR)
            d0, d1 = further(d0, d1, FAR)
            a0, a1 = a0 ^ load64(data, at), a1 ^ load64(data, at + 8)
            b0, b1 = b0 ^ load64(data, at + 16), b1 ^ load64(data, at + 24)
            c0, c1 = c0 ^ load64(data, at + 32), c1 ^ load64(data, at + 40)
            d0, d1 = d0 ^ load64(data, at + 48), d1 ^ load64(data, at + 56)
        a0, a1 = further(a0, a1, NEAR)
        b0, b1 = further(a0 ^ b0, a1 ^ b1, NEAR)
        c0, c1 = further(b0 ^ c0, b1 ^ c1, NEAR)
        return eight(eight(0, c0 ^ d0), c1 ^ d1)

    @kernel
    def crc32(data: NDArray[np.uint8], start: int, end: int) -> int:
        """The FCS over [start, end); it goes on the wire lowest byte first."""
        crc = ALL_ONES
        blocks = (end - start) // LANES_BYTES if FOLDS else 0
        if blocks:
            crc = fold_lanes(data, start, blocks)
        at = start + blocks * LANES_BYTES
        while at + 8 <= end:
            crc = eight(crc, load64(data, at))
            at += 8
        while at < end:
            crc = (crc >> 8) ^ int(TABLES[0, (crc ^ int(data[at])) & 0xFF])
            at += 1
        return crc ^ ALL_ONES

else:

    def crc32(data: NDArray[np.uint8], start: int, end: int) -> int:
        return zlib.crc32(data[start:end].data)
