"""What can't be read never passes for harmless."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.stories.model import moderations
from functions.stories.model.calling import Moderated
from functions.stories.model.failure import Failure
from tests.servers.hostile_openai import moderated

CLEAN, FLAGGED = moderated(False), moderated(True)


def body(*results: Any) -> bytes:
    return json.dumps({"results": results}).encode()


def test_each_text_in_its_order() -> None:
    assert moderations.read_body(body(CLEAN, FLAGGED), 2) == (
        Moderated(False, {"violence": 0.001, "sexual": 0.0004}),
        Moderated(True, {"violence": 0.97, "sexual": 0.0004}),
    )


BROKEN = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"<html>busy</html>", id="HTML"),
    pytest.param(b"[]", id="a list"),
    pytest.param(b"{}", id="no results"),
    pytest.param(b'{"results": null}', id="results of nothing"),
    pytest.param(b'{"results": [' + b"[" * 99_999, id="nested"),
    pytest.param(body(), id="none"),
    pytest.param(body(CLEAN, CLEAN), id="too many"),
    pytest.param(body({}), id="says nothing"),
    pytest.param(body({**CLEAN, "flagged": None}), id="flagged is nothing"),
    pytest.param(body({**CLEAN, "flagged": "no"}), id="flagged is a word"),
    pytest.param(body({**CLEAN, "category_scores": None}), id="no scores"),
    pytest.param(body({**CLEAN, "category_scores": {"violence": "low"}}), id="a score in words"),
    pytest.param(body({**CLEAN, "category_scores": {"violence": None}}), id="no score"),
    pytest.param(body({**CLEAN, "category_scores": {"violence": True}}), id="a yes for a score"),
    pytest.param(
        body({**CLEAN, "category_scores": {"violence": float("nan")}}), id="a score that is none"
    ),
    pytest.param(body({**CLEAN, "category_scores": {"violence": 10**400}}), id="beyond floats"),
    pytest.param(body({**CLEAN, "error": {"code": "x"}, "flagged": 0}), id="0 for no"),
]


@pytest.mark.parametrize("content", BROKEN)
def test_broken_answers_fail(content: bytes) -> None:
    found = moderations.read_body(content, 1, "req_1")
    assert isinstance(found, Failure)
    assert (found.reason, found.retryable, found.request_id) == ("upstream", True, "req_1")


@given(st.binary(max_size=200), st.integers(1, 3))
def test_noise_fails(content: bytes, texts: int) -> None:
    assert isinstance(moderations.read_body(content, texts), Failure)


def test_a_category_is_a_name_and_nothing_else() -> None:
    """It is told in errors and logs."""
    scores = {"self-harm/intent": 0.1, "Mina said: hello": 0.9, "": 0.2, "x" * 41: 0.3}
    found = moderations.read_body(body({**CLEAN, "category_scores": scores}), 1)
    assert found == (Moderated(False, {"self-harm/intent": 0.1, "other": 0.9}),)
