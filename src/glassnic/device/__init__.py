"""What the silicon does: a sans-IO core. Bytes and time go in; frames and an interrupt level come out."""
