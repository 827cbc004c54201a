"""The pictures of messages are drawn from what is sent, and are of a size to read."""

from __future__ import annotations

import struct
from html import unescape

import pytest

from local.paths import ROOT
from tests.browser import messages
from tests.browser.message_pictures import PICTURES


@pytest.mark.parametrize("language", list(PICTURES))
def test_all_three_channels_say_the_same(language: str) -> None:
    page = unescape(messages.page(language))
    sent = messages.message().texts[language]
    assert page.count(sent.title) >= 3
    assert page.count(sent.text) == 3
    assert page.count("docs/runbooks/p1-error-rate.md") >= 4


@pytest.mark.parametrize("language", list(PICTURES))
def test_the_pictures_are_there(language: str) -> None:
    name, size = PICTURES[language]
    data = (ROOT / "docs" / "images" / name).read_bytes()
    assert struct.unpack(">II", data[16:24]) == tuple(map(int, size.split(",")))


def test_what_happened_since_when_how_much_what_was_done_and_what_to_do() -> None:
    text = messages.message().texts["en"].text
    for part in (
        "Error rate: 12.5 % over 60 s; more than 5 % is too much. 12 of 96 requests failed.",
        "Since 2027-01-15 08:00:00 UTC.",
        "Palier rolled back",
        "What to do: docs/runbooks/p1-error-rate.md",
    ):
        assert part in text
