"""The documented rules of an alert policy. Pure.

A policy has one to six conditions. Known here are the two kinds that need no query language:
thresholds and absence. Raised are InvalidRequest for what can't be, and NotFound for a metric that
nobody has described yet, in Cloud Monitoring's words.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from google.cloud import monitoring_v3

from local.monitoring import filters
from local.monitoring.alerting import aggregation, strategy
from local.monitoring.alerting.aggregation import Shape
from local.monitoring.alerting.labels import (
    DISPLAY_NAME_LENGTH,
    check_text,
    check_user_labels,
)
from local.monitoring.refusals import NotFound
from local.monitoring.rules import RESOURCES, InvalidRequest

MOST_CONDITIONS = 6
MOST_CHANNELS = 16
MINUTE = 60
LEAST_ABSENCE_SECONDS = 120
LONGEST_WINDOW_SECONDS = 23 * 3600 + 30 * 60
DOCUMENTATION_LENGTH = 8192
DOCUMENTATION_BYTES = 10_240
MOST_LINKS = 3
LINK_NAME_LENGTH = 63
LINK_LENGTH = 2083

Comparison = monitoring_v3.ComparisonType
Combiner = monitoring_v3.AlertPolicy.ConditionCombinerType
KNOWN_CONDITIONS = ("condition_threshold", "condition_absent")

Describe = Callable[[str], Any]
"""The descriptor of a metric; None when there is none, or none to be seen yet."""


def check(policy: Any, describe: Describe, channels: Container[str]) -> None:
    """Raises InvalidRequest or NotFound when a policy can't be as it is."""
    if not policy.display_name:
        raise InvalidRequest("Field alert_policy.display_name was missing.")
    check_text(policy.display_name, DISPLAY_NAME_LENGTH, "alert_policy.display_name")
    check_user_labels(policy.user_labels, "alert_policy.user_labels")
    _check_documentation(policy.documentation)
    if not 1 <= len(policy.conditions) <= MOST_CONDITIONS:
        raise InvalidRequest(
            f"Field alert_policy.conditions had {len(policy.conditions)} entries: A policy has "
            f"from 1 to {MOST_CONDITIONS} conditions."
        )
    if policy.combiner == Combiner.COMBINE_UNSPECIFIED:
        raise InvalidRequest("Field alert_policy.combiner was missing.")
    strategy.check(policy.alert_strategy, policy.notification_channels)
    _check_channels(policy.notification_channels, channels)
    for number, condition in enumerate(policy.conditions):
        _check_condition(condition, describe, f"alert_policy.conditions[{number}]")


def _check_documentation(documentation: Any) -> None:
    where = "alert_policy.documentation"
    check_text(documentation.content, DOCUMENTATION_LENGTH, f"{where}.content")
    if len(documentation.content.encode()) > DOCUMENTATION_BYTES:
        raise InvalidRequest(f"Field {where}.content is longer than {DOCUMENTATION_BYTES} bytes.")
    if len(documentation.subject.encode()) > DOCUMENTATION_BYTES:
        raise InvalidRequest(f"Field {where}.subject is longer than {DOCUMENTATION_BYTES} bytes.")
    if documentation.content and documentation.mime_type not in ("", "text/markdown"):
        raise InvalidRequest(
            f'Field {where}.mime_type had an invalid value of "{documentation.mime_type}": only '
            '"text/markdown" is supported.'
        )
    if len(documentation.links) > MOST_LINKS:
        raise InvalidRequest(f"Field {where}.links had more than {MOST_LINKS} entries.")
    for link in documentation.links:
        if not link.display_name or not link.url:
            raise InvalidRequest(f"Field {where}.links: a link needs a display_name and a url.")
        check_text(link.display_name, LINK_NAME_LENGTH, f"{where}.links.display_name")
        check_text(link.url, LINK_LENGTH, f"{where}.links.url")


def _check_channels(names: Any, channels: Container[str]) -> None:
    where = "alert_policy.notification_channels"
    if len(names) > MOST_CHANNELS:
        raise InvalidRequest(f"Field {where} had more than {MOST_CHANNELS} entries.")
    for name in names:
        if name not in channels:
            raise NotFound(f'Field {where} had an invalid value of "{name}": no such channel.')


def _check_condition(condition: Any, describe: Describe, where: str) -> None:
    kind = condition.WhichOneof("condition")
    if kind is None:
        raise InvalidRequest(f"Field {where} was missing a condition.")
    if kind not in KNOWN_CONDITIONS:
        raise InvalidRequest(
            f"Field {where}.{kind} is not known to this local server: it knows "
            f"{' and '.join(KNOWN_CONDITIONS)}."
        )
    if not condition.display_name:
        raise InvalidRequest(f"Field {where}.display_name was missing.")
    check_text(condition.display_name, DISPLAY_NAME_LENGTH, f"{where}.display_name")
    content = getattr(condition, kind)
    place = f"{where}.{kind}"
    _check_trigger(content.trigger, place)
    if kind == "condition_threshold":
        _check_threshold(content, describe, place)
    else:
        _check_absence(content, describe, place)


