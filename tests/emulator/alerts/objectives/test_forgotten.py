"""What was counted for an objective goes with it, and what is shown is by the rules in force."""

from __future__ import annotations

from typing import Any

import pytest

from functions.alerts.manage.define import put_rule
from functions.alerts.objectives import store
from functions.alerts.objectives.keep import Budgets
from functions.alerts.objectives.ledger import Ledger
from functions.alerts.objectives.objective import Objective
from functions.documents import Write
from functions.identity import Permission
from functions.metrics.hours import DAY_SECONDS
from functions.metrics.tally import Tally
from functions.metrics.windows import Window, minute_start
from tests.emulator.alerts.objectives.conftest import Admin
from tests.emulator.rollouts.world import World

UP = {"service": "stories", "kind": "availability", "target": 0.99}
QUICK = {"service": "stories", "kind": "latency", "target": 0.9, "threshold_ms": 500}


class Counting:
    """One process that counts, with ten requests of which one failed in every minute."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.budgets = Budgets(world.store)

    def minute(self, admin: Admin) -> dict[str, Ledger]:
        """One more of them, for the objectives that are defined."""
        told = admin.done("GET", "/v1/objectives")["objectives"]
        objectives = [Objective.from_document(each["id"], each) for each in told]
        start = minute_start(self.world.clock.now())
        self.world.clock.advance(start + 81 - self.world.clock.now())
        slot = Window(start, 10, "stories", "1", 1, Tally(requests=10, failures=1))
        world = self.world
        return self.budgets.advance(world.scope, objectives, [slot], world.clock.now())


@pytest.fixture
def counting(world: World) -> Counting:
    return Counting(world)


def kept(world: World) -> set[str]:
    """What is counted for the stories, as it is stored; nothing where there is no document."""
    found = store.kept(world.store, world.scope, ["stories"])["stories"]
    assert found.document is None or found.ledgers, "an empty document stands for nothing"
    return set(found.ledgers)


@pytest.mark.parametrize("late", [False, True], ids=["at once", "a tick that had not heard of it"])
def test_defined_anew_it_begins_anew(
    world: World, admin: Admin, counting: Counting, late: bool
) -> None:
    admin.done("PUT", "/v1/objectives/up", **UP)
    before = counting.minute(admin)["up"]
    assert before.last(DAY_SECONDS).total == 10
    document = store.kept(world.store, world.scope, ["stories"])["stories"].document
    admin.done("DELETE", "/v1/objectives/up", reason="no longer")
    assert kept(world) == set()
    if late:
        assert document is not None
        world.store.commit([Write.create(document.path, document.data)])
    world.clock.advance(2 * DAY_SECONDS)
    admin.done("PUT", "/v1/objectives/up", **UP)
    assert admin.done("GET", "/v1/objectives/up")["objective"]["budget"] is None
    after = counting.minute(admin)["up"]
    assert after.since == minute_start(world.clock.now()) - 60
    assert after.last(30 * DAY_SECONDS).total == 10


def test_a_process_that_holds_what_was_counted_takes_notice(
    world: World, admin: Admin, counting: Counting
) -> None:
    admin.done("PUT", "/v1/objectives/up", **UP)
    counting.minute(admin)
    admin.done("DELETE", "/v1/objectives/up", reason="a mistake")
    admin.done("PUT", "/v1/objectives/up", **UP)
    assert kept(world) == set()
    assert counting.minute(admin)["up"].last(DAY_SECONDS).total == 10


def test_only_what_nothing_else_counts_goes(world: World, admin: Admin, counting: Counting) -> None:
    for identifier, body in (("up", UP), ("always", {**UP, "target": 0.999}), ("quick", QUICK)):
        admin.done("PUT", f"/v1/objectives/{identifier}", **body)
    counting.minute(admin)
    assert kept(world) == {"availability", "latency::500"}
    admin.done("DELETE", "/v1/objectives/up", reason="another asks for more")
    assert kept(world) == {"availability", "latency::500"}
    admin.done("PUT", "/v1/objectives/always", **{**UP, "target": 0.9})
    assert kept(world) == {"availability", "latency::500"}, "only its target has changed"
    admin.done("PUT", "/v1/objectives/always", **{**UP, "service": "search"})
    assert kept(world) == {"latency::500"}
    admin.done("DELETE", "/v1/objectives/quick", reason="no longer")
    assert kept(world) == set()


def test_what_is_shown_is_by_the_rules_in_force(
    world: World, admin: Admin, counting: Counting
) -> None:
    admin.done("PUT", "/v1/objectives/up", **{**UP, "volume": 1})
    counting.minute(admin)

    def shown() -> dict[str, tuple[float, bool]]:
        told = admin.done("GET", "/v1/objectives/up")["objective"]["budget"]["burn_rates"]
        return {each["rule"]: (each["limit"], each["alarm"]) for each in told}

    def rule(name: str, **given: Any) -> None:
        world.change(put_rule(name, given, "", {}), Permission.EDIT_ALERTS)

    assert shown()["p1-burn-rate"] == (14.4, False), "it burns ten times as fast"
    rule("p1-burn-rate", threshold=9.0)
    rule("p2-burn-rate", enabled=False)
    assert shown() == {"p1-burn-rate": (9.0, True), "p3-burn-rate": (1.0, True)}
