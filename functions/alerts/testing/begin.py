"""A test of alerts begins, as a decision for `commit_change`. Old ones are cleared away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.alerts.defined import PARTS, RULES, defined
from functions.alerts.in_force import ENABLED
from functions.alerts.rule import BURN_RATE, Rule
from functions.alerts.state import SHOWN_SECONDS
from functions.alerts.testing.synthetic import COLLECTION, AlertTest, begun, tests_of
from functions.alerts.thresholds import BY_ID
from functions.catalog import Catalog, Decide
from functions.changes import Decision, Entry, View
from functions.documents import Write
from functions.errors import FailedPrecondition, InvalidArgument, NotFound, PalierError

TESTS = Catalog(COLLECTION, "test of alerts", most=1_000)
AT_ONCE = 5
KEPT_SECONDS = 86_400 + 2 * SHOWN_SECONDS


def begin(identifier: str, rule: str, service: str) -> Decide:
    """Its result is the AlertTest. Raises NotFound (the rule), InvalidArgument, FailedPrecondition
    (the rule is not in force, one of it runs already, or too many do)."""

    def decide(view: View) -> Decision:
        found = _rule(view, rule, service)
        known = view.part(COLLECTION)
        tests, unreadable = tests_of(known)
        _require_room(tests, rule, service, view.now)
        test = begun(identifier, found, service, view.now)
        old = [each.id for each in tests if each.ends_at + KEPT_SECONDS <= view.now]
        old += unreadable
        left = {name: each for name, each in known.items() if name not in old}
        definition = test.to_definition()
        return Decision(
            writes=[
                Write.create(view.scope.doc(COLLECTION, identifier), {"definition": definition}),
                *(Write.delete(view.scope.doc(COLLECTION, name)) for name in old),
            ],
            parts={COLLECTION: {**left, identifier: definition}},
            entries=[Entry("alert_test.begin", f"{COLLECTION}/{identifier}", after=definition)],
            result=test,
        )

    return decide


def _rule(view: View, name: str, service: str) -> Rule:
    parts = {part: view.part_as_found(part) or {} for part in PARTS}
    rule = next((each for each in defined(parts).rules if each.id == name), None)
    if rule is None:
        raise _not_in_force(name, parts[RULES])
    if rule.service not in ("", service):
        raise InvalidArgument(f"The rule {name!r} looks at {rule.service} only.")
    return rule


def _not_in_force(name: str, published: Mapping[str, Mapping[str, Any]]) -> PalierError:
    """Why nobody evaluates the rule: a test of it would wait for ever."""
    if name not in BY_ID and name not in published:
        return NotFound(
            f"There is no rule {name!r} in this environment.", remedy="`GET /v1/rules` lists them."
        )
    if not published.get(name, {}).get(ENABLED, True):
        return FailedPrecondition(
            f"The rule {name!r} is switched off, so nothing would fire.",
            remedy="Switch it on first.",
        )
    if name in BY_ID and BY_ID[name].metric == BURN_RATE:
        return FailedPrecondition(
            f"The rule {name!r} is not evaluated: this environment has no objective whose budget "
            "could burn.",
            remedy="Define one first: `palier objectives set`.",
        )
    return FailedPrecondition(
        f"The rule {name!r} can't be read by this bundle, so nothing would fire.",
        remedy="Deploy the latest bundle, or define the rule anew.",
    )


def _require_room(tests: tuple[AlertTest, ...], rule: str, service: str, now: float) -> None:
    running = [test for test in tests if test.running(now)]
    if any((test.rule, test.service) == (rule, service) for test in running):
        raise FailedPrecondition(
            f"A test of {rule} on {service} is running.", remedy="Wait until it has ended."
        )
    if len(running) >= AT_ONCE:
        raise FailedPrecondition(
            f"{len(running)} tests of alerts are running; more would hide what is real.",
            remedy="Wait until one has ended.",
        )