def _check_trigger(trigger: Any, where: str) -> None:
    kind = trigger.WhichOneof("type")
    if kind == "count" and trigger.count < 1:
        raise InvalidRequest(f"Field {where}.trigger.count must be at least 1.")
    if kind == "percent" and not 0 < trigger.percent <= 100:
        raise InvalidRequest(f"Field {where}.trigger.percent must be above 0 and at most 100.")


def _check_threshold(threshold: Any, describe: Describe, where: str) -> None:
    if threshold.comparison not in (Comparison.COMPARISON_GT, Comparison.COMPARISON_LT):
        raise InvalidRequest(
            f"Field {where}.comparison had an invalid value of "
            f'"{Comparison(threshold.comparison).name}": Only COMPARISON_GT and COMPARISON_LT are '
            "supported."
        )
    if threshold.HasField("forecast_options"):
        raise InvalidRequest(f"Field {where}.forecast_options is not known to this local server.")
    seconds = _minutes(threshold.duration, where, 0)
    if threshold.evaluation_missing_data and seconds < MINUTE:
        raise InvalidRequest(
            f"Field {where}.evaluation_missing_data had an invalid value: the duration must be at "
            f"least {MINUTE} s for it."
        )
    shape = _check_series(threshold.filter, threshold.aggregations, describe, where, "")
    aggregation.check_comparable(shape, f"{where}.aggregations")
    if threshold.denominator_filter:
        _check_denominator(threshold, describe, where)
    elif threshold.denominator_aggregations:
        raise InvalidRequest(f"Field {where}.denominator_filter was missing.")


def _check_denominator(threshold: Any, describe: Describe, where: str) -> None:
    filter_, aggregations = threshold.denominator_filter, threshold.denominator_aggregations
    shape = _check_series(filter_, aggregations, describe, where, "denominator_")
    aggregation.check_comparable(shape, f"{where}.denominator_aggregations")
    above, below = list(threshold.aggregations), list(aggregations)
    if [_form(one) for one in above] != [_form(one) for one in below]:
        raise InvalidRequest(
            f"Field {where}.denominator_aggregations had an invalid value: both sides of a ratio "
            "must have the same alignment period and the same labels."
        )


def _form(one: Any) -> tuple[int, list[str]]:
    return one.alignment_period.ToSeconds(), sorted(one.group_by_fields)


def _check_absence(absence: Any, describe: Describe, where: str) -> None:
    _minutes(absence.duration, where, LEAST_ABSENCE_SECONDS)
    _check_series(absence.filter, absence.aggregations, describe, where, "")


def _minutes(duration: Any, where: str, least: int) -> int:
    seconds = int(duration.ToSeconds())
    if seconds % MINUTE or duration.nanos or not least <= seconds <= LONGEST_WINDOW_SECONDS:
        raise InvalidRequest(
            f'Field {where}.duration had an invalid value of "{duration.ToJsonString()}": it must '
            f"be a multiple of a minute, at least {least} s and at most {LONGEST_WINDOW_SECONDS} s."
        )
    return seconds


def _check_series(
    text: str, aggregations: Any, describe: Describe, where: str, prefix: str
) -> Shape:
    check_text(text, filters.LONGEST, f"{where}.{prefix}filter")
    conditions = filters.parse(text)
    metric = filters.only(conditions, "metric.type")
    if metric is None:
        raise InvalidRequest(
            f'Field {where}.{prefix}filter had an invalid value of "{text}": must specify a '
            "restriction on metric.type; exactly one."
        )
    resource = filters.only(conditions, "resource.type")
    if not prefix and resource is None:
        raise InvalidRequest(
            f'Field {where}.{prefix}filter had an invalid value of "{text}": must specify a '
            'restriction on "resource.type" in the filter; see "https://cloud.google.com/'
            'monitoring/api/resources" for a list of available resource types.'
        )
    if resource is not None and resource not in RESOURCES:
        raise InvalidRequest(
            f'Field {where}.{prefix}filter had an invalid value of "{text}": "{resource}" is no '
            "resource type that custom metrics can have."
        )
    descriptor = describe(metric)
    if descriptor is None:
        raise NotFound(
            f'Cannot find metric(s) that match type = "{metric}". If a metric was created '
            "recently, it could take up to 10 minutes to become available. Please try again soon."
        )
    shape = Shape(descriptor.metric_kind, descriptor.value_type)
    return aggregation.check(aggregations, shape, f"{where}.{prefix}aggregations")
