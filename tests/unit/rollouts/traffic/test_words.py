"""What is said of Cloud Run is said in both languages, and its French is found again."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.rollouts.obstacles import in_french as of_reasons
from functions.rollouts.traffic import told, words
from functions.rollouts.traffic.move import ENDED, Became, Move
from tests.unit.rollouts.test_told import PENDING

FIELDS = ("service", "revision", "version", "reason", "shares", "minutes")
VALUES = st.text(string.ascii_letters + string.digits + ".-% ':", min_size=1, max_size=30)


@pytest.mark.parametrize("key", words.WORDS)
def test_both_languages_are_about_the_same(key: str) -> None:
    english, french = (set(re.findall(r"\{(\w+)\}", text)) for text in words.WORDS[key])
    assert english == french
    assert english <= set(FIELDS)


@given(st.sampled_from(sorted(words.WORDS)), st.fixed_dictionaries(dict.fromkeys(FIELDS, VALUES)))
def test_the_french_of_a_sentence_is_found_again(key: str, about: dict[str, str]) -> None:
    sentence = words.english(key, **about)
    found = words.in_french(sentence)
    assert found
    if not any(word in "".join(about.values()) for word in ("in which", "goes", "now it", ": ")):
        assert found == words.french(key, **about)


def test_what_somebody_wrote_stays_as_it_is() -> None:
    assert words.in_french("because I say so") == ""
    assert of_reasons("because I say so", PENDING) == "because I say so"
    gone = words.english(words.REVISION_GONE, revision="s-1", version="1.2.0")
    assert of_reasons(gone, PENDING).startswith("La révision s-1, où tourne 1.2.0")


@pytest.mark.parametrize("became", Became)
def test_a_move_is_told_once_it_has_ended(became: Became) -> None:
    move = Move("r1", "1.2.0", "s-1", became, 100.0, {"s-2": 100}, 110.0, 161.0, "It is gone.")
    message = told.of_move("stories", move)
    assert (message is not None) == (became in ENDED)
    if message:
        assert message.id == f"traffic-r1-{became.value}"
        for text in message.texts.values():
            assert "s-1" in text.text
            assert "1.2.0" in text.text
            assert "{" not in text.title + text.text
        if became is Became.CONFIRMED:
            assert "61 s after" in message.texts["en"].text
        else:
            assert "It is gone." in message.texts["fr"].text
