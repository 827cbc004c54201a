"""What has to change so that Cloud Console is as a folder says, and what points cost: pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.arguments import parser
from cli.monitoring import bill, plan, readback
from cli.monitoring.bill import Used
from cli.monitoring.folder import Folder
from cli.monitoring.plan import CREATE, REMOVE, UPDATE
from functions.metrics.series import MEMORY, Point
from local.paths import ROOT

RULES = st.sampled_from(["a", "b", "c", "tick-heartbeat"])
THRESHOLDS = st.dictionaries(RULES, st.integers(0, 3))
CHANNEL = "projects/p/notificationChannels/1"


def policy(rule: str, value: int, **more: Any) -> dict[str, Any]:
    return {
        "displayName": rule,
        "userLabels": {
            "palier": "policy",
            "application": "main",
            "environment": "production",
            "rule": rule,
        },
        "conditions": [{"displayName": "x", "conditionThreshold": {"thresholdValue": value}}],
        **more,
    }


def folder(thresholds: Mapping[str, int]) -> Folder:
    made = {rule: policy(rule, value) for rule, value in thresholds.items()}
    return Folder("main", "production", made, None)


def there(thresholds: Mapping[str, int]) -> list[Any]:
    """As Cloud Monitoring gives them: with more than anybody said."""
    return [
        {
            **policy(rule, value, enabled=True, name=f"p/{rule}", notificationChannels=[]),
            "mutationRecord": {"mutatedBy": "somebody"},
        }
        for rule, value in thresholds.items()
    ]


@given(THRESHOLDS, THRESHOLDS, st.booleans())
def test_after_the_changes_there_is_nothing_to_do(
    wanted: dict[str, int], before: dict[str, int], remove: bool
) -> None:
    changes = plan.of_policies(folder(wanted), there(before), remove=remove)
    after = dict(before)
    for change in changes:
        if change.kind == REMOVE:
            del after[change.what]
        else:
            assert (change.what in before) == (change.kind == UPDATE)
            assert change.kind == CREATE or change.lines()
            after[change.what] = wanted[change.what]
    kept = {} if remove else {rule: before[rule] for rule in before if rule not in wanted}
    assert after == {**kept, **wanted}
    assert plan.of_policies(folder(wanted), there(after), remove=remove) == []


def test_of_two_for_one_rule_the_second_is_one_too_many() -> None:
    twice = [*there({"a": 1}), *there({"a": 2})]
    [change] = plan.of_policies(folder({"a": 1}), twice, remove=True)
    assert (change.kind, change.before) == (REMOVE, twice[1])


def test_a_channel_that_is_not_named_stays_and_one_that_is_replaces() -> None:
    [before] = there({"a": 1})
    before["notificationChannels"] = ["somebody's"]
    assert plan.of_policies(folder({"a": 1}), [before]) == []
    [change] = plan.of_policies(folder({"a": 1}), [before], rules_channels=[CHANNEL])
    assert change.lines() == [
        "- notificationChannels[0]: somebody's",
        f"+ notificationChannels[0]: {CHANNEL}",
    ]


@pytest.mark.parametrize(
    ("known", "channels", "silent"),
    [([], (), True), ([], (CHANNEL,), False), ([CHANNEL], (), False)],
    ids=["nobody", "named now", "set before"],
)
def test_somebody_must_hear_of_a_silent_loop(
    known: list[str], channels: tuple[str, ...], silent: bool
) -> None:
    existing = there({"tick-heartbeat": 0})
    existing[0]["notificationChannels"] = known
    wanted = folder({"tick-heartbeat": 0})
    changes = plan.of_policies(wanted, existing, channels)
    assert plan.silent_heartbeat(changes, wanted, existing) is silent


def route(*severities: str, **more: Any) -> dict[str, Any]:
    plain = {"channels": ["theirs", "ours"], "events": [], "levels": [], "about": ""}
    return {**plain, "severities": [*severities], **more}


@pytest.mark.parametrize(
    ("routes", "severities"),
    [
        ([], ""),
        ([route("P1")], "P1"),
        ([route("P1"), route("P3")], "P1 P3"),
        ([route()], "P1 P2 P3"),
        ([route("P1", levels=["L2"])], "P1"),
        ([route("P2", about="incidents")], "P2"),
        ([route(about="rollouts")], ""),
        ([route("P1", events=["resolve", "news"])], ""),
        ([route("P1", events=["trigger"])], "P1"),
        ([route("P1", channels=["ours", "log"])], ""),
    ],
)
def test_a_channel_pages_for_the_severities_that_routes_give_it(
    routes: list[Any], severities: str
) -> None:
    channels = [
        {"id": "ours", "notification_channel": ""},
        {"id": "theirs", "notification_channel": CHANNEL},
    ]
    found = plan.paged(channels, routes)
    assert found == {each: [CHANNEL] * (each in severities) for each in ("P1", "P2", "P3")}


def test_each_policy_is_written_with_its_own_channels_and_no_others() -> None:
    made = folder({"a": 1, "b": 1, "tick-heartbeat": 0}).policies
    told = plan.told(made, {"a": [CHANNEL]})
    assert told["a"]["notificationChannels"] == [CHANNEL]
    assert told["b"]["notificationChannels"] == []
    assert "notificationChannels" not in told["tick-heartbeat"]


def test_what_points_cost() -> None:
    used = [Used("requests", 10, 1_000, False), Used("execution_time", 2, 100, True)]
    found = bill.bill(used, hours=10, conditions=12, conditions_series=24, price=2.0)
    assert (found.series, found.points) == (12, 1_100)
    assert found.mib == pytest.approx((1_000 * 8 + 100 * 80) * 73 / 2**20)
    assert found.written == pytest.approx(2 * found.mib)
    assert found.written_after_free == 0
    assert found.policies == pytest.approx(12 * 0.10 + 24 * 87_600 / 1e6 * 0.35)


def test_above_what_is_free_the_rest_is_paid() -> None:
    found = bill.bill([Used("requests", 1, 2**20, False)], hours=1)
    assert found.mib == 8 * 730
    assert found.written_after_free == pytest.approx((8 * 730 - 150) * 0.258)


LABELS = {"service": "stories", "version": "1.2.0"}
IDENTITY = (MEMORY.type, (("service", "stories"), ("version", "1.2.0")))


@pytest.mark.parametrize(
    ("found", "late", "outcome"),
    [
        ({IDENTITY: 0.5}, (), (1, 0, 0)),
        ({IDENTITY: 0.5 + 1e-12}, (), (1, 0, 0)),
        ({IDENTITY: 0.6}, (), (0, 0, 1)),
        ({}, (), (0, 0, 1)),
        ({IDENTITY: 0.6}, (("stories", "1.2.0"),), (0, 1, 0)),
        ({IDENTITY: 0.5, (MEMORY.type, (("service", "x"),)): 1.0}, (), (1, 0, 1)),
        ({IDENTITY: 0.5, ("of others", ()): 1.0}, (), (1, 0, 0)),
    ],
    ids=["same", "rounded", "wrong", "missing", "late", "one too many", "not asked for"],
)
def test_points_are_compared(found: Any, late: Any, outcome: tuple[int, int, int]) -> None:
    expected = [Point(MEMORY, LABELS, None, 60, 0.5)]
    compared = readback.compare(0, expected, found, late, {MEMORY.type})
    assert (compared.same, compared.late, len(compared.differences)) == outcome


def test_every_command_of_the_guide_can_be_typed() -> None:
    guide = (ROOT / "docs/how-to/watch-in-cloud-console.md").read_text()
    commands = re.findall(r"^ *palier (monitoring .+)$", guide, re.MULTILINE)
    assert {line.split()[1] for line in commands} == {"apply", "diff", "export", "check", "cost"}
    for line in commands:
        parser().parse_args(line.split())
