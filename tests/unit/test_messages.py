"""What end users read: every code in both languages."""

from __future__ import annotations

import pytest

from functions import messages
from functions.errors import ALL, OPENAI_STATUSES, Internal, NotFound, OpenAIError, RateLimited

CODES = {kind.code for kind in ALL}
REASONS = {"OPENAI_ERROR": set(OPENAI_STATUSES), "RATE_LIMITED": {"an_hour", "a_day", "at_once"}}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_both_languages(code: str) -> None:
    english, french = messages.TEXTS[code]
    assert english != french
    assert english.endswith(".")
    assert french.endswith(".")


def test_no_text_without_a_code() -> None:
    for name in messages.TEXTS:
        code, _, reason = name.partition("/")
        assert code in CODES
        assert not reason or reason in REASONS[code]


def test_a_reason_may_have_a_text_of_its_own() -> None:
    bad_prompt = OpenAIError("x", reason="bad_prompt")
    assert messages.for_user(bad_prompt, "en") == messages.TEXTS["OPENAI_ERROR/bad_prompt"][0]
    assert messages.for_user(bad_prompt, "fr") == messages.TEXTS["OPENAI_ERROR/bad_prompt"][1]
    rate = OpenAIError("x", reason="rate")
    assert messages.for_user(rate, "fr") == messages.TEXTS["OPENAI_ERROR"][1]


def test_what_happened_inside_is_not_told() -> None:
    assert "secret" not in messages.for_user(Internal("secret"), "en")
    assert (
        messages.for_user(NotFound("x", extra={"reason": ["odd"]}), "de")
        == (messages.TEXTS["NOT_FOUND"][0])
    )
    assert messages.for_user(RateLimited("x"), "fr").startswith("Trop de demandes")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "fr"),
        ("fr-CH, en;q=0.8", "fr"),
        ("FR-ch;q=0.9", "fr"),
        ("de, fr;q=0.5, en;q=0.2", "fr"),
        ("en-GB,fr", "en"),
        ("frr, fry", "en"),
        ("*", "en"),
        (",;-,", "en"),
    ],
)
def test_the_language_named_first(header: str | None, language: str) -> None:
    assert messages.preferred(header) == language
