"""How packets read: one file a protocol, one shape a file. `X.parse(data)` gives an `X`, `x.encode()` the bytes."""
