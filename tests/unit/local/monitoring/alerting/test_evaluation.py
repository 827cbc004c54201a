"""Policies evaluated on written points, minute by minute: what opens when, and what closes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest
from google.cloud import monitoring_v3
from hypothesis import given, settings
from hypothesis import strategies as st

from local.monitoring.alerting import conditions, incidents
from local.monitoring.alerting.watch import Watch
from local.monitoring.memory import NANOSECONDS, Point, Series
from local.monitoring.rules import CUMULATIVE, DOUBLE, GAUGE, SeriesKey

if TYPE_CHECKING:
    from tests.unit.local.monitoring.alerting.conftest import Place

START = 1_800_000_000
PREFIX = "custom.googleapis.com/palier/"
Make = Callable[..., dict[str, Any]]
NO_DATA = None


def put(place: Place, metric: str, values: Mapping[int, float], **labels: str) -> None:
    """Points by minute since START, as they would have been written."""
    resource = (("job", "production"), ("project_id", "demo"))
    key = SeriesKey(PREFIX + metric, tuple(sorted(labels.items())), "generic_task", resource)
    kind = place.memory.descriptors[PREFIX + metric].metric_kind
    series = place.memory.series.setdefault(key, Series(key, kind, DOUBLE))
    for minute, value in values.items():
        end = (START + 60 * minute) * NANOSECONDS
        start = end - 60 * NANOSECONDS + 1_000_000 if kind == CUMULATIVE else end
        typed = monitoring_v3.TypedValue.pb()(double_value=value)
        series.points.append(Point(start, end, typed))
        series.received = end


def rule(place: Place, *values: float | None, service: str = "stories") -> None:
    """Minute by minute, the value of the rule; None writes no point."""
    found = {minute: value for minute, value in enumerate(values) if value is not None}
    put(place, "rule_value", found, rule="p1-error-rate", service=service, version="1.3.0")


def course(place: Place, minutes: int) -> str:
    """What each minute's look finds: o opens, c closes, - open, . nothing open."""
    watch = Watch(place.configuration)
    marks = []
    for minute in range(minutes):
        changed = watch.look(START + 60 * minute)
        opened = any(incident.closed is None for incident in changed)
        closed = any(incident.closed is not None for incident in changed)
        going = "-" if watch.register.open else "."
        marks.append("o" if opened else "c" if closed else going)
    return "".join(marks)


GOOD, BAD = 0.05, 0.0501
INACTIVE = "EVALUATION_MISSING_DATA_INACTIVE"
ACTIVE = "EVALUATION_MISSING_DATA_ACTIVE"


@pytest.mark.parametrize(
    ("duration", "missing", "values", "expected"),
    [
        pytest.param("0s", None, [GOOD, BAD, BAD, GOOD], ".o-c", id="at once"),
        pytest.param("0s", None, [GOOD, GOOD, GOOD], "...", id="at the threshold is not above"),
        pytest.param("60s", None, [GOOD, BAD, BAD, GOOD], "..oc", id="held for its duration"),
        pytest.param("60s", None, [BAD, GOOD, BAD, GOOD], "....", id="one outlier opens nothing"),
        pytest.param("180s", None, [BAD] * 3 + [GOOD], "....", id="less than three minutes"),
        pytest.param("180s", None, [BAD] * 4 + [GOOD], "...oc", id="just three minutes"),
        pytest.param("180s", None, [BAD, BAD, GOOD, BAD, BAD, BAD, BAD], "......o", id="anew"),
        pytest.param("60s", None, [BAD, BAD, NO_DATA, BAD, GOOD], ".o--c", id="a gap is no end"),
        pytest.param("120s", None, [BAD, NO_DATA, BAD], "..o", id="a gap inside is passed over"),
        pytest.param("60s", INACTIVE, [BAD, BAD, NO_DATA, BAD], ".oc.", id="a gap is well"),
        pytest.param("60s", ACTIVE, [BAD, NO_DATA, NO_DATA, GOOD], ".o-c", id="a gap is bad"),
        pytest.param("60s", ACTIVE, [NO_DATA] * 3, "...", id="unknown series are not missed"),
    ],
)
def test_a_threshold_over_time(
    place: Place,
    threshold: Make,
    duration: str,
    missing: str | None,
    values: list[float | None],
    expected: str,
) -> None:
    place.create(threshold(duration=duration, evaluationMissingData=missing))
    rule(place, *values)
    assert course(place, len(expected)) == expected


def test_below_a_threshold(place: Place, threshold: Make) -> None:
    place.create(threshold(comparison="COMPARISON_LT", duration="0s"))
    rule(place, 0.05, 0.049, 0.05)
    assert course(place, 3) == ".oc"


