"""Whatever arrives and however policies change, each incident opens once and closes once."""

from __future__ import annotations

from typing import Any

from google.cloud import monitoring_v3
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from local.monitoring.alerting.conditions import Comparison, Missing
from local.monitoring.alerting.incidents import Incident, Register
from local.monitoring.memory import NANOSECONDS, Point, Series
from local.monitoring.rules import DOUBLE, GAUGE, SeriesKey

START = 1_800_000_000
SERVICES = ("stories", "drawings")
MODES = (
    Missing.EVALUATION_MISSING_DATA_UNSPECIFIED,
    Missing.EVALUATION_MISSING_DATA_INACTIVE,
    Missing.EVALUATION_MISSING_DATA_ACTIVE,
)


class Incidents(RuleBasedStateMachine):
    """Two services, one policy, and a minute at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.register = Register()
        self.now = START
        self.revision = 1
        self.enabled = True
        self.duration = 0
        self.missing = 0
        self.policy = self.made()
        self.series = {
            service: Series(SeriesKey("m", (("service", service),), "r", ()), GAUGE, DOUBLE)
            for service in SERVICES
        }
        self.opened: dict[str, Incident] = {}
        self.closed: dict[str, Incident] = {}

    def made(self) -> Any:
        policy = monitoring_v3.AlertPolicy.pb()(name="p", combiner=2)
        policy.enabled.value = self.enabled
        policy.mutation_record.mutate_time.FromNanoseconds(self.revision)
        threshold = policy.conditions.add(name="c").condition_threshold
        threshold.filter = 'metric.type = "m" AND resource.type = "r"'
        threshold.comparison = Comparison.COMPARISON_GT
        threshold.duration.seconds = 60 * self.duration
        threshold.evaluation_missing_data = self.missing
        policy.alert_strategy.auto_close.seconds = 1800
        return policy

    @rule(values=st.tuples(*(st.sampled_from([0.0, 1.0, None]) for _ in SERVICES)))
    def a_minute_passes(self, values: tuple[float | None, ...]) -> None:
        self.now += 60
        for service, value in zip(SERVICES, values, strict=True):
            if value is not None:
                end = self.now * NANOSECONDS
                typed = monitoring_v3.TypedValue.pb()(double_value=value)
                self.series[service].points.append(Point(end, end, typed))
        self.look()

    @rule()
    def half_an_hour_without_data(self) -> None:
        for _ in range(31):
            self.now += 60
            self.look()

    @rule(duration=st.integers(0, 3), missing=st.sampled_from(MODES), enabled=st.booleans())
    def the_policy_changes(self, duration: int, missing: int, enabled: bool) -> None:
        self.duration, self.missing, self.enabled = duration, missing, enabled
        self.revision += 1
        self.policy = self.made()

    def look(self) -> None:
        for one in self.register.look([self.policy], list(self.series.values()), float(self.now)):
            kept = self.opened if one.closed is None else self.closed
            assert one.id not in kept
            kept[one.id] = one

    @invariant()
    def what_closed_had_opened(self) -> None:
        assert set(self.closed) <= set(self.opened)
        for name, one in self.closed.items():
            assert one.closed is not None
            assert one.closed > self.opened[name].opened == one.opened
            assert one.reason

    @invariant()
    def what_is_open_is_what_has_not_closed(self) -> None:
        open_ids = {one.id for one in self.register.open.values()}
        assert open_ids == set(self.opened) - set(self.closed)
        assert len({one.key for one in self.register.open.values()}) == len(open_ids)

    @invariant()
    def what_is_well_has_no_incident(self) -> None:
        state = self.register.states.get("p")
        if state is None:
            assert self.register.at is None or not self.register.open
            return
        known = {one.key.labels for one in self.register.open.values()}
        for reading in state.readings:
            if reading.holds:
                assert reading.labels in known
            if reading.breached is False:
                assert reading.labels not in known


TestIncidents = Incidents.TestCase
TestIncidents.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
