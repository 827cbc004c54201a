"""A breach that nobody suffers: what a rule measures of a version that doesn't exist. Pure.

The version is named `test-ID+test`, so it is no rollout's, and nothing is counted of it: what is
handed to the rule engine is a measurement, made as the rule makes its own from requests that all go
wrong, then from requests that all go well.

    started ──too much for as long as the rule asks──▶ well ──until the alert is forgotten──▶ over
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.alerts import selectors
from functions.alerts.measures import Key, Measured, Measurement, measure
from functions.alerts.rule import ABOVE, EXECUTION_TIME, THRESHOLD, Rule
from functions.alerts.state import SHOWN_SECONDS
from functions.metrics.observation import NO_CAUSE, OK, Observation
from functions.metrics.tally import Tally, merge_all, of
from functions.metrics.windows import Arm
from functions.readable import Definitions, number, readable, texts

COLLECTION = "tests"
MARK = "+test"
NOTICED_SECONDS = 90
"""Until `tick` has begun to look at a test, and twice: it looks every 10 s then."""

LEAST_REQUESTS = 20
TOO_MUCH = 1.0e6


@dataclass(frozen=True)
class AlertTest:
    """
    service      whose versions the rule is to be seen on
    started_at   epoch seconds
    breach       seconds for which it is too much
    ends_at      when the alert ought to have resolved, and people to have been told
    """

    id: str
    rule: str
    service: str
    started_at: float
    breach: float
    ends_at: float

    @property
    def version(self) -> str:
        return f"test-{self.id}{MARK}"

    def running(self, now: float) -> bool:
        return self.started_at <= now < self.ends_at

    def to_definition(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "service": self.service,
            "started_at": self.started_at,
            "breach": self.breach,
            "ends_at": self.ends_at,
        }

    @staticmethod
    def from_definition(identifier: str, data: Mapping[str, Any]) -> AlertTest:
        """What a later bundle says beside it is ignored. Raises KeyError, ValueError (damaged)."""
        texts([data["rule"], data["service"]])
        times = (number(data[key]) for key in ("started_at", "breach", "ends_at"))
        return AlertTest(identifier, data["rule"], data["service"], *times)


def begun(identifier: str, rule: Rule, service: str, now: float) -> AlertTest:
    """A test of a rule that begins now."""
    breach = rule.for_seconds + NOTICED_SECONDS
    ends_at = now + breach + rule.keep_firing_seconds + 2 * NOTICED_SECONDS
    return AlertTest(identifier, rule.id, service, now, breach, ends_at)


def tests_of(published: Definitions) -> tuple[tuple[AlertTest, ...], tuple[str, ...]]:
    """What is published, and the ids of those that can't be read."""
    found, unreadable = readable(published, AlertTest.from_definition)
    return tuple(found.values()), unreadable


def measured(tests: Iterable[AlertTest], rules: Iterable[Rule], now: float) -> Measured:
    """What is measured of the tests now. Long after its end a test is measured as well, so that its
    alert is forgotten like any other."""
    by_id = {rule.id: rule for rule in rules}
    found: dict[Key, Measurement | None] = {}
    for test in tests:
        rule = by_id.get(test.rule)
        if rule and test.started_at <= now < test.ends_at + 2 * SHOWN_SECONDS:
            too_much = now < test.started_at + test.breach
            key = Key(rule.id, test.service, test.version)
            found[key] = breach(rule, key, now) if too_much else calm(rule, key, now)
    return found


def breach(rule: Rule, key: Key, now: float) -> Measurement:
    """What the rule measures where everything goes wrong."""
    found = _measure(rule, key, now, wrong=True)
    if found and found.breached:
        return found
    beyond = abs(rule.threshold) + 1.0
    value = rule.threshold + beyond if rule.comparison == ABOVE else rule.threshold - beyond
    return Measurement(value, breached=True)


def calm(rule: Rule, key: Key, now: float) -> Measurement:
    """What it measures where all goes well."""
    found = _measure(rule, key, now, wrong=False)
    if found and not found.breached:
        return found
    return Measurement(rule.threshold, breached=False)


def _measure(rule: Rule, key: Key, now: float, *, wrong: bool) -> Measurement | None:
    """By the rule's own arithmetic; None where that needs more than requests."""
    if rule.kind != THRESHOLD:
        return None
    return measure(rule, _requests(rule, key, now, wrong=wrong), Arm(key.service, key.version))


def _requests(rule: Rule, key: Key, now: float, *, wrong: bool) -> Tally:
    """As many requests as the rule needs, each of another user."""
    named = selectors.reported(rule.metric)
    reported = {named[0]: _reported(rule, wrong=wrong)} if named else {}
    slow = wrong and rule.metric == EXECUTION_TIME
    durations = selectors.exact(rule.metric) and rule.metric != EXECUTION_TIME
    return merge_all(
        of(
            Observation(
                key.service,
                key.version,
                0,
                now,
                duration_ms=rule.threshold + 1.0 if slow else 1.0,
                code="INTERNAL" if wrong else OK,
                cause="candidate" if wrong else NO_CAUSE,
                user_hash=f"{number:016x}",
                retries=9 if wrong else 0,
                memory=1.0 if wrong else 0.0,
                cpu=1.0 if wrong else 0.0,
                concurrency=1_000 if wrong else 1,
                measures={} if durations else reported,
                durations=reported if durations else {},
            )
        )
        for number in range(max(LEAST_REQUESTS, rule.minimum_requests))
    )


def _reported(rule: Rule, *, wrong: bool) -> float:
    """A value that is too much for the rule, or well within."""
    return min(rule.threshold * 2 + 1, TOO_MUCH) if wrong == (rule.comparison == ABOVE) else 0.0
