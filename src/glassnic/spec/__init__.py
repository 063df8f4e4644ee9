"""What the manual says, as data: registers, bits, descriptors, events, models and profiles. Imports nothing of ours but itself."""
