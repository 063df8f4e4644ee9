"""Where does a command line enter? Here, for `glassnic` and `python -m glassnic` alike; `cli` parses it."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit status."""
    from glassnic.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
