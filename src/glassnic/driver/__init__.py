"""A guest's driver over any card one can read and write: for tests, demo, bench and conformance."""

from glassnic.driver.descriptors import encode_context, encode_data, encode_legacy
from glassnic.driver.driver import Card, Driver, DriverError, Memory
from glassnic.driver.in_process import InProcess

__all__ = [
    "Card",
    "Driver",
    "DriverError",
    "InProcess",
    "Memory",
    "encode_context",
    "encode_data",
    "encode_legacy",
]
