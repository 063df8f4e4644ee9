"""What bytes does a driver lay into a ring? Encoders for the 16-byte transmit descriptors (§3.3.3, §3.3.6, §3.3.7).

Fields are keyword arguments under the manual's names: `encode_data(address, length, EOP=1, IFCS=1)`. What is not named
is 0, but for the bits that make the descriptor the kind it is. Silly values are welcome where the field can hold them.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

from glassnic.spec.bits import Bits, put
from glassnic.spec.descriptors import DTYP_CONTEXT, DTYP_DATA, RANGES, TX_CONTEXT, TX_DATA

_QUADS = Struct("<QQ")


def encode_context(**fields: int) -> bytes:
    """A context descriptor (§3.3.6): IPCSS ... TUCSE, PAYLEN, HDRLEN, MSS, TSE, IP, TCP, RS, IDE."""
    low = {name: value for name, value in fields.items() if name in RANGES._fields}
    high = {name: value for name, value in fields.items() if name not in low}
    return _QUADS.pack(_word(RANGES, low), _word(TX_CONTEXT, {"DEXT": 1, "DTYP": DTYP_CONTEXT} | high))


def encode_data(address: int, length: int, **fields: int) -> bytes:
    """An extended data descriptor (§3.3.7) for `length` bytes at guest physical `address`."""
    return _QUADS.pack(address, _word(TX_DATA, {"DEXT": 1, "DTYP": DTYP_DATA, "DTALEN": length} | fields))


def encode_legacy(address: int, length: int, **fields: int) -> bytes:
    """A legacy descriptor (§3.3.3) for `length` bytes at guest physical `address`; also with CSS, CSO, IC."""
    return _QUADS.pack(address, _word(TX_DATA, {"LENGTH": length} | fields))


def _word(layout: Any, fields: dict[str, int]) -> int:
    """A quadword with these fields set. ValueError for a name the layout lacks, or a value that does not fit."""
    word = 0
    for name, value in fields.items():
        bits = getattr(layout, name, None)
        if not isinstance(bits, Bits):
            raise ValueError(f"{name} is no field of this descriptor; there are {', '.join(layout._fields)}")
        if not 0 <= value < 1 << bits.width:
            raise ValueError(f"{name} has {bits.width} bits: {value} does not fit")
        word = put(word, bits, value)
    return word
