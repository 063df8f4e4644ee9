"""What is in the guest? busybox, the drivers of the network card with what they lean on, a few tools with their
libraries, and an init that loads nothing of the network until it is told. It is written once per kernel and recipe,
uncompressed: unpacking is what an emulated processor is slow at.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import re
import subprocess
from pathlib import Path

from glassnic.lab import traffic
from glassnic.lab.cpio import Archive
from glassnic.lab.errors import LabError
from glassnic.lab.fetch import LIBRARIES, LOADER, Fetched

DRIVERS = ("e1000", "e1000e", "8021q")
PROGRAMS = ("usr/bin/iperf3", "usr/sbin/ethtool")
# Loaded at run time, so no header names it: threads ask for it when they are cancelled.
LIBRARIES_UNNAMED = (f"{LIBRARIES}/libgcc_s.so.1",)
PYTHON_SKIPS = {
    "email",
    "urllib",
    "ssl.py",
    "asyncio",
    "zipfile",
    "test",
    "tracemalloc.py",
    "lib-dynload",
    "compileall.py",
}
FOLDERS = ("dev", "proc", "sys", "run", "tmp", "root", "etc", "usr/sbin", "var/run")

INIT = r"""#!/bin/sh
# Process 1 of the guest: a shell on the first serial port, on the second an agent that runs what the host asks for.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
mkdir -p /dev/shm /dev/pts
hostname guest
ip link set lo up
agent() {
    stty -F /dev/ttyS1 raw -echo
    exec 3<>/dev/ttyS1
    echo READY >&3
    while read -r token seconds command <&3; do
        echo "$command" | base64 -d >/run/command
        timeout -k 5 "$seconds" sh /run/command >/run/answer 2>&1 </dev/null
        status=$?
        { echo "BEGIN $token"; base64 /run/answer; echo "END $token $status"; } >&3
    done
}
agent &
cd /root
setsid cttyhack sh -l
poweroff -f
"""

PROFILE = r"""export PS1='guest:\w# ' PATH=/bin:/sbin:/usr/bin:/usr/sbin
"""

AWAIT_CARRIER = r"""#!/bin/sh
# await-carrier SECONDS: wait until eth0's link is up
tries=$(($1 * 20))
until read up </sys/class/net/eth0/carrier && [ "$up" = 1 ]; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || exit 1
    sleep 0.05
done 2>/dev/null
"""

# What udhcpc runs with the lease; addresses only, as the guest asks no names.
LEASE = r"""#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev "$interface" scope global
ip addr add "$ip/${mask:-24}" dev "$interface"
[ -z "$router" ] || ip route replace default via "${router%% *}" dev "$interface"
: >/etc/resolv.conf
for server in $dns; do echo "nameserver $server" >>/etc/resolv.conf; done
"""


def build(tools: Fetched, kernel_version: str) -> Path:
    """The initramfs for this kernel, beside the tree it is made from; made when it isn't there yet."""
    recipe = (Path(__file__).read_text(), Path(traffic.__file__).read_text())
    digest = hashlib.sha256(repr(recipe).encode()).hexdigest()[:8]
    place = tools.root.parent / f"initramfs-{kernel_version}-{digest}.cpio"
    if place.exists():
        return place
    work = place.with_name(f"{place.name}.{os.getpid()}")
    with work.open("wb") as out:
        archive = Archive(out)
        for folder in FOLDERS:
            archive.folder(folder)
        archive.device("dev/console", 5, 1)
        archive.file("init", INIT.encode(), 0o755)
        archive.file("etc/profile", PROFILE.encode())
        archive.file("etc/passwd", b"root::0:0:root:/root:/bin/sh\n")
        archive.file("etc/udhcpc/default.script", LEASE.encode(), 0o755)
        archive.file("bin/await-carrier", AWAIT_CARRIER.encode(), 0o755)
        archive.copy("lib/traffic.py", Path(traffic.__file__))
        _add_busybox(archive, tools)
        _add_modules(archive, tools, kernel_version)
        _add_programs(archive, tools)
        archive.close()
    work.rename(place)
    return place


