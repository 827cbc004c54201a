"""The engine and the policies in Cloud Console come to the same verdict on the same minutes.

For each of the eleven thresholds one version of a service stays just at it, one is just above it
for less than its duration, and one for exactly as long. The minutes are published by the real
publisher to the local Cloud Monitoring, which evaluates the policies that are made of the rules.
The engine looks at the same minutes. Every rule is compared for every version, at every minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.cloud import monitoring_v3
from google.cloud.monitoring_v3.services.alert_policy_service.transports import (
    AlertPolicyServiceGrpcTransport,
)
from google.protobuf import json_format

from functions.alerts import rules
from functions.alerts.measures import Key, measurements
from functions.alerts.policies import Place, of_rule
from functions.alerts.rule import Rule
from functions.alerts.state import FIRING, State
from functions.alerts.thresholds import RULES
from functions.alerts.values import reach_seconds, values
from functions.clock import ManualClock
from functions.documents import Store, Write
from functions.metrics import series
from functions.metrics.cloud_monitoring import CloudMonitoring
from functions.metrics.due import Extra
from functions.metrics.publish import publish
from functions.metrics.store import load_minutes, minute_path
from functions.metrics.tally import Tally
from functions.metrics.windows import Window
from functions.published import timestamp
from local.monitoring import server
from local.monitoring.alerting.configuration import Configuration
from local.monitoring.alerting.watch import Watch
from local.monitoring.memory import Memory
from local.monitoring.rules import Limits
from tests.emulator.metrics.published import SCOPE, START
from tests.unit.alerts.levels import levels

BEFORE = 3
"""Minutes just at the threshold come first, so that every window is full."""

MINUTES = 14
AT, LESS, EXACTLY = "at", "less", "exactly"
PLACE = Place(SCOPE.application, SCOPE.environment)


@dataclass
class Console:
    """A local Cloud Monitoring with the policies of the rules."""

    memory: Memory
    watch: Watch
    configuration: Configuration
    sink: CloudMonitoring
    policies: monitoring_v3.AlertPolicyServiceClient

    def create(self) -> dict[str, str]:
        """The names of the policies, and the rule that each is of."""
        made = {}
        for rule in RULES:
            given: Any = of_rule(rule, PLACE)
            policy = json_format.ParseDict(given, monitoring_v3.AlertPolicy.pb()())
            created = self.policies.create_alert_policy(
                name="projects/demo", alert_policy=monitoring_v3.AlertPolicy.wrap(policy)
            )
            made[created.name] = rule.id
        return made


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(float(START))


@pytest.fixture
def console(clock: ManualClock) -> Iterator[Console]:
    memory = Memory(Limits(period=10))
    now = lambda: round(clock.now() * 10**9)  # noqa: E731
    configuration = Configuration(memory, now)
    calls, port = server.serve(memory, 0, now_ns=now, configuration=configuration)
    address = f"127.0.0.1:{port}"
    channel = grpc.insecure_channel(address)
    transport = AlertPolicyServiceGrpcTransport(channel=channel)
    yield Console(
        memory,
        Watch(configuration),
        configuration,
        CloudMonitoring("demo", address, "europe-west1"),
        monitoring_v3.AlertPolicyServiceClient(transport=transport),
    )
    channel.close()
    server.stop(calls)


def course(rule: Rule, above: int) -> list[Tally]:
    """Minutes at the threshold, so many above it, then well."""
    made = []
    for minute in range(MINUTES):
        level = levels(rule, START + 60.0 * minute)
        later = level.above if minute < BEFORE + above else level.well
        made.append(level.at if minute < BEFORE else later)
    return made


def too_much(rule: Rule, tallies: Sequence[Tally]) -> int:
    """For how many minutes the rule's own value is beyond its threshold, one after the other."""
    windows = windows_of("x", tallies)
    verdicts = []
    for end in range(START + 60, START + 60 * MINUTES + 1, 60):
        found = measurements([rule], [each for each in windows if each.end <= end], end)
        measured = found.get(Key(rule.id, "x", "1.3.0"))
        verdicts.append(bool(measured and measured.breached))
    text = "".join("x" if verdict else "." for verdict in verdicts).strip(".")
    assert "." not in text, "one stretch"
    return len(text)


