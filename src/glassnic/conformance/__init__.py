"""Is this card right, and whose card is it? Programs made from the manual, run on any implementation of the 8254x."""