def _add_busybox(archive: Archive, tools: Fetched) -> None:
    busybox = tools.root / "usr/bin/busybox"
    archive.copy("bin/busybox", busybox)
    applets = subprocess.run([str(busybox), "--list"], capture_output=True, text=True, check=True).stdout.split()
    for applet in applets:
        if applet != "busybox":
            archive.link(f"bin/{applet}", "busybox")
    archive.link("sbin", "bin")


def _add_modules(archive: Archive, tools: Fetched, kernel_version: str) -> None:
    """The drivers and what they depend on, unpacked, with the modules.dep that busybox's modprobe reads."""
    folder = tools.root / "usr/lib/modules" / kernel_version
    found = {path.name.split(".")[0].replace("-", "_"): path for path in folder.rglob("*.ko*")}
    needs: dict[str, list[str]] = {}
    wanted = list(DRIVERS)
    for name in wanted:  # grows as dependencies turn up
        if name not in found:
            raise LabError(f"The kernel {kernel_version} has no module {name}: remove {tools.root} and start again.")
        data = found[name].read_bytes()
        data = lzma.decompress(data) if found[name].suffix == ".xz" else data
        archive.file(f"lib/modules/{kernel_version}/{name}.ko", data)
        needs[name] = module_dependencies(data)
        wanted += [need for need in needs[name] if need not in wanted]
    lines = [f"{name}.ko: {' '.join(f'{need}.ko' for need in all_needs(name, needs))}\n" for name in needs]
    archive.file(f"lib/modules/{kernel_version}/modules.dep", "".join(lines).encode())


def all_needs(name: str, needs: dict[str, list[str]]) -> list[str]:
    """What has to be loaded before `name`, in modules.dep's order: the first to load comes last."""
    order: list[str] = []
    for need in needs[name]:
        for step in (need, *all_needs(need, needs)):
            if step in order:
                order.remove(step)
            order.append(step)
    return order


def module_dependencies(module: bytes) -> list[str]:
    """The modules that a .ko names in its `depends=` record."""
    record = re.search(rb"\0depends=([a-z0-9_,-]*)\0", module, re.IGNORECASE)
    return [name.replace("-", "_") for name in record[1].decode().split(",") if name] if record else []


def _add_programs(archive: Archive, tools: Fetched) -> None:
    """Tools and Python with their libraries, where the loader seeks them; Python compiled, as the guest is slow."""
    python = next(
        path for path in sorted((tools.root / "usr/bin").glob("python3.*")) if re.fullmatch(r"python3\.\d+", path.name)
    )
    programs = [*PROGRAMS, f"usr/bin/{python.name}"]
    libraries = {library for program in programs for library in tools.libraries(program)}
    libraries |= {tools.root / name for name in LIBRARIES_UNNAMED}
    for program in programs:
        archive.copy(program, tools.root / program)
    for library in sorted(libraries):
        archive.copy(f"{LIBRARIES}/{library.name}", library)
    archive.copy("lib64/ld-linux-x86-64.so.2", tools.root / LOADER)
    archive.link("usr/bin/python3", python.name)
    archive.link("lib/x86_64-linux-gnu", f"/{LIBRARIES}")
    standard = tools.root / "usr/lib" / python.name
    archive.folder(f"usr/lib/{python.name}/lib-dynload")  # Python looks for it and complains
    environment = {**os.environ, "PYTHONHOME": str(tools.root / "usr")}
    command = [
        *tools.command(f"usr/bin/{python.name}"),
        "-S",
        "-m",
        "compileall",
        "-q",
        "--invalidation-mode",
        "unchecked-hash",
        str(standard),
    ]
    subprocess.run(command, capture_output=True, check=False, env=environment)
    for path in sorted(standard.rglob("*")):
        inside = path.relative_to(standard)
        if path.is_file() and not path.is_symlink() and not PYTHON_SKIPS.intersection(inside.parts):
            archive.copy(f"usr/lib/{python.name}/{inside}", path)