def holding(rule: Rule, minutes: int) -> list[Tally]:
    """A course in which the rule's value is too much at so many minutes' ends in a row."""
    for above in range(minutes + 1):
        tallies = course(rule, above)
        if too_much(rule, tallies) == minutes:
            return tallies
    raise AssertionError(f"{rule.id} can't be too much for just {minutes} minutes")


def courses() -> dict[str, list[Tally]]:
    """By service. What lasts a duration of 60 s is too much at two minutes' ends in a row."""
    made = {}
    for rule in RULES:
        needed = rule.for_seconds // 60 + 1
        made[f"{rule.id}-{AT}"] = [levels(rule, START + 60.0 * n).at for n in range(MINUTES)]
        if needed > 1:
            made[f"{rule.id}-{LESS}"] = holding(rule, needed - 1)
        made[f"{rule.id}-{EXACTLY}"] = holding(rule, needed)
    return made


def windows_of(service: str, tallies: Sequence[Tally]) -> list[Window]:
    return [
        Window(START + 60 * minute, 60, service, "1.3.0", 3, each)
        for minute, each in enumerate(tallies)
    ]


def put(store: Store, windows: Sequence[Window]) -> None:
    writes = []
    for window in windows:
        data = {
            "start": timestamp(window.start),
            "service": window.service,
            "version": window.version,
            "generation": window.generation,
            "tally": window.tally.to_text(),
            "expires_at": timestamp(window.start + 10**6),
        }
        writes.append(Write.set(minute_path(SCOPE, window), data))
    for first in range(0, len(writes), 400):
        store.commit(writes[first : first + 400])


def by_the_engine(windows: Sequence[Window]) -> dict[tuple[str, str], int]:
    """Rule and service of what fires, with the minute in which it begins."""
    states: Mapping[Key, State] = {}
    fired: dict[tuple[str, str], int] = {}
    for minute in range(1, MINUTES + 1):
        end = START + 60 * minute
        seen = [w for w in windows if w.end <= end and w.start >= end - reach_seconds(RULES)]
        states = rules.look(RULES, seen, states, end).states
        for key, state in states.items():
            if state.status == FIRING:
                fired.setdefault((key.rule, key.service), minute)
    return fired


def by_the_policies(console: Console, names: Mapping[str, str]) -> dict[tuple[str, str], int]:
    fired: dict[tuple[str, str], int] = {}
    for minute in range(1, MINUTES + 1):
        for incident in console.watch.look(START + 60 * minute):
            if incident.closed is None:
                labels = dict(incident.key.labels)
                service = labels["metric.labels.service"]
                fired.setdefault((names[incident.key.policy], service), minute)
    return fired


def test_engine_and_policies_agree_on_every_threshold(
    store: Store, clock: ManualClock, console: Console
) -> None:
    derive = Extra(
        derive=lambda minutes, end: values(RULES, minutes, end),
        reach_seconds=reach_seconds(RULES),
    )
    made = courses()
    put(store, [w for service, tallies in made.items() for w in windows_of(service, tallies)])
    clock.advance(60 + 25)
    while clock.now() < START + 60 * MINUTES + 90:
        done = publish(store, console.sink, clock, SCOPE, lambda: derive, seconds=60)
        assert (done.problem, done.refused) == ("", 0)
        clock.advance(60)
    names = console.create()
    engine = by_the_engine(load_minutes(store, SCOPE, START))
    policies = by_the_policies(console, names)
    assert engine == policies
    for rule in RULES:
        needed = rule.for_seconds // 60
        assert (rule.id, f"{rule.id}-{AT}") not in engine
        assert (rule.id, f"{rule.id}-{LESS}") not in engine
        assert engine[rule.id, f"{rule.id}-{EXACTLY}"] == BEFORE + 1 + needed, rule.id
    told = {key for key in console.memory.series if key.metric == series.RULE_VALUE.type}
    assert len(told) == len(RULES) * len(made), "every rule of every version was compared"
