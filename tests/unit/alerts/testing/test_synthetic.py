"""Every rule can be tested, and its breach comes and goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.alerts.incidents.incident import TEST, Subject
from functions.alerts.measures import Key
from functions.alerts.rule import ABSENCE, BASELINE, Rule
from functions.alerts.rules import evaluate
from functions.alerts.state import FIRING, OK, PENDING, RESOLVED, SHOWN_SECONDS, State
from functions.alerts.templates import TEMPLATES
from functions.alerts.testing import synthetic
from functions.alerts.testing.synthetic import MARK, AlertTest, begun
from functions.alerts.thresholds import BUILT_IN
from functions.metrics.hours import kind

NOW = 1_800_000_000.0
OWN = Rule("own", "P2", "stories_per_user:mean", 12.0, 60, 0, 60, 30, ("notify",))
RULES = {
    **{rule.id: rule for rule in BUILT_IN},
    **{f"template {name}": each.rule for name, each in TEMPLATES.items()},
    "mean": OWN,
    "mean below": replace(OWN, comparison="<"),
    "sum": replace(OWN, metric="stories_per_user:sum"),
    "percentile": replace(OWN, metric="render_time:p95", threshold=200.0),
    "baseline": replace(OWN, kind=BASELINE, metric="error_rate", threshold=5.0, baseline_days=7),
    "absence": replace(OWN, kind=ABSENCE, metric="requests_per_second", threshold=30.0),
    "fast": replace(OWN, metric="requests_per_second", threshold=1_000.0),
    "slow": replace(OWN, metric="requests_per_second", threshold=0.1, comparison="<"),
    "score": replace(OWN, metric="performance_score", threshold=80.0, comparison="<"),
}


@pytest.mark.parametrize("name", RULES)
def test_a_breach_and_its_end_of_every_rule(name: str) -> None:
    rule = RULES[name]
    key = Key(rule.id, "stories", "test-t1+test")
    wrong, well = synthetic.breach(rule, key, NOW), synthetic.calm(rule, key, NOW)
    assert wrong.breached
    assert rule.breached(wrong.value)
    assert not well.breached
    assert not rule.breached(well.value)


@pytest.mark.parametrize("rule", BUILT_IN, ids=lambda rule: rule.id)
def test_its_whole_life_in_the_engine(rule: Rule) -> None:
    """Looked at every 10 s, as `tick` does while a test runs; the first look is a minute late."""
    test = begun("t1", rule, "stories", NOW)
    key = Key(rule.id, "stories", test.version)
    previous: dict[Key, State] = {}
    seen: list[tuple[float, str]] = []
    now = NOW + 59
    while now < test.ends_at + SHOWN_SECONDS:
        states = evaluate(BUILT_IN, synthetic.measured([test], BUILT_IN, now), previous, now).states
        previous = dict(states)
        if not seen or seen[-1][1] != states[key].status:
            seen.append((now, states[key].status))
        assert set(states) == {key}, "no other rule sees it"
        now += 10
    life = [PENDING] if rule.for_seconds else []
    assert [status for _, status in seen] == [*life, FIRING, RESOLVED, OK]
    assert seen[-2][0] < test.ends_at - synthetic.NOTICED_SECONDS, "time is left to tell people"


def test_long_after_nothing_is_measured() -> None:
    test = begun("t1", BUILT_IN[0], "stories", NOW)
    assert synthetic.measured([test], BUILT_IN, NOW - 1) == {}
    assert synthetic.measured([test], BUILT_IN, test.ends_at + 2 * SHOWN_SECONDS) == {}
    assert synthetic.measured([test], BUILT_IN[1:], NOW) == {}, "a rule that holds no more"


def test_its_version_is_nobody_s() -> None:
    test = AlertTest("t1", "p1-memory", "stories", NOW, 90.0, NOW + 400)
    assert MARK == TEST
    assert Subject.of("stories", test.version) == ("stories", test.version)
    assert Subject.of("stories", test.version).test
    assert kind(test.version), "no version of its own where kinds are told apart"
    later = {**test.to_definition(), "colour": "red"}
    assert synthetic.tests_of({"t1": later, "t2": {"rule": "x"}}) == ((test,), ("t2",))
    assert test.running(NOW)
    assert not test.running(NOW + 400)
