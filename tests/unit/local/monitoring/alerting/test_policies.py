"""Policies as Cloud Monitoring takes them, through the real client: kept, changed, refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from google.api_core import exceptions
from google.cloud import monitoring_v3
from google.protobuf import field_mask_pb2

from local.monitoring import rules
from local.monitoring.alerting.configuration import Delays

if TYPE_CHECKING:
    from tests.unit.local.monitoring.alerting.conftest import Place

PROJECT = "projects/demo"
PREFIX = "custom.googleapis.com/palier/"
TASK = 'AND resource.type = "generic_task"'
Make = Callable[..., dict[str, Any]]


def refused(place: Place, given: dict[str, Any]) -> str:
    with pytest.raises((exceptions.InvalidArgument, exceptions.NotFound)) as caught:
        place.create(given)
    assert not place.configuration.policies
    return str(caught.value.message)


def test_a_policy_is_kept_with_its_names(place: Place, threshold: Make) -> None:
    made = place.create(threshold())
    assert made.name.startswith(f"{PROJECT}/alertPolicies/")
    assert made.conditions[0].name.startswith(f"{made.name}/conditions/")
    assert made.enabled
    assert made.creation_record.mutate_time.timestamp() == place.now
    assert place.policies.get_alert_policy(name=made.name) == made


def test_lists_in_pages_by_label(place: Place, threshold: Make) -> None:
    for number in range(3):
        place.create({**threshold(), "displayName": f"policy {number}"})
    place.create({**threshold(), "displayName": "somebody's", "userLabels": {"team": "other"}})
    request: Any = {"name": PROJECT, "filter": 'user_labels.palier="p1-error-rate"', "page_size": 2}
    pages = list(place.policies.list_alert_policies(request=request).pages)
    assert [len(page.alert_policies) for page in pages] == [2, 1]
    assert pages[0].total_size == 3
    request = {
        "name": PROJECT,
        "order_by": "-display_name",
        "filter": 'user_labels=has_key("team")',
    }
    assert [p.display_name for p in place.policies.list_alert_policies(request=request)] == [
        "somebody's"
    ]
    assert not list(place.policies.list_alert_policies(name="projects/another"))


def test_an_update_with_a_mask_changes_that_alone(place: Place, threshold: Make) -> None:
    made = place.create(threshold())
    changed = monitoring_v3.AlertPolicy(name=made.name, display_name="new", severity="WARNING")
    mask = field_mask_pb2.FieldMask(paths=["display_name"])
    after = place.policies.update_alert_policy(update_mask=mask, alert_policy=changed)
    assert (after.display_name, after.severity.name) == ("new", "CRITICAL")
    assert after.conditions == made.conditions
    assert after.creation_record == made.creation_record


def test_an_update_without_a_mask_replaces_all(place: Place, threshold: Make) -> None:
    made = place.create(threshold())
    given = monitoring_v3.AlertPolicy(made)
    given.conditions[0].condition_threshold.threshold_value = 0.1
    given.user_labels.clear()
    after = place.policies.update_alert_policy(alert_policy=given)
    assert after.conditions[0].name == made.conditions[0].name
    assert after.conditions[0].condition_threshold.threshold_value == 0.1
    assert not after.user_labels
    del given.conditions[0].name
    again = place.policies.update_alert_policy(alert_policy=given)
    assert again.conditions[0].name != made.conditions[0].name
    given.conditions[0].name = made.conditions[0].name
    with pytest.raises(exceptions.InvalidArgument, match="no such condition"):
        place.policies.update_alert_policy(alert_policy=given)


def test_what_is_not_there_is_not_found(place: Place, threshold: Make) -> None:
    made = place.create(threshold())
    place.policies.delete_alert_policy(name=made.name)
    with pytest.raises(exceptions.NotFound):
        place.policies.delete_alert_policy(name=made.name)
    with pytest.raises(exceptions.NotFound):
        place.policies.get_alert_policy(name=made.name)
    with pytest.raises(exceptions.NotFound):
        place.policies.update_alert_policy(alert_policy=made)


def test_a_policy_before_its_metric_is_not_found(place: Place, threshold: Make) -> None:
    given = threshold(filter=f'metric.type = "{PREFIX}new" {TASK}')
    assert refused(place, given).startswith(
        f'Cannot find metric(s) that match type = "{PREFIX}new". If a metric was created recently'
    )
    place.describe("new", rules.GAUGE, rules.DOUBLE)
    assert place.create(given)


def test_a_new_metric_is_seen_later(place: Place, threshold: Make) -> None:
    place.configuration.delays = Delays(change=0, metric=600)
    place.now += 599
    assert "Cannot find metric(s)" in refused(place, threshold())
    place.now += 1
    assert place.create(threshold())


def test_one_change_at_a_time(place: Place, threshold: Make) -> None:
    place.configuration.delays = Delays(change=0.3)
    outcomes: list[str] = []

    def create() -> None:
        try:
            place.create(threshold())
        except exceptions.Aborted as problem:
            outcomes.append(str(problem.message))
        else:
            outcomes.append("made")

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    busy = "Too many concurrent edits to the project configuration. Please try again."
    assert sorted(outcomes) == [busy] * 3 + ["made"]
    assert len(place.configuration.policies) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"displayName": ""}, "display_name was missing"),
        ({"displayName": "x" * 513}, "at most 512"),
        ({"combiner": "COMBINE_UNSPECIFIED"}, "combiner was missing"),
        ({"conditions": []}, "from 1 to 6 conditions"),
        ({"documentation": {"content": "x" * 8193}}, "at most 8192"),
        ({"documentation": {"content": "é" * 8000}}, "longer than 10240 bytes"),
        ({"documentation": {"content": "x", "mimeType": "text/html"}}, "text/markdown"),
        (
            {"documentation": {"links": [{"displayName": "a", "url": "https://b"}] * 4}},
            "more than 3",
        ),
        ({"userLabels": {f"k{n}": "v" for n in range(65)}}, "more than 64"),
        ({"userLabels": {"Palier": "x"}}, "lowercase"),
        ({"userLabels": {"palier": "x" * 64}}, "up to 63"),
        ({"notificationChannels": [f"{PROJECT}/notificationChannels/1"]}, "no such channel"),
        ({"notificationChannels": ["x"] * 17}, "more than 16"),
        ({"alertStrategy": {"notificationRateLimit": {"period": "300s"}}}, "only log-based"),
        ({"alertStrategy": {"autoClose": "1799s"}}, "from 1800 s"),
        ({"alertStrategy": {"notificationPrompts": ["CLOSED"]}}, "[OPENED] or"),
        (
            {"alertStrategy": {"notificationChannelStrategy": [{"renotifyInterval": "60s"}]}},
            "from 1800 s",
        ),
    ],
)
def test_what_a_policy_cannot_be(
    place: Place, threshold: Make, changes: dict[str, Any], reason: str
) -> None:
    assert reason in refused(place, {**threshold(), **changes})


def test_seven_conditions_are_too_many(place: Place, threshold: Make) -> None:
    given = threshold()
    assert "from 1 to 6" in refused(place, {**given, "conditions": given["conditions"] * 7})
    assert place.create({**given, "conditions": given["conditions"] * 6})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"comparison": "COMPARISON_GE"}, "Only COMPARISON_GT and COMPARISON_LT"),
        ({"duration": "90s"}, "multiple of a minute"),
        ({"duration": "86400s"}, "at most 84600 s"),
        ({"duration": "0s", "evaluationMissingData": "EVALUATION_MISSING_DATA_INACTIVE"}, "60 s"),
        ({"filter": f'metric.type = "{PREFIX}rule_value"'}, 'restriction on "resource.type"'),
        ({"filter": 'resource.type = "generic_task"'}, "restriction on metric.type"),
        (
            {"filter": f'metric.type = "{PREFIX}rule_value" AND resource.type = "gce_instance"'},
            "no resource type",
        ),
        ({"filter": f'metric.type = "{PREFIX}rule_value" OR {TASK}'}, "invalid value"),
        ({"filter": "x" * 2049}, "at most 2048"),
        ({"trigger": {"count": 0}}, "at least 1"),
        ({"trigger": {"percent": 101}}, "at most 100"),
        ({"aggregations": [{"perSeriesAligner": "ALIGN_MAX"}]}, "alignment_period was missing"),
        (
            {"aggregations": [{"perSeriesAligner": "ALIGN_MAX", "alignmentPeriod": "30s"}]},
            "from 60 s to 90000 s",
        ),
        (
            {"aggregations": [{"perSeriesAligner": "ALIGN_RATE", "alignmentPeriod": "60s"}]},
            'invalid value of "ALIGN_RATE": The aligner cannot be applied to metrics with kind '
            "GAUGE and value type DOUBLE.",
        ),
        ({"aggregations": [{"crossSeriesReducer": "REDUCE_SUM"}]}, "needs time series that are"),
        (
            {
                "aggregations": [
                    {
                        "perSeriesAligner": "ALIGN_MAX",
                        "alignmentPeriod": "60s",
                        "crossSeriesReducer": "REDUCE_COUNT_TRUE",
                    }
                ]
            },
            'crossSeriesReducer had an invalid value of "REDUCE_COUNT_TRUE"',
        ),
        ({"forecastOptions": {"forecastHorizon": "3600s"}}, "forecast_options"),
        ({"denominatorAggregations": [{}]}, "denominator_filter was missing"),
    ],
)
def test_what_a_threshold_cannot_be(
    place: Place, threshold: Make, changes: dict[str, Any], reason: str
) -> None:
    assert reason in refused(place, threshold(**changes))


def counted(name: str, aligner: str, reducer: str = "REDUCE_NONE") -> dict[str, Any]:
    return {
        "filter": f'metric.type = "{PREFIX}{name}" {TASK}',
        "aggregations": [
            {
                "alignmentPeriod": "60s",
                "perSeriesAligner": aligner,
                "crossSeriesReducer": reducer,
            }
        ],
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (counted("requests", "ALIGN_NONE"), "must be aligned with"),
        (counted("requests", "ALIGN_SUM"), "kind CUMULATIVE and value type INT64"),
        (counted("requests", "ALIGN_MAX"), "kind CUMULATIVE and value type INT64"),
        (counted("execution_time", "ALIGN_RATE"), "kind CUMULATIVE and value type DISTRIBUTION"),
        (counted("execution_time", "ALIGN_PERCENTILE_95"), "kind CUMULATIVE"),
        (counted("execution_time", "ALIGN_DELTA"), "value type DISTRIBUTION can't be compared"),
        (counted("requests", "ALIGN_DELTA"), ""),
        (counted("requests", "ALIGN_RATE", "REDUCE_SUM"), ""),
        (counted("execution_time", "ALIGN_DELTA", "REDUCE_PERCENTILE_95"), ""),
    ],
)
def test_aligners_suit_the_kind_of_the_metric(
    place: Place, threshold: Make, changes: dict[str, Any], reason: str
) -> None:
    if reason:
        assert reason in refused(place, threshold(**changes))
    else:
        assert place.create(threshold(**changes))


def test_both_sides_of_a_ratio_have_the_same_form(place: Place, threshold: Make) -> None:
    above = counted("failures", "ALIGN_RATE", "REDUCE_SUM")
    below = counted("requests", "ALIGN_RATE", "REDUCE_SUM")
    ratio = {**above, "denominatorFilter": below["filter"]}
    alike = {**ratio, "denominatorAggregations": below["aggregations"]}
    assert place.create(threshold(**alike))
    below["aggregations"][0]["alignmentPeriod"] = "120s"
    place.configuration.policies.clear()
    assert "same alignment period" in refused(
        place, threshold(**ratio | {"denominatorAggregations": below["aggregations"]})
    )


@pytest.mark.parametrize(("duration", "good"), [("60s", False), ("120s", True), ("150s", False)])
def test_absence_takes_two_minutes_at_least(
    place: Place, absence: dict[str, Any], duration: str, good: bool
) -> None:
    absence["conditions"][0]["conditionAbsent"]["duration"] = duration
    if good:
        assert place.create(absence).conditions[0].condition_absent.duration.seconds == 120
    else:
        assert "at least 120 s" in refused(place, absence)


def test_what_is_not_known_here_is_refused_by_name(place: Place) -> None:
    query = {"query": "up == 0", "duration": "0s", "evaluationInterval": "30s"}
    given = {
        "displayName": "x",
        "combiner": "OR",
        "conditions": [{"displayName": "y", "conditionPrometheusQueryLanguage": query}],
    }
    assert "condition_prometheus_query_language is not known" in refused(place, given)
