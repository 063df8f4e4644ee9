"""Who touches the card: transports bring a guest's accesses and its memory, and carry interrupts back."""
