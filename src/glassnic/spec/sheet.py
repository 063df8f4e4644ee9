"""How does the register table read on paper? As Markdown, made from the rows by `make docs` (§13.4 to §13.8).

`python -m glassnic.spec.sheet` prints it.
"""

from __future__ import annotations

from glassnic.spec.fields import WORDS
from glassnic.spec.models import MODELS
from glassnic.spec.registers import REGISTERS, Access, Register

HEAD = """\
# Registers

Made from `src/glassnic/spec/registers.py` by `make docs`. Offsets are bytes into BAR0; sections are those of Intel's 8254x manual.

| offset | name | access | writable | reset | what | section |
| --- | --- | --- | --- | --- | --- | --- |
"""


def row(name: str, register: Register) -> str:
    """One register or register array as a line of the table."""
    offset = f"{register.offset:05x}"
    if register.number > 1:
        offset += f" + {register.stride}n, n < {register.number}"
    access = register.access
    writable = f"{register.writable:08x}" if access in (Access.RW, Access.W1C, Access.W1S, Access.WO) else ""
    return f"| {offset} | {name} | {access.name} | {writable} | {register.reset:08x} | {register.title} | {register.section} |\n"


def fields() -> str:
    """Each word's fields, high bits last."""
    out = "\n## Fields\n\n| register | fields: bits |\n| --- | --- |\n"
    for name, word in WORDS.items():
        parts = [
            f"{field} {bits.lo}" if bits.width == 1 else f"{field} {bits.lo + bits.width - 1}:{bits.lo}"
            for field, bits in zip(word._fields, word, strict=True)  # type: ignore[attr-defined]
        ]
        out += f"| {name} | {', '.join(parts)} |\n"
    return out


def sheet() -> str:
    """The whole document."""
    out = HEAD + "".join(row(name, register) for name, register in REGISTERS.items())
    out += "\n## Access classes\n\n" + "".join(f"- **{access.name}**: {access.value}\n" for access in Access)
    out += "\n## Models\n\n"
    for model in MODELS.values():
        lacking = f"; without {', '.join(sorted(model.absent))}" if model.absent else ""
        out += f"- **{model.name}**: {model.title}, 8086:{model.device_id:04X}{lacking}\n"
    return out + fields()


if __name__ == "__main__":
    print(sheet(), end="")
