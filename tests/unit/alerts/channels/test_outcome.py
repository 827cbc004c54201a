"""What an answer means, and what of it may be read."""

from __future__ import annotations

import pytest

from functions.alerts.channels.outcome import Answer, Became, in_a_line, of_answer


@pytest.mark.parametrize(
    ("status", "became"),
    [
        (200, Became.TAKEN),
        (202, Became.TAKEN),
        (299, Became.TAKEN),
        (301, Became.LATER),
        (307, Became.LATER),
        (400, Became.NEVER),
        (401, Became.LATER),
        (403, Became.LATER),
        (404, Became.LATER),
        (410, Became.GONE),
        (413, Became.NEVER),
        (422, Became.NEVER),
        (429, Became.LATER),
        (500, Became.LATER),
        (503, Became.LATER),
        (599, Became.LATER),
        (999, Became.LATER),
    ],
)
def test_a_status(status: int, became: Became) -> None:
    assert of_answer(Answer(status)).became is became


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("", None),
        ("0", 0.0),
        ("120", 120.0),
        (" 30 ", 30.0),
        ("999999", 3600.0),
        ("-5", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("9" * 400, None),
    ],
)
def test_retry_after(header: str, wait: float | None) -> None:
    assert of_answer(Answer(429, "", header)).wait == wait


SECRET_PATH = "/services/T00/B00/XyzSECRET123"


@pytest.mark.parametrize(
    "page",
    [
        f"<pre>Cannot POST {SECRET_PATH}</pre>",
        "Cannot POST &#x2F;services&#x2F;T00&#x2F;B00&#x2F;XyzSECRET123",
        "no route for %2Fservices%2FT00%2FB00%2FXyzSECRET123?token=XyzSECRET123",
        "invalid_payload XyzSECRET123",
        "XyzSECRET",
    ],
)
@pytest.mark.parametrize("status", [302, 400, 404, 410, 429, 500, 999])
def test_nothing_of_an_error_page_is_kept(status: int, page: str) -> None:
    """It may repeat the address that it was called by, which is the secret of a webhook."""
    said = of_answer(Answer(status, page)).reason
    assert said == of_answer(Answer(status)).reason
    assert said.startswith(str(status))


def test_a_plain_word_of_slack_is_kept() -> None:
    assert of_answer(Answer(404, "no_service\n")).reason == "404 Not Found: no_service"


def test_a_reason_is_a_short_line() -> None:
    said = in_a_line("no\r\nway \x1b[31m" + "x" * 500)
    assert said.startswith("no way")
    assert len(said) <= 200
    assert said.isprintable()
