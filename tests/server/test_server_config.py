"""Does the configuration say which cards there are, and each mistake in one sentence?"""

from __future__ import annotations

from pathlib import Path

import pytest

from glassnic.server.config import CardConfig, ConfigError, card_of, places, read_file, runtime_folder
from glassnic.xray.pcapng import CaptureError
from glassnic.xray.sink import refuse_shared


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def mistake(path: Path, text: str) -> str:
    """The sentence with which a file is refused."""
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        read_file(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_without_options_there_is_one_card_with_the_built_in_host(runtime: Path) -> None:
    card = card_of(CardConfig.name, {})
    assert card.path == runtime / "glassnic" / "e1000.sock"
    assert (card.net, card.model, card.profile) == ("host", "82540em", "manual")


def test_a_file_has_one_table_a_card(tmp_path: Path, runtime: Path) -> None:
    path = tmp_path / "cards.toml"
    path.write_text('[office]\nsocket = "/tmp/o.sock"\nnet = "null"\nmac = "52:54:00:00:00:01"\n[lab]\neeprom = "e"\n')
    office, lab = read_file(path)
    assert (office.name, office.path, office.net) == ("office", Path("/tmp/o.sock"), "null")
    assert (lab.path, lab.eeprom) == (runtime / "glassnic" / "lab.sock", Path("e"))


def test_an_unknown_key_is_named_with_those_that_are_known(tmp_path: Path) -> None:
    sentence = mistake(tmp_path / "cards.toml", '[office]\nnett = "host"\n')
    assert "'nett'" in sentence
    assert "office" in sentence
    assert "net," in sentence


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[office]\nnet = 3\n", "quotes"),
        ("net = 'host'\n", "outside"),
        ("", "names no card"),
        ("[office\n", "not a TOML file"),
    ],
)
def test_each_mistake_in_a_file_has_its_sentence(tmp_path: Path, text: str, word: str) -> None:
    assert word in mistake(tmp_path / "cards.toml", text)


@pytest.mark.parametrize(
    ("options", "which"),
    [
        ({"pcapng": "x.json,size=1M"}, "--pcapng"),
        ({"record": "x.json"}, "--record"),
        ({"net": "pcap:./x.json"}, "--net"),
        ({"control": "x.json"}, "--control"),
    ],
)
def test_one_place_for_two_ends_is_refused(options: dict[str, str], which: str) -> None:
    cards = [card_of(CardConfig.name, options)]
    refuse_shared([("--findings", "y.json"), *places(cards)])
    with pytest.raises(CaptureError, match=f"cannot be for --findings and for {which}: give each a place of its own"):
        refuse_shared([("--findings", "x.json"), *places(cards)])


def test_a_file_that_is_not_there_has_its_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_file(tmp_path / "none.toml")


def test_the_runtime_folder_is_the_users_alone(runtime: Path) -> None:
    assert runtime_folder() == runtime / "glassnic"
    assert runtime_folder().stat().st_mode & 0o777 == 0o700


def test_a_runtime_folder_that_others_may_enter_is_not_used() -> None:
    runtime_folder().chmod(0o755)
    with pytest.raises(ConfigError, match="--socket"):
        runtime_folder()


def test_without_a_runtime_folder_of_the_session_there_is_one_of_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "gone"))
    assert runtime_folder().name.startswith("glassnic-")
