"""Are modules loaded after what they lean on, and are the guest's scripts sound?"""

from __future__ import annotations

import subprocess

import pytest

from glassnic.lab.initramfs import AWAIT_CARRIER, INIT, LEASE, all_needs, module_dependencies


@pytest.mark.parametrize(
    ("module", "needs"),
    [
        (b"\x7fELF\0license=GPL\0depends=mrp,garp\0retpoline=Y\0", ["mrp", "garp"]),
        (b"\0depends=snd-pcm\0name=x\0", ["snd_pcm"]),
        (b"\0depends=\0name=e1000\0", []),
        (b"no such record", []),
    ],
)
def test_a_module_names_what_it_depends_on(module: bytes, needs: list[str]) -> None:
    assert module_dependencies(module) == needs


def test_what_is_needed_loads_before_what_needs_it_however_deep() -> None:
    needs = {"8021q": ["garp", "mrp"], "garp": ["stp", "llc"], "stp": ["llc"], "llc": [], "mrp": ["llc"]}
    order = all_needs("8021q", needs)[::-1]  # modules.dep is read from the end
    assert sorted(order) == ["garp", "llc", "mrp", "stp"]
    for name in order:
        assert all(order.index(need) < order.index(name) for need in needs[name])


@pytest.mark.parametrize("script", [INIT, LEASE, AWAIT_CARRIER])
def test_the_guests_scripts_are_valid_shell(script: str) -> None:
    assert subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True, check=False).stderr == ""
