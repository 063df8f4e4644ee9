"""`glassnic bench`: how fast the card is, side by side with others. Start reading at `table.py`, then `run.py`."""
