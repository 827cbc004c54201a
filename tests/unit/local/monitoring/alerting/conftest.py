"""A local Cloud Monitoring with two described metrics, and the real clients of its services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.api import metric_pb2
from google.cloud import monitoring_v3
from google.cloud.monitoring_v3.services.alert_policy_service.transports import (
    AlertPolicyServiceGrpcTransport,
)
from google.cloud.monitoring_v3.services.notification_channel_service.transports import (
    NotificationChannelServiceGrpcTransport,
)
from google.protobuf import json_format

from local.monitoring import rules, server
from local.monitoring.alerting.configuration import Configuration, Delays
from local.monitoring.memory import Memory

PROJECT = "projects/demo"
PREFIX = "custom.googleapis.com/palier/"
SHAPES = {
    "rule_value": (rules.GAUGE, rules.DOUBLE),
    "tick_heartbeat": (rules.GAUGE, rules.INT64),
    "requests": (rules.CUMULATIVE, rules.INT64),
    "failures": (rules.CUMULATIVE, rules.INT64),
    "execution_time": (rules.CUMULATIVE, rules.DISTRIBUTION),
}


@dataclass
class Place:
    """The server, its clients, and the time (epoch seconds)."""

    memory: Memory
    configuration: Configuration
    policies: monitoring_v3.AlertPolicyServiceClient = field(init=False)
    channels: monitoring_v3.NotificationChannelServiceClient = field(init=False)
    now: float = 1_800_000_000.0

    def describe(self, name: str, kind: int, value_type: int) -> None:
        descriptor = metric_pb2.MetricDescriptor(
            type=PREFIX + name, metric_kind=kind, value_type=value_type
        )
        self.memory.describe("demo", descriptor, round(self.now * 1e9))

    def create(self, given: dict[str, Any]) -> Any:
        policy = json_format.ParseDict(given, monitoring_v3.AlertPolicy.pb()())
        return self.policies.create_alert_policy(
            name=PROJECT, alert_policy=monitoring_v3.AlertPolicy.wrap(policy)
        )


@pytest.fixture
def place() -> Iterator[Place]:
    memory = Memory()
    here = Place(memory, Configuration(memory, lambda: round(here.now * 1e9), Delays(change=0)))
    for name, (kind, value_type) in SHAPES.items():
        here.describe(name, kind, value_type)
    calls, port = server.serve(memory, 0, configuration=here.configuration)
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    here.policies = monitoring_v3.AlertPolicyServiceClient(
        transport=AlertPolicyServiceGrpcTransport(channel=channel)
    )
    here.channels = monitoring_v3.NotificationChannelServiceClient(
        transport=NotificationChannelServiceGrpcTransport(channel=channel)
    )
    yield here
    channel.close()
    server.stop(calls)


@pytest.fixture
def threshold() -> Callable[..., dict[str, Any]]:
    """A correct policy as JSON: a threshold on rule_value. Changes are of its condition."""

    def policy(**changes: Any) -> dict[str, Any]:
        condition = {
            "filter": f'metric.type = "{PREFIX}rule_value" AND resource.type = "generic_task" '
            'AND metric.labels.rule = "p1-error-rate"',
            "comparison": "COMPARISON_GT",
            "thresholdValue": 0.05,
            "duration": "60s",
            "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MAX"}],
            **changes,
        }
        kept = {key: value for key, value in condition.items() if value is not None}
        return {
            "displayName": "P1 error rate",
            "combiner": "OR",
            "severity": "CRITICAL",
            "userLabels": {"palier": "p1-error-rate"},
            "conditions": [{"displayName": "above 5 %", "conditionThreshold": kept}],
        }

    return policy


@pytest.fixture
def absence() -> dict[str, Any]:
    """A correct policy as JSON: the heartbeat is missing."""
    condition = {
        "filter": f'metric.type = "{PREFIX}tick_heartbeat" AND resource.type = "generic_task"',
        "duration": "180s",
        "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MAX"}],
    }
    return {
        "displayName": "No heartbeat",
        "combiner": "OR",
        "conditions": [{"displayName": "silent for 3 min", "conditionAbsent": condition}],
    }
