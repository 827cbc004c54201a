"""What an answer means, and what of it may be read."""

from __future__ import annotations

import pytest

from functions.alerts.channels.outcome import Answer, Became, of_answer, without


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


def test_a_reason_is_a_short_line_without_secrets() -> None:
    said = of_answer(Answer(500, "no\r\nkey=SECRET \x1b[31m" + "x" * 500), ["SECRET", ""])
    assert "SECRET" not in said.reason
    assert said.reason.startswith("500 Internal Server Error: no key=")
    assert len(said.reason) <= 200
    assert said.reason.isprintable()
    assert without(["a"], "banana") == "b n n"
