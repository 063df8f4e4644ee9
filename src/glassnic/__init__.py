"""glassnic: an Intel 82540EM network card in Python that real virtual machines plug in over a vfio-user socket.

It does what Intel's manual says (Software Developer's Manual for the PCI/PCI-X family) and can show why.
"""

__version__ = "0.1.0"
