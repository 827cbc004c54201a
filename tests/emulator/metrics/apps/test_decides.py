"""From an event of an app to a decision: by the rule, the tick and the rollout as they are. What
may be forged pauses at most; what is believed takes the version back."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from functions import tick
from functions.alerts.manage.define import put_rule
from functions.documents import Store
from functions.errors import InvalidArgument
from functions.flags.clients.reporters import Reporter
from functions.flags.snapshot import SnapshotCache
from functions.identity import Permission
from functions.metrics.apps.accept import Reception
from functions.metrics.apps.declare import declare
from functions.metrics.apps.declared import AppMetric, Kind
from functions.metrics.apps.event import Event
from functions.metrics.apps.intake import Intake
from functions.minute import Deps
from functions.rollouts import commands
from functions.rollouts.commands import Creation
from functions.rollouts.criterion import Criterion
from functions.rollouts.plan import Criteria, Plan, Stage
from functions.rollouts.state import Phase
from functions.rollouts.templates import TEMPLATES
from tests.emulator.rollouts.test_tick import Sink
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, FLAG, SERVICE, World

STAGES = (Stage(50, 1000, 3600), Stage(100, 1000, 3600))
SLOW = Plan("slow", STAGES, watch_seconds=30, criteria=Criteria(requests=1000))
RULE = {
    "severity": "P2",
    "metric": "app_crash:count",
    "threshold": 5,
    "minimum_requests": 1,
    "actions": ["notify", "pause", "roll_back"],
    "service": SERVICE,
}


class Stage50(World):
    """A candidate that half of the users have, with a rule about what their apps say."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.environment()
        self.flag()
        self.change(declare(AppMetric("app_crash", Kind.CRASH), {}), Permission.EDIT_ALERTS)
        self.change(put_rule("apps-crash", RULE, "", {}), Permission.EDIT_ALERTS)
        self.started(plan=SLOW)
        self.deps = Deps(store, self.clock, Sink())
        self.snapshots = SnapshotCache(store, self.clock, own=self.scope)
        self.reception = Reception(self.snapshots, Intake(store, self.clock), self.clock)
        self.look()

    def look(self) -> None:
        tick.decide(self.deps, self.scope)
        self.clock.advance(10)

    def crash(self, variant: str, number: int, *, trusted: bool) -> None:
        """So many crashes of users who are served a variant."""
        evaluator = self.snapshots.get(self.scope).evaluator
        users = ({"targetingKey": f"user-{n}"} for n in range(10_000))
        served = (user for user in users if evaluator.evaluate(FLAG, user).variant == variant)
        events = [Event("app_crash", None, None, next(served)) for _ in range(number)]
        reporter = Reporter(self.scope, "key 1", trusted)
        self.reception.take(reporter, f"batch-{variant}-{number}", events)

    def told_by_users(self, number: int, events: int, variant: str = CANDIDATE) -> None:
        """So many signed-in users who are served a variant report so many crashes each."""
        evaluator = self.snapshots.get(self.scope).evaluator
        users = ({"targetingKey": f"user-{n}"} for n in range(10_000))
        served = (user for user in users if evaluator.evaluate(FLAG, user).variant == variant)
        for user in islice(served, number):
            name = user["targetingKey"]
            reporter = Reporter(self.scope, f"user {name}", True, user=name)
            crashes = [Event("app_crash", None, None, user)] * events
            self.reception.take(reporter, f"batch-{name}-{number}", crashes)

    def ends(self) -> tuple[Phase, str]:
        for _ in range(9):
            self.look()
        found = self.rollout()
        return found.state.phase, found.verdict.sentence if found.verdict else ""


@pytest.fixture
def stage(store: Store) -> Stage50:
    world = Stage50(store)
    assert world.rollout().state.phase is Phase.BAKING
    return world


def test_what_is_believed_takes_the_version_back(stage: Stage50) -> None:
    stage.crash(CANDIDATE, 40, trusted=True)
    phase, why = stage.ends()
    assert phase is Phase.ROLLED_BACK
    assert "apps-crash" in why


def test_what_may_be_forged_pauses_at_most(stage: Stage50) -> None:
    stage.crash(CANDIDATE, 400, trusted=False)
    phase, why = stage.ends()
    assert phase is Phase.PAUSED
    assert "as apps say" in why


def test_one_user_alone_takes_no_version_back(stage: Stage50) -> None:
    stage.told_by_users(1, events=60)
    phase, why = stage.ends()
    assert phase is Phase.PAUSED
    assert "Signed-in users who told of it: 1" in why


def test_one_user_of_the_control_keeps_no_bad_version(stage: Stage50) -> None:
    stage.told_by_users(1, events=60, variant=CONTROL)
    stage.crash(CANDIDATE, 40, trusted=True)
    assert stage.ends()[0] is Phase.ROLLED_BACK


def test_three_users_do(stage: Stage50) -> None:
    stage.told_by_users(3, events=2)
    assert stage.ends()[0] is Phase.ROLLED_BACK


def test_crashes_of_the_control_are_not_the_candidates(stage: Stage50) -> None:
    stage.crash(CONTROL, 40, trusted=True)
    assert stage.ends()[0] is Phase.BAKING


def test_a_feature_that_is_no_services_is_guarded_by_what_apps_say(stage: Stage50) -> None:
    stage.flag("new-reader", "1.3.0")
    everywhere = {**RULE, "service": "new-reader"}
    stage.change(put_rule("readers-crash", everywhere, "", {}), Permission.EDIT_ALERTS)
    creation = Creation("r2", "new-reader", CANDIDATE, TEMPLATES["manual"])
    stage.change(commands.create(creation, ASKED))
    stage.change(commands.start("r2", ASKED))
    stage.look()
    evaluator = stage.snapshots.get(stage.scope).evaluator
    users = ({"targetingKey": f"user-{n}"} for n in range(10_000))
    served = (each for each in users if evaluator.evaluate("new-reader", each).variant == CANDIDATE)
    events = [Event("app_crash", None, None, next(served)) for _ in range(40)]
    stage.reception.take(Reporter(stage.scope, "key 1", True), "batch-0001", events)
    stage.ends()
    assert stage.rollout("r2").state.phase is Phase.ROLLED_BACK


def test_what_is_declared_may_be_demanded_of_a_candidate(stage: Stage50) -> None:
    def asked(name: str, **bounds: Any) -> Creation:
        criteria = Criteria(requests=20, measures=(Criterion(name, 10, **bounds),))
        plan = Plan("p", STAGES, watch_seconds=30, criteria=criteria)
        return Creation(f"r-{name}", FLAG, CANDIDATE, plan, SERVICE)

    stage.change(declare(AppMetric("app_rating", Kind.RATING), {}), Permission.EDIT_ALERTS)
    stage.change(declare(AppMetric("load", Kind.DURATION), {}), Permission.EDIT_ALERTS)
    for name in ("app_rating", "satisfied"):
        made = stage.change(commands.create(asked(name, at_least=0.5), ASKED)).result
        assert made.plan.criteria.measures[0].name == name
    for name, words in (("load", "reports no measure"), ("never_declared", "reports no measure")):
        with pytest.raises(InvalidArgument, match=words):
            stage.change(commands.create(asked(name, at_most=1), ASKED))
    with pytest.raises(InvalidArgument, match="More of `app_rating` is better"):
        stage.change(commands.create(asked("app_rating", at_most=5), ASKED))
