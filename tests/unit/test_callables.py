"""How callables answer, and what the Firebase SDKs get of an error."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from firebase_functions.https_fn import FunctionsErrorCode
from werkzeug.datastructures import Headers

from functions import callables
from functions.errors import ALL, OpenAIError

CANARY = "canary-7d1f"


@dataclass
class Raw:
    headers: Headers = field(default_factory=Headers)


@dataclass
class Auth:
    uid: str | None


@dataclass
class Call:
    data: Any = None
    auth: Any = None
    raw_request: Any = field(default_factory=Raw)


class Fault(Exception):
    def __init__(self, status: str, message: str, details: dict[str, Any]) -> None:
        super().__init__(status)
        self.status, self.message, self.details = status, message, details


def refused(error: Exception, call: Call | None = None) -> Fault:
    def handler(_request: Any) -> Any:
        raise error

    with pytest.raises(Fault) as caught:
        callables.answer(handler, call or Call(), Fault)
    return caught.value


def test_an_answer_passes_through() -> None:
    def double(request: Any) -> Any:
        return request.data * 2

    assert callables.answer(double, Call(3), Fault) == 6


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
def test_every_error_has_the_shape_of_the_sdks(kind: Any) -> None:
    error = OpenAIError("what", reason="rate") if kind is OpenAIError else kind("what")
    fault = refused(error)
    FunctionsErrorCode(fault.status)
    assert fault.status == error.callable_status.lower().replace("_", "-")
    assert (fault.details["code"], fault.details["detail"]) == (error.code, "what")
    assert fault.message == fault.details["message"]
    assert fault.details["remedy"]
    assert len(fault.details["request_id"]) == 32
    json.dumps(fault.details)


def test_the_caller_s_language_and_request_id() -> None:
    headers = Headers({"Accept-Language": "fr", "X-Request-Id": "given-id-1"})
    fault = refused(ALL[1]("what"), Call(raw_request=Raw(headers)))
    assert fault.message == "Veuillez vous reconnecter."
    assert fault.details["request_id"] == "given-id-1"


def test_what_was_not_expected_is_internal_and_says_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fault = refused(ZeroDivisionError(CANARY))
    assert (fault.status, fault.details["code"]) == ("internal", "INTERNAL")
    captured = capsys.readouterr()
    assert CANARY not in str(fault.details) + fault.message + captured.out + captured.err
    line = json.loads(captured.err)
    assert (line["exception"], line["function"]) == ("ZeroDivisionError", "handler")
    assert line["request_id"] == fault.details["request_id"]


@pytest.mark.parametrize(
    ("auth", "uid"), [(None, None), (Auth("u1"), "u1"), (Auth(None), None)], ids=str
)
def test_who_calls(auth: Any, uid: str | None) -> None:
    assert callables._uid(Call(auth=auth)) == uid
