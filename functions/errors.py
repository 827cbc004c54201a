"""Every error that Palier answers with, by its stable code.

PalierError
├── InvalidArgument      INVALID_ARGUMENT     400
├── Unauthenticated      UNAUTHENTICATED      401
├── PermissionDenied     PERMISSION_DENIED    403
├── NotFound             NOT_FOUND            404
├── MethodNotAllowed     METHOD_NOT_ALLOWED   405
├── AlreadyExists        ALREADY_EXISTS       409
├── GenerationConflict   GENERATION_CONFLICT  409
├── InProgress           IN_PROGRESS          409
├── FailedPrecondition   FAILED_PRECONDITION  409
├── PayloadTooLarge      PAYLOAD_TOO_LARGE    413
├── RateLimited          RATE_LIMITED         429
├── Internal             INTERNAL             500
├── OpenAIError          OPENAI_ERROR         400, 429, 500, 502 or 503, by its reason
├── OutOfMemory          MEMORY_ERROR         503
├── StoreUnavailable     STORE_UNAVAILABLE    503
├── SwitchedOff          SWITCHED_OFF         503
└── Timeout              TIMEOUT              504

An error says what happened (`detail`), and what to do next (`remedy`). `http_status` serves HTTP,
`callable_status` (a gRPC status name) serves the Firebase SDKs. What end users read stands in
`messages.py`, in English and French.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class PalierError(Exception):
    """The base: never raised itself."""

    code: ClassVar[str]
    http_status: int
    callable_status: str
    default_remedy: ClassVar[str]

    def __init__(
        self, detail: str, *, remedy: str | None = None, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy or self.default_remedy
        self.extra = dict(extra or {})

    @classmethod
    def statuses(cls) -> frozenset[int]:
        """The HTTP statuses that it can have."""
        return frozenset({cls.http_status})


class InvalidArgument(PalierError):
    code = "INVALID_ARGUMENT"
    http_status = 400
    callable_status = "INVALID_ARGUMENT"
    default_remedy = "Correct the request and send it again."


class Unauthenticated(PalierError):
    code = "UNAUTHENTICATED"
    http_status = 401
    callable_status = "UNAUTHENTICATED"
    default_remedy = "Sign in again, or send a valid token or API key."


class PermissionDenied(PalierError):
    code = "PERMISSION_DENIED"
    http_status = 403
    callable_status = "PERMISSION_DENIED"
    default_remedy = "Ask an administrator of the application for the role that allows this."


class NotFound(PalierError):
    code = "NOT_FOUND"
    http_status = 404
    callable_status = "NOT_FOUND"
    default_remedy = "Check the name and the environment."


class MethodNotAllowed(PalierError):
    code = "METHOD_NOT_ALLOWED"
    http_status = 405
    callable_status = "UNIMPLEMENTED"
    default_remedy = "Use one of the methods named in the Allow header."


class AlreadyExists(PalierError):
    code = "ALREADY_EXISTS"
    http_status = 409
    callable_status = "ALREADY_EXISTS"
    default_remedy = "Choose another name, or edit what exists."


class GenerationConflict(PalierError):
    """Somebody changed the same thing first; `extra` shows both sides."""

    code = "GENERATION_CONFLICT"
    http_status = 409
    callable_status = "ABORTED"
    default_remedy = "Read it again, look at what changed, and repeat your change on top of it."


class InProgress(PalierError):
    code = "IN_PROGRESS"
    http_status = 409
    callable_status = "ABORTED"
    default_remedy = "Wait for the first request with this key to end, then send it again."


class FailedPrecondition(PalierError):
    code = "FAILED_PRECONDITION"
    http_status = 409
    callable_status = "FAILED_PRECONDITION"
    default_remedy = "Bring it into the state that the message names, then try again."


class PayloadTooLarge(PalierError):
    code = "PAYLOAD_TOO_LARGE"
    http_status = 413
    callable_status = "INVALID_ARGUMENT"
    default_remedy = "Send less in one request."


class RateLimited(PalierError):
    code = "RATE_LIMITED"
    http_status = 429
    callable_status = "RESOURCE_EXHAUSTED"
    default_remedy = "Wait for the time named in Retry-After, then try again."


class Internal(PalierError):
    code = "INTERNAL"
    http_status = 500
    callable_status = "INTERNAL"
    default_remedy = "Try again; if it goes on, report the request id."


OPENAI_STATUSES: Mapping[str, tuple[int, str, str]] = {
    "bad_key": (
        500,
        "FAILED_PRECONDITION",
        "Set a valid OPENAI_API_KEY for this environment in Secret Manager.",
    ),
    "bad_version": (
        500,
        "FAILED_PRECONDITION",
        "Check the model and the parameters of the active version; roll it back.",
    ),
    "quota": (429, "RESOURCE_EXHAUSTED", "Raise the budget of the OpenAI account."),
    "rate": (503, "UNAVAILABLE", "Try again in a moment."),
    "bad_prompt": (400, "INVALID_ARGUMENT", "Change the wording of the request."),
    "upstream": (502, "UNAVAILABLE", "Try again in a moment."),
}


class OpenAIError(PalierError):
    """Generation failed at OpenAI. `reason` is a key of OPENAI_STATUSES and decides the status."""

    code = "OPENAI_ERROR"
    http_status = 502
    callable_status = "UNAVAILABLE"
    default_remedy = "Try again in a moment."

    def __init__(self, detail: str, *, reason: str, extra: Mapping[str, Any] | None = None) -> None:
        http_status, callable_status, remedy = OPENAI_STATUSES[reason]
        super().__init__(detail, remedy=remedy, extra={"reason": reason, **(extra or {})})
        self.reason = reason
        self.http_status = http_status
        self.callable_status = callable_status

    @classmethod
    def statuses(cls) -> frozenset[int]:
        return frozenset(status for status, _, _ in OPENAI_STATUSES.values())


class OutOfMemory(PalierError):
    code = "MEMORY_ERROR"
    http_status = 503
    callable_status = "RESOURCE_EXHAUSTED"
    default_remedy = "Try again in a moment; if it goes on, raise the memory of the function."


class StoreUnavailable(PalierError):
    code = "STORE_UNAVAILABLE"
    http_status = 503
    callable_status = "UNAVAILABLE"
    default_remedy = "Nothing was changed. Try again in a moment."


class SwitchedOff(PalierError):
    code = "SWITCHED_OFF"
    http_status = 503
    callable_status = "UNAVAILABLE"
    default_remedy = "Try again later: whoever runs this has switched it off."


class Timeout(PalierError):
    code = "TIMEOUT"
    http_status = 504
    callable_status = "DEADLINE_EXCEEDED"
    default_remedy = "Try again; a shorter text is ready sooner."


ALL: tuple[type[PalierError], ...] = (
    InvalidArgument,
    Unauthenticated,
    PermissionDenied,
    NotFound,
    MethodNotAllowed,
    AlreadyExists,
    GenerationConflict,
    InProgress,
    FailedPrecondition,
    PayloadTooLarge,
    RateLimited,
    Internal,
    OpenAIError,
    OutOfMemory,
    StoreUnavailable,
    SwitchedOff,
    Timeout,
)
