"""How does one watch a card that runs? Over its control socket: `glassnic ctl` and `glassnic top`; no device here."""
