"""An hour of a rollout that goes wrong, as a local Cloud Monitoring has it.

1.3.0 begins to fail at minute 40 and is rolled back at minute 44; `tick` is silent from minute 20
to 26. The pages' tests look at it, and so do those who take pictures of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from google.api import metric_pb2
from google.cloud import monitoring_v3
from google.protobuf import json_format

from local.monitoring import rules
from local.monitoring.alerting.configuration import Configuration, Delays
from local.monitoring.alerting.watch import Watch
from local.monitoring.dashboards import rest
from local.monitoring.memory import NANOSECONDS, Memory, Point, Series

NOW = 1_800_000_000
MINUTES = 60
PREFIX = "custom.googleapis.com/palier/"
TASK = 'resource.type = "generic_task"'
RESOURCE = (
    ("job", "production"),
    ("location", "europe-west1"),
    ("namespace", "main"),
    ("project_id", "demo"),
    ("task_id", "palier"),
)
METRICS = {
    "requests": (rules.CUMULATIVE, rules.INT64, "1", "Requests that ended."),
    "failures": (rules.CUMULATIVE, rules.INT64, "1", "Requests that failed."),
    "memory": (rules.GAUGE, rules.DOUBLE, "10^2.%", "The most memory in use."),
    "rule_value": (rules.GAUGE, rules.DOUBLE, "1", "The value of each rule."),
    "tick_heartbeat": (rules.GAUGE, rules.INT64, "1", "The control loop came to its end."),
}
RULES = (
    ("p1-error-rate", "P1: more than 5 % of requests fail", "CRITICAL", 0.05, 0),
    ("p2-error-rate", "P2: more than 2 % of requests fail", "ERROR", 0.02, 60),
    ("p3-error-rate", "P3: more than 1 % of requests fail", "WARNING", 0.01, 180),
    ("p2-retries", "P2: requests need more than 2 retries", "ERROR", 2.0, 60),
    ("p3-memory", "P3: more than 60 % of memory in use", "WARNING", 0.6, 180),
)
RUNBOOK = """Users of this version get errors.

