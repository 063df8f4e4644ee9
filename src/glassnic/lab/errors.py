"""What can go wrong on the host before or while a guest runs? Every such case ends as one clear sentence that says
what to do.
"""

from __future__ import annotations


class LabError(Exception):
    """One sentence for the person at the terminal; `str(error)` is all there is to print."""
