"""Is the frame check sequence right? Ours, jitted and plain, against zlib's, over every length and alignment."""

from __future__ import annotations

import random
from zlib import crc32

import numpy as np
import pytest

from glassnic.device import crc as jitted
from plain import plain

pytestmark = pytest.mark.kernel

KINDS = {"plain": plain("glassnic.device.crc"), "jitted": jitted}
NOISE = random.Random(1).randbytes(20_000)
ARRAY = np.frombuffer(NOISE, np.uint8).copy()


@pytest.mark.parametrize("kind", KINDS)
def test_the_fcs_is_zlibs_for_every_length_up_to_300_bytes(kind: str) -> None:
    ours = [KINDS[kind].crc32(ARRAY, 5, 5 + length) for length in range(300)]
    assert ours == [crc32(NOISE[5 : 5 + length]) for length in range(300)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_fcs_is_zlibs_for_every_alignment_and_for_long_frames(kind: str) -> None:
    for start in range(64):
        for length in (60, 64, 128, 1510, 9014, 16380):
            assert KINDS[kind].crc32(ARRAY, start, start + length) == crc32(NOISE[start : start + length])
