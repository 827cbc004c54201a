"""What went wrong with a call to the model, whose fault it is, and whether to try once more.

Pure. The table of causes:

| seen                                              | reason      | cause     | retried |
|---------------------------------------------------|-------------|-----------|---------|
| no key, 401, 403                                  | bad_key     | upstream  | no      |
| 404, 422, a model that isn't there                | bad_version | candidate | no      |
| cut off by max_output_tokens                      | bad_version | candidate | no      |
| a completed answer that is no story               | bad_version | candidate | no      |
| 429 insufficient_quota                            | quota       | upstream  | no      |
| 429                                               | rate        | upstream  | once    |
| 400, content filter, refusal                      | bad_prompt  | candidate | no      |
| 5xx, connection, broken answer, failed, not JSON  | upstream    | upstream  | once    |
| the deadline, while the model was awaited         | timeout     | upstream  | no      |
| the deadline otherwise                            | timeout     | internal  | no      |

`upstream` is what both arms of a rollout may suffer: the judge compares them, so trouble that only
the candidate sees still counts against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from functions import errors

Reason = Literal["bad_key", "bad_version", "quota", "rate", "bad_prompt", "upstream", "timeout"]


class Cause(StrEnum):
    """Whose fault a request's end was. Only the last three are failures of the service."""

    NONE = "none"
    CLIENT = "client"
    UPSTREAM = "upstream"
    CANDIDATE = "candidate"
    INTERNAL = "internal"


@dataclass(frozen=True)
class Failure:
    """`detail` is our own sentence: what the API wrote may quote the prompt, so none is kept.

    `retry_after` is in seconds, as the API asked for. `request_id` is the API's, for its support.
    `answer` says what was wrong with an answer that the model gave.
    """

    reason: Reason
    cause: Cause
    detail: str
    retryable: bool = False
    retry_after: float | None = None
    status: int | None = None
    request_id: str | None = None
    answer: Literal["refused", "truncated", "unsuitable"] | None = None


QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
MISSING_MODEL_CODES = frozenset({"model_not_found"})
FILTER_CODES = frozenset({"content_filter", "content_policy_violation", "moderation_blocked"})


def of_status(
    status: int,
    *,
    code: str | None = None,
    kind: str | None = None,
    retry_after: float | None = None,
    request_id: str | None = None,
) -> Failure:
    """The failure behind an HTTP error: `code` and `kind` are the body's `code` and `type`."""
    reason, cause, detail = _read_status(status, {code, kind})
    refused = bool({code, kind} & FILTER_CODES)
    return Failure(
        reason,
        cause,
        detail,
        retryable=reason in ("rate", "upstream"),
        retry_after=retry_after,
        status=status,
        request_id=request_id,
        answer="refused" if refused else None,
    )


def _read_status(status: int, codes: set[str | None]) -> tuple[Reason, Cause, str]:
    if codes & QUOTA_CODES:
        return "quota", Cause.UPSTREAM, "The OpenAI account has used up its quota."
    if codes & MISSING_MODEL_CODES or status in (404, 422):
        return "bad_version", Cause.CANDIDATE, "OpenAI doesn't know what the version asks for."
    if status in (401, 403):
        return "bad_key", Cause.UPSTREAM, "OpenAI refuses the key."
    if status == 429:
        return "rate", Cause.UPSTREAM, "OpenAI limits the rate of requests."
    if status in (400, 413):
        return "bad_prompt", Cause.CANDIDATE, "OpenAI refuses the request."
    return "upstream", Cause.UPSTREAM, f"OpenAI answered with status {status}."


def of_failed(error: Mapping[str, Any], request_id: str | None = None) -> Failure:
    """A response with `status: failed` (HTTP 200 all the same)."""
    code = error.get("code")
    if code in QUOTA_CODES:
        return of_status(429, code=code, request_id=request_id)
    if code == "rate_limit_exceeded":
        return of_status(429, request_id=request_id)
    if code in FILTER_CODES or code == "invalid_prompt":
        return refused("OpenAI refuses the request.", request_id)
    return broken("OpenAI could not finish the answer.", request_id)


