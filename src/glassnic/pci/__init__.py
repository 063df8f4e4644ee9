"""The card as a function on a PCI bus: configuration space, BAR decoding, the interrupt pin and MSI."""