## First
1. Look at the rollout: `palier rollouts list`. A candidate that fails is **taken back** by itself.
2. If both versions fail, look at [the status page](https://status.example.org).
"""


def place() -> tuple[Configuration, Watch]:
    """The state at NOW, with every minute looked at."""
    memory = Memory()
    configuration = Configuration(memory, lambda: NOW * NANOSECONDS, Delays(change=0))
    for name, (kind, value_type, unit, text) in METRICS.items():
        descriptor = metric_pb2.MetricDescriptor(
            type=PREFIX + name,
            metric_kind=kind,
            value_type=value_type,
            unit=unit,
            description=text,
        )
        memory.describe("demo", descriptor, NOW * NANOSECONDS)
    _write(memory)
    _configure(configuration)
    watch = Watch(configuration)
    for minute in range(1, MINUTES + 1):
        watch.look(NOW - 60 * (MINUTES - minute))
    memory.refused += 1
    text = f"{rules.COULD_NOT}{rules.OUT_OF_ORDER.format('end')}: generic_task{{}} <b>"
    memory.refusals.append(((NOW - 1200) * NANOSECONDS, text))
    return configuration, watch


def _write(memory: Memory) -> None:
    minutes = range(1, MINUTES + 1)
    for version, share in (("1.2.0", 0.9), ("1.3.0", 0.1)):
        arm = {"service": "stories", "version": version}
        requests = [round(share * (600 + 90 * math.sin(m / 7) + 11 * (m % 5))) for m in minutes]
        shares = [_failing(version, m) for m in minutes]
        failures = [round(n * part) for n, part in zip(requests, shares, strict=True)]
        _put(memory, "requests", arm, requests)
        _put(memory, "failures", arm, failures)
        used = [
            0.41 + 0.05 * math.sin(m / 9) + (0.12 if version == "1.3.0" else 0) for m in minutes
        ]
        _put(memory, "memory", arm, used)
        for rule in ("p1-error-rate", "p2-error-rate", "p3-error-rate"):
            _put(memory, "rule_value", {"rule": rule, **arm}, shares)
        _put(memory, "rule_value", {"rule": "p3-memory", **arm}, used)
    beats = [None if 20 < m <= 26 else 1 for m in minutes]
    _put(memory, "tick_heartbeat", {}, beats)


def _failing(version: str, minute: int) -> float:
    quiet = 0.004 + 0.003 * math.sin(minute / 3)
    if version == "1.2.0":
        return quiet
    steps = {40: 0.013, 41: 0.034, 42: 0.081, 43: 0.124, 44: 0.118, 58: 0.012, 59: 0.013}
    return {**steps, 60: 0.066}.get(minute, quiet)


def _put(memory: Memory, name: str, labels: dict[str, str], values: Sequence[float | None]) -> None:
    kind, value_type, _, _ = METRICS[name]
    key = rules.SeriesKey(PREFIX + name, tuple(sorted(labels.items())), "generic_task", RESOURCE)
    series = memory.series.setdefault(key, Series(key, kind, value_type))
    for minute, value in enumerate(values, 1):
        if value is None:
            continue
        end = (NOW - 60 * (MINUTES - minute)) * NANOSECONDS
        start = end - 60 * NANOSECONDS + 1_000_000 if kind == rules.CUMULATIVE else end
        typed = monitoring_v3.TypedValue.pb()(double_value=value)
        series.points.append(Point(start, end, typed))
        memory.written += 1


def _configure(configuration: Configuration) -> None:
    channels = [
        _channel(configuration, "On call, Paris", "pagerduty", service_key="0" * 32),
        _channel(configuration, "Operations", "email", email_address="operations@example.org"),
    ]
    policies = [
        _policy(configuration, rule, channels[:1] if rule[2] == "CRITICAL" else [])
        for rule in RULES
    ]
    heartbeat = {
        "displayName": "The control loop is silent",
        "combiner": "OR",
        "severity": "CRITICAL",
        "notificationChannels": channels,
        "conditions": [
            {
                "displayName": "no heartbeat",
                "conditionAbsent": {
                    "filter": f'metric.type = "{PREFIX}tick_heartbeat" AND {TASK}',
                    "duration": "180s",
                },
            }
        ],
    }
    policies.append(_created(configuration, heartbeat))
    off = {**heartbeat, "displayName": "An old policy", "enabled": False}
    _created(configuration, {**off, "notificationChannels": []})
    status, made = rest.answer(
        configuration,
        "POST",
        "/v1/projects/demo/dashboards",
        "",
        json.dumps(dashboard(policies)).encode(),
    )
    assert status == 200, made


def _channel(configuration: Configuration, name: str, kind: str, **labels: str) -> str:
    channel = monitoring_v3.NotificationChannel.pb()(type_=kind, display_name=name, labels=labels)
    return str(configuration.create_channel("demo", channel).name)


def _policy(
    configuration: Configuration,
    rule: tuple[str, str, str, float, int],
    channels: Sequence[str],
) -> str:
    name, title, severity, threshold, seconds = rule
    where = f'metric.type = "{PREFIX}rule_value" AND {TASK} AND metric.labels.rule = "{name}"'
    condition = {
        "filter": where,
        "comparison": "COMPARISON_GT",
        "thresholdValue": threshold,
        "duration": f"{seconds}s",
        "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MAX"}],
    }
    return _created(
        configuration,
        {
            "displayName": title,
            "combiner": "OR",
            "severity": severity,
            "notificationChannels": channels,
            "documentation": {"content": RUNBOOK, "mimeType": "text/markdown"},
            "conditions": [{"displayName": name, "conditionThreshold": condition}],
        },
    )


def _created(configuration: Configuration, given: dict[str, Any]) -> str:
    policy = json_format.ParseDict(given, monitoring_v3.AlertPolicy.pb()())
    return str(configuration.create_policy("demo", policy).name)


def dashboard(policies: Sequence[str]) -> dict[str, Any]:
    """Requests, the share of failures, the newest memory, a text, a policy and the incidents."""

    def side(name: str) -> dict[str, Any]:
        return {
            "filter": f'metric.type = "{PREFIX}{name}" AND {TASK}',
            "aggregation": {
                "alignmentPeriod": "60s",
                "perSeriesAligner": "ALIGN_MAX" if name == "memory" else "ALIGN_DELTA",
                "crossSeriesReducer": "REDUCE_MAX" if name == "memory" else "REDUCE_SUM",
                "groupByFields": ["metric.label.version"],
            },
        }

    ratio = {"numerator": side("failures"), "denominator": side("requests")}
    charts: list[dict[str, Any]] = [
        {"timeSeriesQuery": {"timeSeriesFilter": side("requests")}},
        {"timeSeriesQuery": {"timeSeriesFilterRatio": ratio}},
    ]
    limits = [{"label": "P1", "value": 0.05}]
    card = {"timeSeriesQuery": {"timeSeriesFilter": side("memory")}}
    widgets: list[tuple[int, int, int, int, dict[str, Any]]] = [
        (0, 0, 12, 1, {"title": "Stories", "sectionHeader": {"subtitle": "as users get them"}}),
        (0, 1, 6, 5, {"title": "Requests a minute", "xyChart": {"dataSets": charts[:1]}}),
        (
            6,
            1,
            6,
            5,
            {
                "title": "Share that fails",
                "xyChart": {"dataSets": charts[1:], "thresholds": limits},
            },
        ),
        (0, 6, 4, 5, {"title": "P1", "alertChart": {"name": policies[0]}}),
        (4, 6, 2, 5, {"title": "Memory", "scorecard": card}),
        (6, 6, 6, 5, {"title": "Incidents", "incidentList": {"policyNames": policies[:1]}}),
        (0, 11, 12, 2, {"title": "What to do", "text": {"content": RUNBOOK, "format": "MARKDOWN"}}),
    ]
    tiles = [
        {"xPos": x, "yPos": y, "width": width, "height": height, "widget": widget}
        for x, y, width, height, widget in widgets
    ]
    return {"displayName": "Palier", "mosaicLayout": {"columns": 12, "tiles": tiles}}
