"""iPXE boots a guest over the card: its own driver, legacy descriptors, no kernel given to QEMU.

The option ROM asks for an address, fetches a script by TFTP and, as that says, kernel and initramfs by HTTP.
"""

from __future__ import annotations

import sys

from glassnic.lab.errors import LabError
from glassnic.lab.lab import Lab
from glassnic.lab.machine import KERNEL_WORDS, Boot
from glassnic.lab.process import Process
from glassnic.lab.recording import Recording
from glassnic.lab.wire import PEER4, TAP

BOOTS_ITSELF = True
HTTP_PORT = 8080
BOOT_SECONDS = 240


def run(lab: Lab) -> None:
    """See the head of this file."""
    if lab.choice.model != "82540em":
        raise LabError("iPXE's option ROM is for the 82540EM: leave --model out.")
    lab.unplug_machine()
    logs = _serve(lab)
    recording = Recording(lab.wire, lab.folder / "ipxe.pcap")
    with lab.another_machine(Boot(rom=lab.kit.option_rom)) as machine:
        machine.guest.wait_until_up(BOOT_SECONDS)
        recording.stop()
        tftp, http = (log.said for log in logs)
        lab.check("iPXE gets an address and fetches its script by TFTP.", "sent " in tftp and "boot.ipxe" in tftp)
        lab.check(
            "iPXE fetches kernel and initramfs by HTTP.",
            all(f'GET /{name} HTTP/1.1" 200' in http for name in ("vmlinuz", "initrd")),
        )
        lab.check("The guest that came over the card is up.", "BOOT=ipxe" in machine.guest.must("cat /proc/cmdline"))
        lab.check("The recording has every frame that was sent.", recording.complete, recording)
        verdict = recording.verdict()
        lab.check(
            "Every frame iPXE sent is right.",
            not verdict.bad and verdict.verified["TCP sum"] > 0,
            verdict,
        )
        lab.plug()
        lab.check_kernel()
        lab.check("Linux takes the card over from iPXE.", machine.guest.run(f"ping -c 3 -i 0.2 {PEER4}").ok)


def _serve(lab: Lab) -> tuple[Process, Process]:
    """dnsmasq for DHCP and TFTP, and a web server, both inside the wire's namespace."""
    folder = lab.folder / "netboot"
    folder.mkdir(exist_ok=True)
    for name, target in (("vmlinuz", lab.kit.kernel), ("initrd", lab.kit.initramfs)):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)
    base = f"http://{PEER4}:{HTTP_PORT}"
    words = f"initrd=initrd {KERNEL_WORDS} BOOT=ipxe {lab.append}"
    script = f"#!ipxe\nkernel {base}/vmlinuz {words}\ninitrd {base}/initrd\nboot\n"
    (folder / "boot.ipxe").write_text(script)
    options = ["--no-daemon", "--conf-file=/dev/null", "--user=root", "--group=root", "--port=0", "--log-dhcp"]
    options += [f"--interface={TAP}", "--bind-interfaces", "--dhcp-range=10.0.2.100,10.0.2.150"]
    options += ["--dhcp-boot=boot.ipxe", f"--dhcp-leasefile={folder}/leases", "--enable-tftp", f"--tftp-root={folder}"]
    dnsmasq = lab.wire.start("dnsmasq", *lab.kit.tool("usr/sbin/dnsmasq"), *options)
    dnsmasq.wait_for(lambda: "started" in dnsmasq.said, 20, "its first word")
    server = (sys.executable, "-u", "-m", "http.server", str(HTTP_PORT), "--bind", PEER4, "--directory", str(folder))
    http = lab.wire.start("http", *server)
    http.wait_for(lambda: "Serving" in http.said, 20, "its first word")
    return dnsmasq, http
