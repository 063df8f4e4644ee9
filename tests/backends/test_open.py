"""Does `--net TEXT` open what it names, and say in one sentence what is wrong with any other text?"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnic.backends import FORMS, BackendError, open_backend
from glassnic.backends.host import Host
from glassnic.backends.loopback import Loopback
from glassnic.backends.null import Null
from glassnic.backends.pcap import Pcap


def test_each_word_opens_its_backend(tmp_path: Path) -> None:
    kinds = {"host": Host, "loopback": Loopback, "null": Null, f"pcap:{tmp_path}/a.pcap": Pcap}
    for text, kind in kinds.items():
        backend = open_backend(text)
        assert type(backend) is kind
        backend.close()


def test_an_unknown_word_is_answered_with_all_that_there_are() -> None:
    with pytest.raises(BackendError) as caught:
        open_backend("bridge:br0")
    assert "no backend 'bridge'" in str(caught.value)
    assert all(form in str(caught.value) for form in FORMS)


@pytest.mark.parametrize("form", [form for form in FORMS if ":" in form])
def test_a_word_that_needs_more_says_what(form: str) -> None:
    name = form.partition(":")[0]
    for text in (name, f"{name}:"):
        with pytest.raises(BackendError) as caught:
            open_backend(text)
        assert f"write {form}" in str(caught.value)


@pytest.mark.parametrize("form", [form for form in FORMS if ":" not in form])
def test_a_word_that_takes_nothing_says_so(form: str) -> None:
    with pytest.raises(BackendError, match=f"takes nothing behind it: write {form}"):
        open_backend(f"{form}:x")


@given(st.text(max_size=30))
def test_any_other_text_is_one_sentence_and_nothing_worse(text: str) -> None:
    with pytest.raises(BackendError) as caught:
        open_backend("x" + text)
    assert len(str(caught.value)) > len(text)
