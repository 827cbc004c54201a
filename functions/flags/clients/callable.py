"""`evaluate_flags` for the Firebase SDKs, as a decision: values in, values out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from functions.errors import InvalidArgument
from functions.flags.clients.context import BadContext, checked_context
from functions.flags.clients.ofrep import visible_keys
from functions.flags.clients.tally import Tally
from functions.flags.content import Snapshot
from functions.flags.counts import label_of
from functions.flags.evaluation import FLAG_NOT_FOUND, Evaluation, failure
from functions.flags.keys import Kind

FIELDS = {"flags", "context"}
MAXIMUM_FLAGS = 500


def evaluate_for_callable(
    snapshot: Snapshot, tally: Tally, data: Any, uid: str | None
) -> dict[str, Any]:
    """`{"flags": [keys], "context": {…}}` to `{"flags": {key: {value, variant, reason}}}`.

    Without `flags` all are evaluated that clients may see; only those are ever shown. The targeting
    key is the signed-in user, when there is one, whatever the context says. A flag that fails has
    an `errorCode`, and no value: the caller's own default applies. Raises InvalidArgument.
    """
    request = {} if data is None else data
    if not isinstance(request, dict) or not set(request) <= FIELDS:
        raise InvalidArgument("Send an object with `flags` and `context`, both optional.")
    context = _context(request.get("context"), uid)
    wanted = _wanted(request.get("flags"), snapshot)
    shown = [key for key in wanted if key in snapshot.client_keys]
    outcomes = snapshot.evaluator.evaluate_many(shown, context)
    for key, evaluation in outcomes.items():
        tally.counter(key, label_of(evaluation))()
    unknown = failure(FLAG_NOT_FOUND, "")
    return {"flags": {key: _outcome(outcomes.get(key, unknown)) for key in wanted}}


def _context(given: Any, uid: str | None) -> dict[str, Any]:
    try:
        context = checked_context({} if given is None else given)
    except BadContext as error:
        raise InvalidArgument(error.detail) from error
    return {**context, "targetingKey": uid} if uid else context


def _wanted(given: Any, snapshot: Snapshot) -> Iterable[str]:
    if given is None:
        return visible_keys(snapshot, Kind.PUBLISHABLE)
    if (
        not isinstance(given, list)
        or len(given) > MAXIMUM_FLAGS
        or not all(isinstance(key, str) for key in given)
    ):
        raise InvalidArgument(f"`flags` is a list of at most {MAXIMUM_FLAGS} keys.")
    return dict.fromkeys(given)


def _outcome(evaluation: Evaluation) -> dict[str, Any]:
    outcome = {
        "value": evaluation.value,
        "variant": evaluation.variant,
        "reason": evaluation.reason,
    }
    return {**outcome, "errorCode": evaluation.error_code} if evaluation.error_code else outcome