def broken(detail: str, request_id: str | None = None) -> Failure:
    """An answer that can't be used, or no answer at all."""
    return Failure("upstream", Cause.UPSTREAM, detail, retryable=True, request_id=request_id)


def refused(detail: str, request_id: str | None = None) -> Failure:
    return Failure("bad_prompt", Cause.CANDIDATE, detail, request_id=request_id, answer="refused")


def truncated(request_id: str | None = None) -> Failure:
    return Failure(
        "bad_version",
        Cause.CANDIDATE,
        "The story did not fit into the version's max_output_tokens.",
        request_id=request_id,
        answer="truncated",
    )


def no_story(request_id: str | None = None) -> Failure:
    """The model answered, in full, and its text isn't a story as the version's handler reads it.
    That is the version's own doing: asking again would be billed again."""
    return Failure(
        "bad_version",
        Cause.CANDIDATE,
        "The model's answer isn't a story.",
        request_id=request_id,
    )


def unasked() -> Failure:
    """The model has not been asked, or has not answered yet."""
    return Failure("upstream", Cause.INTERNAL, "The model was not asked.")


def resting() -> Failure:
    """The breaker of a model is open."""
    return Failure(
        "upstream",
        Cause.UPSTREAM,
        "The model has kept failing: it is left alone for some seconds.",
        retryable=True,
    )


def cancelled() -> Failure:
    """The client went away."""
    return Failure("upstream", Cause.CLIENT, "The call was cancelled.")


def no_key() -> Failure:
    return Failure("bad_key", Cause.UPSTREAM, "No OpenAI key is set.")


SLOW_SHARE = 0.5
LATE_SECONDS = 0.5


def timed_out(*, model_seconds: float, total_seconds: float, late_seconds: float) -> Failure:
    """The deadline passed. The model's doing when most of the time was spent waiting for it and
    this process was awake to notice the deadline; ours otherwise (a starved process is late)."""
    slow = model_seconds > SLOW_SHARE * total_seconds and late_seconds < LATE_SECONDS
    return Failure(
        "timeout",
        Cause.UPSTREAM if slow else Cause.INTERNAL,
        "The story was not ready in time.",
    )


def late() -> Failure:
    """The deadline passed while a story was moderated."""
    return Failure("timeout", Cause.UPSTREAM, "The story was not ready in time.")


def to_error(failure: Failure) -> errors.PalierError:
    """The error that a caller gets."""
    if failure.reason == "timeout":
        return errors.Timeout(failure.detail)
    extra = {"upstream_request_id": failure.request_id} if failure.request_id else None
    return errors.OpenAIError(failure.detail, reason=failure.reason, extra=extra)


CLIENT_ERRORS = (
    errors.InvalidArgument,
    errors.Unauthenticated,
    errors.PermissionDenied,
    errors.NotFound,
    errors.AlreadyExists,
    errors.InProgress,
    errors.PayloadTooLarge,
    errors.RateLimited,
    errors.SwitchedOff,
)


def cause_of(error: Exception) -> Cause:
    """Whose fault an error is that did not come from the model."""
    return Cause.CLIENT if isinstance(error, CLIENT_ERRORS) else Cause.INTERNAL


FIRST_PAUSE = 0.2


def pause_before_retry(
    failure: Failure, *, remaining: float, typical: float, jitter: float
) -> float | None:
    """Seconds to wait before the one retry of a call that was sent once, or None when there is to
    be none.

    A retry must fit: what is `remaining` has to hold the wait and a call of `typical` length.
    `jitter` is uniform in [0, 1).
    """
    if not failure.retryable:
        return None
    pause = FIRST_PAUSE * (1 + jitter)
    if failure.retry_after is not None:
        pause = max(pause, failure.retry_after)
    return pause if pause + typical <= remaining else None
