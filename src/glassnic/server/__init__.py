"""`glassnic serve`: cards, clients and backends joined in one loop. Start reading at `loop.py`, then `card.py`."""
