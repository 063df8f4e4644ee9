"""A guest's driver in sixty lines, over any card one can read and write; tests, demo, bench and conformance use it."""