def test_absence_opens_after_its_duration_and_closes_with_data(
    place: Place, absence: dict[str, Any]
) -> None:
    place.create(absence)
    assert course(place, 3) == "..."  # nothing was ever there to be missed
    put(place, "tick_heartbeat", {0: 1, 1: 1, 6: 1})
    assert course(place, 8) == "....o-c."


def test_each_series_has_its_incident(place: Place, threshold: Make) -> None:
    policy = place.create({**threshold(duration="0s"), "notificationChannels": []})
    rule(place, BAD, GOOD)
    rule(place, BAD, BAD, service="drawings")
    watch = Watch(place.configuration)
    opened = watch.look(START)
    services = {dict(one.key.labels)["metric.labels.service"]: one for one in opened}
    assert set(services) == {"stories", "drawings"}
    assert services["stories"].value == BAD
    (closed,) = watch.look(START + 60)
    assert closed.id == services["stories"].id
    assert (closed.closed, closed.reason) == (START + 60, incidents.WELL)
    assert [one.key.policy for one in watch.register.open.values()] == [policy.name]


def test_channels_are_told_of_opening_and_closing(place: Place, threshold: Make) -> None:
    email = monitoring_v3.NotificationChannel(
        type_="email", labels={"email_address": "on-call@example.org"}
    )
    channel = place.channels.create_notification_channel(
        name="projects/demo", notification_channel=email
    ).name
    policy = {**threshold(duration="0s"), "notificationChannels": [channel]}
    place.create(policy)
    place.create({**policy, "alertStrategy": {"notificationPrompts": ["OPENED"]}})
    rule(place, BAD, GOOD)
    watch = Watch(place.configuration)
    assert [one.told for one in watch.look(START)] == [(channel,)] * 2
    assert [one.told_of_closing for one in watch.look(START + 60)] == [(channel,), ()]


@pytest.mark.parametrize("how", ["changed", "switched off", "deleted"])
def test_a_changed_policy_closes_its_incidents(place: Place, threshold: Make, how: str) -> None:
    policy = place.create(threshold(duration="0s"))
    rule(place, BAD, GOOD)
    watch = Watch(place.configuration)
    assert len(watch.look(START)) == 1
    place.now += 1
    if how == "deleted":
        place.policies.delete_alert_policy(name=policy.name)
    elif how == "changed":
        policy.conditions[0].condition_threshold.threshold_value = 1
        place.policies.update_alert_policy(alert_policy=policy)
    else:
        policy.enabled = False
        place.policies.update_alert_policy(alert_policy=policy)
    (closed,) = watch.look(START + 60)
    assert closed.reason == incidents.CHANGED


def test_without_data_it_closes_in_the_end(place: Place, threshold: Make) -> None:
    place.create({**threshold(duration="0s"), "alertStrategy": {"autoClose": "1800s"}})
    rule(place, BAD)
    watch = Watch(place.configuration)
    watch.look(START)
    assert watch.look(START + 1799) == []
    (closed,) = watch.look(START + 1800)
    assert closed.reason == incidents.NO_DATA


def counted(name: str, aligner: str, groups: tuple[str, ...] = ()) -> dict[str, Any]:
    aggregation = {
        "alignmentPeriod": "60s",
        "perSeriesAligner": aligner,
        "crossSeriesReducer": "REDUCE_SUM",
        "groupByFields": groups,
    }
    where = f'metric.type = "{PREFIX}{name}" AND resource.type = "generic_task"'
    return {"filter": where, "aggregations": [aggregation], "duration": "0s"}


def test_a_ratio_of_counters_by_service(place: Place, threshold: Make) -> None:
    groups = ("metric.label.service",)
    above, below = (counted(name, "ALIGN_DELTA", groups) for name in ("failures", "requests"))
    ratio = {
        "denominatorFilter": below["filter"],
        "denominatorAggregations": below["aggregations"],
    }
    policy = place.create(threshold(**above, **ratio))
    for version, failures in (("1", 4.0), ("2", 7.0)):
        labels = {"service": "stories", "version": version}
        put(place, "failures", {0: failures}, **labels)
        put(place, "requests", {0: 100.0}, **labels)
    put(place, "requests", {0: 100.0}, service="quiet", version="1")
    state = incidents.evaluate(policy, place.memory.series.values(), START)
    (reading,) = state.readings
    assert reading.value == pytest.approx(11 / 200)
    assert dict(reading.labels)["metric.labels.service"] == "stories"
    assert state.met


@pytest.mark.parametrize(
    ("trigger", "met"),
    [
        ({}, True),
        ({"count": 2}, True),
        ({"count": 3}, False),
        ({"percent": 50}, True),
        ({"percent": 51}, False),
    ],
)
def test_how_many_series_it_takes(
    place: Place, threshold: Make, trigger: dict[str, Any], met: bool
) -> None:
    policy = place.create(threshold(duration="0s", trigger=trigger))
    for service, value in (("a", BAD), ("b", BAD), ("c", GOOD), ("d", GOOD)):
        rule(place, value, service=service)
    assert incidents.evaluate(policy, place.memory.series.values(), START).met == met


