"""The vfio-user protocol: a PCI device served over a UNIX socket to QEMU 10.1 and later."""
