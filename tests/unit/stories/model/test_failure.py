"""The table of failures, and when to try once more. What the API says is read in test_openai.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import errors
from functions.stories.model import failure
from functions.stories.model.failure import Cause, Failure, pause_before_retry

TABLE = [
    ("bad_key", "FAILED_PRECONDITION"),
    ("bad_version", "FAILED_PRECONDITION"),
    ("quota", "RESOURCE_EXHAUSTED"),
    ("rate", "UNAVAILABLE"),
    ("bad_prompt", "INVALID_ARGUMENT"),
    ("upstream", "UNAVAILABLE"),
    ("timeout", "DEADLINE_EXCEEDED"),
]


@pytest.mark.parametrize(("reason", "status"), TABLE)
def test_what_callers_get(reason: failure.Reason, status: str) -> None:
    error = failure.to_error(Failure(reason, Cause.UPSTREAM, "It failed.", request_id="req_1"))
    assert error.callable_status == status
    assert reason == "timeout" or error.extra["upstream_request_id"] == "req_1"
    assert error.code == ("TIMEOUT" if reason == "timeout" else "OPENAI_ERROR")
    assert error.http_status != 401  # that would tell an app that its user must sign in again


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status_has_a_reason(status: int) -> None:
    found = failure.of_status(status)
    assert found.retryable == (found.reason in ("rate", "upstream"))
    assert found.cause in (Cause.UPSTREAM, Cause.CANDIDATE)


@pytest.mark.parametrize(
    ("waited", "total", "late", "cause"),
    [
        pytest.param(27.0, 28.0, 0.0, Cause.UPSTREAM, id="the model was slow"),
        pytest.param(2.0, 28.0, 0.0, Cause.INTERNAL, id="the time went elsewhere"),
        pytest.param(27.0, 28.0, 1.0, Cause.INTERNAL, id="this process slept"),
        pytest.param(0.0, 0.0, 0.0, Cause.INTERNAL, id="no time at all"),
    ],
)
def test_whose_timeout(waited: float, total: float, late: float, cause: Cause) -> None:
    found = failure.timed_out(model_seconds=waited, total_seconds=total, late_seconds=late)
    assert found.cause is cause


@pytest.mark.parametrize("kind", errors.ALL)
def test_other_errors_are_the_clients_or_ours(kind: type[errors.PalierError]) -> None:
    if kind is errors.OpenAIError:
        return
    expected = Cause.CLIENT if kind.http_status < 500 else Cause.INTERNAL
    if kind is errors.SwitchedOff:
        expected = Cause.CLIENT  # somebody wanted it so: nothing has failed
    if kind in (errors.FailedPrecondition,):
        expected = Cause.INTERNAL  # nothing is released: the bundle's own state
    if kind in (errors.MethodNotAllowed, errors.GenerationConflict):
        expected = Cause.INTERNAL  # generating never raises them
    assert failure.cause_of(kind("x")) is expected


AGAIN = failure.broken("It broke.")


@pytest.mark.parametrize(
    ("found", "remaining", "pause"),
    [
        pytest.param(AGAIN, 10.0, 0.2, id="once"),
        pytest.param(AGAIN, 6.1, None, id="not when it doesn't fit"),
        pytest.param(failure.of_status(429, retry_after=3.0), 10.0, 3.0, id="as asked"),
        pytest.param(failure.of_status(429, retry_after=9.0), 10.0, None, id="asked too much"),
        pytest.param(failure.of_status(429, code="insufficient_quota"), 10.0, None, id="quota"),
        pytest.param(failure.of_status(404), 10.0, None, id="unknown model"),
        pytest.param(failure.truncated(), 10.0, None, id="truncated"),
        pytest.param(failure.no_key(), 10.0, None, id="no key"),
    ],
)
def test_retrying(found: Failure, remaining: float, pause: float | None) -> None:
    decided = pause_before_retry(found, remaining=remaining, typical=6.0, jitter=0.0)
    assert decided == pause


@given(
    retry_after=st.none() | st.floats(0, 1e6),
    remaining=st.floats(0, 30),
    typical=st.floats(0, 30),
    jitter=st.floats(0, 1, exclude_max=True),
)
def test_a_retry_always_fits(
    retry_after: float | None, remaining: float, typical: float, jitter: float
) -> None:
    pause = pause_before_retry(
        failure.of_status(429, retry_after=retry_after),
        remaining=remaining,
        typical=typical,
        jitter=jitter,
    )
    assert pause is None or pause + typical <= remaining