def two(threshold: Make, combiner: str) -> dict[str, Any]:
    """P1 beyond 5 %, and requests above 10 a minute."""
    made = threshold(duration="0s")
    more = threshold(**counted("requests", "ALIGN_DELTA", ("resource.label.job",)))
    more["conditions"][0]["conditionThreshold"]["thresholdValue"] = 10
    return {**made, "combiner": combiner, "conditions": made["conditions"] + more["conditions"]}


@pytest.mark.parametrize(
    ("combiner", "requests", "opened"),
    [
        ("OR", 5.0, 1),
        ("OR", 11.0, 2),
        ("AND", 5.0, 0),
        ("AND", 11.0, 1),
    ],
)
def test_conditions_together(
    place: Place, threshold: Make, combiner: str, requests: float, opened: int
) -> None:
    place.create(two(threshold, combiner))
    rule(place, BAD, GOOD)
    put(place, "requests", {0: requests, 1: requests}, service="stories")
    watch = Watch(place.configuration)
    assert len(watch.look(START)) == opened
    watch.look(START + 60)
    assert len(watch.register.open) == max(0, opened - 1)


def test_on_the_same_resource(place: Place, threshold: Make) -> None:
    beat = {
        "filter": f'metric.type = "{PREFIX}tick_heartbeat" AND resource.type = "generic_task"',
        "thresholdValue": 0,
    }
    made = threshold(duration="0s")
    more = threshold(duration="0s", **beat)["conditions"]
    together = {"combiner": "AND_WITH_MATCHING_RESOURCE", "conditions": made["conditions"] + more}
    place.create({**made, **together})
    rule(place, BAD)
    watch = Watch(place.configuration)
    assert watch.look(START) == []
    put(place, "tick_heartbeat", {0: 1})
    (opened,) = watch.look(START)
    assert dict(opened.key.labels)["resource.labels.job"] == "production"


def test_minutes_are_followed_once_their_data_is_there(place: Place, threshold: Make) -> None:
    place.create(threshold(duration="0s"))
    watch = Watch(place.configuration)
    assert watch.follow(START + 5) == []
    rule(place, BAD)
    assert watch.follow(START + 1) == []  # more may be coming
    assert [one.opened for one in watch.follow(START + 2)] == [START]
    assert watch.follow(START + 62) == []  # nothing of the next minute is there
    assert watch.register.at == START
    watch.follow(START + 60 + 150)
    assert watch.register.at == START + 60


def test_it_follows_by_itself_and_survives_a_policy_it_cannot_evaluate(
    place: Place, threshold: Make, caplog: pytest.LogCaptureFixture
) -> None:
    policy = place.configuration.policies[place.create(threshold(duration="0s")).name]
    wanted = policy.conditions[0].condition_threshold.filter
    policy.conditions[0].condition_threshold.filter = "nonsense"
    rule(place, BAD, BAD)
    watch = Watch(place.configuration)
    watch.run(lambda: START + 62.0, every=0.01)
    try:
        wait_until(lambda: "could not be evaluated" in caplog.text)
        policy.conditions[0].condition_threshold.filter = wanted
        wait_until(lambda: bool(watch.register.open))
    finally:
        watch.end()


def wait_until(happened: Callable[[], bool]) -> None:
    for _ in range(500):
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError("It did not happen.")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=12),
    st.integers(0, 4),
)
def test_it_holds_when_it_held_all_along(verdicts: list[bool | None], minutes: int) -> None:
    """Against the plainest reading: beyond now and at the beginning, and never well between."""
    condition = monitoring_v3.AlertPolicy.Condition.pb()()
    threshold = condition.condition_threshold
    threshold.filter = 'metric.type = "m" AND resource.type = "r"'
    threshold.comparison = conditions.Comparison.COMPARISON_GT
    threshold.duration.seconds = 60 * minutes
    key = SeriesKey("m", (), "r", ())
    series = Series(key, GAUGE, DOUBLE)
    for place, verdict in enumerate(verdicts):
        if verdict is not None:
            end = (START + 60 * place) * NANOSECONDS
            value = monitoring_v3.TypedValue.pb()(double_value=1.0 if verdict else 0.0)
            series.points.append(Point(end, end, value))
    outcome = conditions.evaluate(condition, [series], START + 60 * (len(verdicts) - 1))
    window = ([None] * 5 + verdicts)[-minutes - 1 :]
    expected = window[0] is True and window[-1] is True and False not in window
    assert outcome.met == expected
