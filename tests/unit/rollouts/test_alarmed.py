"""Alerts as the engine has them fire, and what follows for a rollout that begins meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from functions.alerts.alarm import alarms_of
from functions.alerts.measures import Key
from functions.alerts.rules import State, look
from functions.alerts.templates import TEMPLATES
from functions.metrics.measures import Measure
from functions.metrics.tally import Tally
from functions.metrics.windows import Window
from functions.rollouts.alarmed import alarms
from functions.rollouts.evidence import Seen
from functions.rollouts.templates import TEMPLATES as PLANS
from functions.rollouts.verdict import Kind, Situation

RULE = TEMPLATES["critical-error"].rule
BROKEN = Tally(measures={"critical_error": Measure(5, 5_000, 5_000_000)})


def played(broken_until: float, began: float, broken_from: float) -> Iterator[tuple[float, object]]:
    """A look every 10 s, and the verdict on the rollout that began; the version is broken twice."""
    before: dict[Key, State] = {}
    for now in range(1_000, 1_300, 10):
        fails = now <= broken_until or now > broken_from
        windows = [Window(now - 10, 10, "stories", "1.3.0", 1, BROKEN)] if fails else []
        evaluation = look([RULE], windows, before, float(now))
        before = dict(evaluation.states)
        if now >= began:
            firing = evaluation.firing("stories")
            situation = Situation(
                seen=Seen(),
                share=0.1,
                elapsed=now - began,
                needed=60,
                since_shift=now - began,
                began=began,
                alarms=alarms_of(firing, evaluation.rules, "stories", "1.3.0"),
            )
            verdict = alarms(PLANS["canary"], situation)
            yield now, verdict and verdict.kind


def test_a_bad_version_that_is_begun_anew_while_its_alert_is_kept_firing_is_taken_back() -> None:
    verdicts = dict(played(broken_until=1_000, began=1_050, broken_from=1_080))
    assert verdicts[1_080] is None, "kept firing, of nothing that happened since"
    assert verdicts[1_090] is Kind.FAIL


def test_one_that_has_been_mended_goes_on() -> None:
    verdicts = dict(played(broken_until=1_000, began=1_050, broken_from=9_999))
    assert set(verdicts.values()) == {None}
