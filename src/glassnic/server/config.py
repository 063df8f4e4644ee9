"""Which cards are to be served, and how? Options of the command line, or a TOML file with one table a card.

A file's keys are the options' names:

    [office]
    socket = "/run/user/1000/glassnic/office.sock"
    net = "tap:tap0"
    mac = "52:54:00:12:34:57"

Every mistake is a `ConfigError` of one sentence.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

DEFAULT_NAME = "e1000"


class ConfigError(Exception):
    """The cards cannot be made as asked; the message is one sentence for the user."""


@dataclass(frozen=True)
class CardConfig:
    """One card. `socket` None stands for a socket of the card's name in the user's runtime folder."""

    name: str = DEFAULT_NAME
    socket: Path | None = None
    net: str = "host"
    model: str = "82540em"
    profile: str = "manual"
    mac: str | None = None
    eeprom: Path | None = None
    pcapng: str | None = None
    record: str | None = None
    control: Path | None = None

    @property
    def path(self) -> Path:
        """Where the card listens."""
        return self.socket or runtime_folder() / f"{self.name}.sock"


OPTIONS = tuple(field.name for field in fields(CardConfig) if field.name != "name")
"""What can be set for a card, by the names of options and keys alike."""

_PATHS = ("socket", "eeprom", "control")


def card_of(name: str, options: dict[str, Any]) -> CardConfig:
    """A card from the options that were given."""
    for key, value in options.items():
        if key not in OPTIONS:
            raise ConfigError(f"the card {name!r} has an unknown key {key!r}: known are {', '.join(OPTIONS)}")
        if not isinstance(value, str):
            raise ConfigError(f"{key} of the card {name!r} must be a text in quotes, not {value!r}")
    typed: dict[str, Any] = {key: Path(value) if key in _PATHS else value for key, value in options.items()}
    return replace(CardConfig(name), **typed)


def read_file(path: Path) -> list[CardConfig]:
    """The cards of a TOML file."""
    try:
        tables = tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} is not a TOML file: {error}") from error
    loose = [key for key, value in tables.items() if not isinstance(value, dict)]
    if loose:
        raise ConfigError(f"{path} sets {loose[0]!r} outside every card: put it below a line [NAME]")
    if not tables:
        raise ConfigError(f"{path} names no card: give each a table, as in [{DEFAULT_NAME}]")
    return [card_of(name, options) for name, options in tables.items()]


def places(cards: Sequence[CardConfig]) -> Iterator[tuple[str, object]]:
    """What is written or listened at, and which option asks for it."""
    for card in cards:
        whose = f" of {card.name}" if len(cards) > 1 else ""
        yield f"--socket{whose}", card.path
        for name in ("control", "pcapng", "record", "eeprom"):
            yield f"--{name}{whose}", getattr(card, name)
        form, _, path = card.net.partition(":")
        yield f"--net{whose}", path if form == "pcap" else None


def runtime_folder() -> Path:
    """The folder for sockets of this user, which nobody else may enter; made if need be."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base, "glassnic") if base and Path(base).is_dir() else Path(f"/tmp/glassnic-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.stat(follow_symlinks=False)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made: {error.strerror}; choose a place with --socket") from error
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise ConfigError(f"others may enter {folder}, so no socket is put there: choose a place with --socket")
    return folder
