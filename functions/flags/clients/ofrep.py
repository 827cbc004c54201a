"""The OpenFeature Remote Evaluation Protocol, version 0.3.0, as decisions: values in, answers out.

Source: open-feature/protocol, service/openapi.yaml. Where it leaves a choice:
- `DEFAULT` is a reason, as OpenFeature and flagd have it, though the protocol's list forgets it.
- A success without `value` and `variant` means "use the default in your code": a disabled flag, or
  one without a default variant.
- No targeting key is no error: a rule that needs one does not match, and a split gives the control.
- The ETag of a bulk answer is a hash of that answer, so a changed context never yields a stale 304.
- A publishable key learns nothing of flags that are not for clients: they are FLAG_NOT_FOUND.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from functions.errors import PalierError, PayloadTooLarge
from functions.flags.content import Snapshot
from functions.flags.evaluation import FLAG_NOT_FOUND, GENERAL, PARSE_ERROR, Evaluation
from functions.flags.keys import Kind

MAXIMUM_BODY_BYTES = 64 * 1024
MAXIMUM_CONTEXT_DEPTH = 10
INVALID_CONTEXT = "INVALID_CONTEXT"
BASE = "/ofrep/v1/evaluate/flags"
CLIENT_KEYS = "client keys"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class BadContext(Exception):
    """A request whose body can't be used; `code` is OFREP's."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Answer(NamedTuple):
    """What goes back over HTTP. `body` is JSON, or empty."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = NO_HEADERS


def evaluate_one(snapshot: Snapshot, kind: Kind, key: str, body: bytes) -> Answer:
    """One flag. Every failure is answered in OFREP's shape."""
    try:
        context = read_context(body)
    except BadContext as error:
        return failure(400, error.code, error.detail, key)
    if kind is Kind.PUBLISHABLE and key not in snapshot.client_keys:
        return failure(404, FLAG_NOT_FOUND, f"There is no flag {key!r}.", key)
    evaluation = snapshot.evaluator.evaluate(key, context)
    status = 200
    if evaluation.error_code:
        status = 404 if evaluation.error_code == FLAG_NOT_FOUND else 400
    return Answer(status, encode(snapshot, key, evaluation))


def evaluate_all(snapshot: Snapshot, kind: Kind, body: bytes, if_none_match: str | None) -> Answer:
    """Every flag that the key may see; 304 when the caller has just this answer already."""
    try:
        context = read_context(body)
    except BadContext as error:
        return failure(400, error.code, error.detail)
    keys = visible_keys(snapshot, kind)
    outcomes = snapshot.evaluator.evaluate_many(keys, context)
    flags = b",".join([encode(snapshot, key, outcome) for key, outcome in outcomes.items()])
    metadata = snapshot.evaluator.metadata
    tail = b',"metadata":' + to_json(metadata) + b"}" if metadata else b"}"
    answer = b'{"flags":[' + flags + b"]" + tail
    tag = f'"{hashlib.blake2b(answer, digest_size=16).hexdigest()}"'
    if if_none_match and matches(if_none_match, tag):
        return Answer(304, b"", {"ETag": tag})
    return Answer(200, answer, {"ETag": tag})


def visible_keys(snapshot: Snapshot, kind: Kind) -> Sequence[str]:
    """The keys of the flags that may be evaluated, in the order of the published document."""
    if kind is Kind.SECRET:
        return snapshot.evaluator.keys
    keys: Sequence[str] | None = snapshot.memo.get(CLIENT_KEYS)
    if keys is None:
        keys = [key for key in snapshot.evaluator.keys if key in snapshot.client_keys]
        snapshot.memo[CLIENT_KEYS] = keys
    return keys


def read_context(body: bytes) -> dict[str, Any]:
    """The evaluation context of a request; {} where none is given. Raises BadContext."""
    if not body:
        return {}
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadContext(PARSE_ERROR, "The body is not well-formed JSON.") from error
    if not isinstance(request, dict):
        raise BadContext(PARSE_ERROR, "The body must be an object with a `context`.")
    context = request.get("context")
    return {} if context is None else checked_context(context)


def checked_context(context: Any) -> dict[str, Any]:
    """Raises BadContext unless it is an object, not too deep, with text for a targeting key."""
    if not isinstance(context, dict):
        raise BadContext(INVALID_CONTEXT, "The context must be an object.")
    if not isinstance(context.get("targetingKey"), (str, type(None))):
        raise BadContext(INVALID_CONTEXT, "The context's `targetingKey` must be a string.")
    for value in context.values():
        if isinstance(value, (dict, list)) and _deeper_than(value, MAXIMUM_CONTEXT_DEPTH - 1):
            raise BadContext(
                INVALID_CONTEXT, f"The context is nested deeper than {MAXIMUM_CONTEXT_DEPTH}."
            )
    return context


def _deeper_than(value: Any, depth: int) -> bool:
    if depth == 0:
        return True
    children = value.values() if isinstance(value, dict) else value
    return any(isinstance(c, (dict, list)) and _deeper_than(c, depth - 1) for c in children)


def matches(if_none_match: str, tag: str) -> bool:
    """RFC 9110, 13.1.2: a weak comparison, since a proxy that compresses weakens the tag."""
    if if_none_match.strip() == "*":
        return True
    return tag in [each.strip().removeprefix("W/") for each in if_none_match.split(",")]


def encode(snapshot: Snapshot, key: str, evaluation: Evaluation) -> bytes:
    """The JSON of one outcome. Successes are encoded once for each variant and reason."""
    if evaluation.error_code:
        return _failure_body(evaluation.error_code, evaluation.detail or "", key)
    name = (key, evaluation.variant, evaluation.reason)
    encoded: bytes | None = snapshot.memo.get(name)
    if encoded is None:
        encoded = snapshot.memo[name] = to_json(_success(snapshot, key, evaluation))
    return encoded


def _success(snapshot: Snapshot, key: str, evaluation: Evaluation) -> dict[str, Any]:
    body: dict[str, Any] = {"key": key, "reason": evaluation.reason}
    if evaluation.variant is not None:
        body["variant"] = evaluation.variant
        value = evaluation.value
        variants = snapshot.flags["flags"][key]["variants"].values()
        if type(value) is int and any(isinstance(each, float) for each in variants):
            value = float(value)  # a client that asked for a float refuses 2, and takes 2.0
        body["value"] = value
    if evaluation.metadata:
        body["metadata"] = dict(evaluation.metadata)
    return body


def failure(
    status: int,
    code: str,
    detail: str,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    return Answer(status, _failure_body(code, detail, key), headers or {})


def _failure_body(code: str, detail: str, key: str | None) -> bytes:
    named = {} if key is None else {"key": key}
    return to_json({**named, "errorCode": code, "errorDetails": detail})


def refusal(error: PalierError, key: str | None = None) -> Answer:
    """An error of Palier's own as OFREP has it: 401, 403, 413, 429, 503."""
    headers: dict[str, str] = {}
    if error.http_status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.http_status in (429, 503):
        headers["Retry-After"] = str(error.extra.get("retry_after", 1))
    code = INVALID_CONTEXT if isinstance(error, PayloadTooLarge) else GENERAL
    return failure(error.http_status, code, f"{error.detail} {error.remedy}", key, headers)


def to_json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # whole numbers beyond 64 bits, half of a surrogate pair
        return json.dumps(value).encode()
