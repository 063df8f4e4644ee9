"""A real guest in one command: fetches QEMU and a kernel, builds the initramfs, starts card and guest, runs the
plans, reads the answers.
"""
