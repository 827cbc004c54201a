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

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from functions.errors import PalierError, PayloadTooLarge
from functions.flags.clients.answer import Answer, tag_of, tagged, to_json
from functions.flags.clients.context import INVALID_CONTEXT, BadContext, read_context
from functions.flags.clients.tally import Count, Tally
from functions.flags.content import Snapshot
from functions.flags.counts import label_of
from functions.flags.evaluation import FLAG_NOT_FOUND, GENERAL, Evaluation
from functions.flags.keys import Kind

BASE = "/ofrep/v1/evaluate/flags"
CLIENT_KEYS = "client keys"


class Shown(NamedTuple):
    """The JSON of an outcome, and what counts that it is served."""

    body: bytes
    served: Count


def evaluate_one(snapshot: Snapshot, tally: Tally, kind: Kind, key: str, body: bytes) -> Answer:
    """One flag. Every failure is answered in OFREP's shape."""
    try:
        context = read_context(body)
    except BadContext as error:
        return failure(400, error.code, error.detail, key)
    if kind is Kind.PUBLISHABLE and key not in snapshot.client_keys:
        return failure(404, FLAG_NOT_FOUND, f"There is no flag {key!r}.", key)
    evaluation = snapshot.evaluator.evaluate(key, context)
    if evaluation.error_code == FLAG_NOT_FOUND:
        return failure(404, FLAG_NOT_FOUND, evaluation.detail or "", key)
    (encoded,) = _bodies(snapshot, tally, {key: evaluation})
    return Answer(400 if evaluation.error_code else 200, encoded)


def evaluate_all(
    snapshot: Snapshot, tally: Tally, kind: Kind, body: bytes, if_none_match: str | None
) -> Answer:
    """Every flag that the key may see; 304 when the caller has just this answer already."""
    try:
        context = read_context(body)
    except BadContext as error:
        return failure(400, error.code, error.detail)
    keys = visible_keys(snapshot, kind)
    outcomes = snapshot.evaluator.evaluate_many(keys, context)
    flags = b",".join(_bodies(snapshot, tally, outcomes))
    metadata = snapshot.evaluator.metadata
    tail = b',"metadata":' + to_json(metadata) + b"}" if metadata else b"}"
    answer = b'{"flags":[' + flags + b"]" + tail
    return tagged(answer, tag_of(answer), if_none_match)


def visible_keys(snapshot: Snapshot, kind: Kind) -> Sequence[str]:
    """The keys of the flags that may be evaluated, in the order of the published document."""
    if kind is Kind.SECRET:
        return snapshot.evaluator.keys
    keys: Sequence[str] | None = snapshot.memo.get(CLIENT_KEYS)
    if keys is None:
        keys = [key for key in snapshot.evaluator.keys if key in snapshot.client_keys]
        snapshot.memo[CLIENT_KEYS] = keys
    return keys


def _bodies(
    snapshot: Snapshot, tally: Tally, outcomes: Mapping[str, Evaluation]
) -> Iterator[bytes]:
    """The JSON of each outcome, which is counted. A success is encoded once for each variant and
    reason."""
    memo = snapshot.memo
    for key, evaluation in outcomes.items():
        name = (key, evaluation.variant, evaluation.reason)
        shown: Shown | None = memo.get(name)
        if shown is None:
            shown = Shown(
                _body(snapshot, key, evaluation), tally.counter(key, label_of(evaluation))
            )
            if not evaluation.error_code:
                memo[name] = shown
        body, served = shown
        served()
        yield body


def _body(snapshot: Snapshot, key: str, evaluation: Evaluation) -> bytes:
    if evaluation.error_code:
        return _failure_body(evaluation.error_code, evaluation.detail or "", key)
    return to_json(_success(snapshot, key, evaluation))


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


def failure(status: int, code: str, detail: str, key: str | None = None) -> Answer:
    return Answer(status, _failure_body(code, detail, key))


def refusal(error: PalierError, key: str | None = None) -> Answer:
    """An error of Palier's own as OFREP has it: 401, 403, 405, 413, 429, 500, 503."""
    code = INVALID_CONTEXT if isinstance(error, PayloadTooLarge) else GENERAL
    return failure(error.http_status, code, f"{error.detail} {error.remedy}", key)


def _failure_body(code: str, detail: str, key: str | None) -> bytes:
    named = {} if key is None else {"key": key}
    return to_json({**named, "errorCode": code, "errorDetails": detail})
