"""Where are cards to be judged? One file a kind of target; all show the same few methods (`port.py`)."""
