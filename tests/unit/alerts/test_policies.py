"""The policies and the dashboard for Cloud Console, from the rules; what is checked in is that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cli.monitoring import folder
from functions.alerts.dashboard import dashboard
from functions.alerts.policies import Place, of_rule, policies
from functions.alerts.rule import BELOW, PUBLISHING_LAG
from functions.alerts.thresholds import BUILT_IN, BY_ID, TICK_HEARTBEAT
from local.paths import ROOT

PLACE = Place("main", "production")
POLICIES = policies(BUILT_IN, PLACE)
FILES = ROOT / "monitoring"
AGAIN = "palier monitoring export monitoring --built-in writes them anew"


def test_what_is_checked_in_is_what_the_rules_say() -> None:
    wanted = {f"{rule}.json": folder.text(policy) for rule, policy in POLICIES.items()}
    wanted[folder.DASHBOARD] = folder.text(dashboard(PLACE))
    found = {path.name: path.read_text(encoding="utf-8") for path in FILES.iterdir()}
    assert found == wanted, AGAIN


def test_every_rule_that_cloud_monitoring_can_see_has_one() -> None:
    behind = {rule.id for rule in BUILT_IN if rule.metric == PUBLISHING_LAG}
    assert set(POLICIES) == {*BY_ID, TICK_HEARTBEAT} - behind


def threshold(rule: str, **changes: Any) -> Any:
    policy = of_rule(replace(BY_ID[rule], **changes), PLACE)
    [condition] = policy["conditions"]
    return condition["conditionThreshold"]


@pytest.mark.parametrize(
    ("held", "duration"), [(0, "0s"), (60, "60s"), (61, "120s"), (180, "180s")]
)
def test_durations_are_whole_minutes_and_never_shorter(held: int, duration: str) -> None:
    assert threshold("p2-memory", for_seconds=held)["duration"] == duration


def test_what_is_missing_is_no_breach_where_cloud_monitoring_takes_a_word_on_it() -> None:
    assert "evaluationMissingData" not in threshold("p1-memory")
    assert threshold("p2-memory")["evaluationMissingData"].endswith("_INACTIVE")


def test_too_little_is_seen_as_well() -> None:
    found = threshold("p1-memory", comparison=BELOW, threshold=0.5)
    assert found["comparison"] == "COMPARISON_LT"
    assert found["aggregations"][0]["perSeriesAligner"] == "ALIGN_MIN"
    assert found["thresholdValue"] == 0.5


def test_each_is_of_its_environment_and_its_rule() -> None:
    [policy] = [policy for rule, policy in POLICIES.items() if rule == "p1-error-rate"]
    found = policy["conditions"][0]["conditionThreshold"]["filter"]
    assert 'metric.labels.rule = "p1-error-rate"' in found
    assert 'resource.labels.job = "production"' in found
    assert policy["userLabels"] == {
        "palier": "policy",
        "application": "main",
        "environment": "production",
        "rule": "p1-error-rate",
    }


@pytest.mark.parametrize("rule", POLICIES)
def test_each_says_what_to_do_in_both_languages(rule: str) -> None:
    text = POLICIES[rule]["documentation"]["content"]
    assert len(text) < 8192
    assert text.count(f"docs/runbooks/{rule}.md") == 2
    assert "What to do" in text
    assert "Que faire" in text
