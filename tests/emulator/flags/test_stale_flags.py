"""Flags that have had their time: counted, found, told of, and cleaned up by plan."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from functions import audit, daily, tick, web
from functions.administration import Administration
from functions.alerts.report_stale import report_path, report_stale_flags
from functions.clock import ManualClock
from functions.documents import Store, Write
from functions.flags.clients.hot import HotRoutes
from functions.flags.clients.limits import Limits
from functions.flags.clients.usage import FIRST_SECONDS, Usage
from functions.flags.composition import Prerequisite
from functions.flags.flag import Flag
from functions.flags.manage import (
    evaluation_store,
    flag_routes,
    key_routes,
    lifecycle_routes,
    schedule_routes,
)
from functions.flags.manage.flags import create_flag, delete_flag, edit_flag, kill_flag
from functions.flags.snapshot import SnapshotCache
from functions.identity import Actor, administrator_path, membership_path
from functions.minute import Deps
from functions.rollouts import commands
from functions.rollouts.store import using
from tests.emulator.flags.conftest import SCOPE, commit, definition
from tests.emulator.rollouts.dying_ticks import Inline, NoSink
from tests.emulator.rollouts.world import ASKED, QUICK, World, connect

DAY = 86_400.0
OFREP = "/ofrep/v1/evaluate/flags"
RULED = definition(targeting={"if": [{"==": [{"var": "plan"}, "pro"]}, "on"]})
"""Not the same for all: stale only when nobody evaluates it."""
CODE_DEFAULT = {**definition(), "defaultVariant": None}


@dataclass
class House:
    """`admin`, `api`, `tick` and `daily` over one store."""

    store: Store
    clock: ManualClock
    admin: Client
    api: Client
    usage: Usage
    key: str = ""

    def send(self, method: str, path: str, who: str = "boss", **body: Any) -> TestResponse:
        json_body = {"reason": "a test", **body} if method != "GET" else None
        return self.admin.open(path, method=method, json=json_body, headers={"Authorization": who})

    def get(self, path: str, who: str = "guest") -> Any:
        answer = self.send("GET", path, who)
        assert answer.status_code == 200, answer.data
        return answer.get_json()

    def make(self, key: str, **fields: Any) -> None:
        made = Flag(key, fields.pop("definition", definition()), **fields)
        commit(self.store, create_flag(made), clock=self.clock)

    def clean_up(self, *keys: str, who: str = "boss", **more: Any) -> Any:
        answer = self.send("POST", "/v1/stale-flags/clean-up", who, keys=list(keys), **more)
        assert answer.status_code == 200, answer.data
        return answer.get_json()

    def evaluate(self, path: str = "", times: int = 1) -> None:
        self.clock.advance(2)
        for _ in range(times):
            answer = self.api.post(OFREP + path, data=b"{}", headers={"X-API-Key": self.key})
            assert answer.status_code == 200, answer.data

    def tick(self) -> None:
        tick.tick(Deps(self.store, self.clock, NoSink(), Inline()))

    def daily(self) -> None:
        daily.daily(self.store, self.clock)

    def messages(self) -> list[str]:
        found = self.store.query(SCOPE.collection("outbox"), order_by="created_at")
        return [
            each.data["texts"]["en"][0] for each in found if each.data["about"] == "stale-flags"
        ]


@pytest.fixture
def house(store: Store) -> House:
    clock = ManualClock()
    reader = {"role": "reader", "environments": [SCOPE.environment]}
    developer = {"role": "developer", "environments": [SCOPE.environment]}
    store.commit(
        [
            Write.create(f"applications/{SCOPE.application}", {"name": "House"}),
            Write.create(SCOPE.path, {}),
            Write.create(administrator_path("boss"), {}),
            Write.create(membership_path(SCOPE.application, "guest"), reader),
            Write.create(membership_path(SCOPE.application, "dev"), developer),
        ]
    )

    def ask() -> Administration:
        return Administration(store, clock, SCOPE, lambda who: Actor.person(str(who)))

    rooms = [
        flag_routes.blueprint(ask, using),
        lifecycle_routes.blueprint(ask, using),
        schedule_routes.blueprint(ask),
        key_routes.blueprint(ask),
    ]
    admin = web.make_app("stale-tests", "/admin", rooms)
    cache, usage = SnapshotCache(store, clock), Usage(store, clock)
    hot = HotRoutes(
        admin.wsgi_app, lambda: cache, lambda: usage, clock, limits=Limits(per_second=0)
    )
    made = House(store, clock, Client(admin), Client(hot), usage)
    made.key = made.send("POST", "/v1/keys", kind="secret", label="tests").get_json()["key"]
    return made


def test_from_an_evaluation_to_its_count(house: House) -> None:
    """Over OFREP, as apps do; written by the instance, summed up by `tick`, shown by `admin`."""
    house.make("f")
    house.make("code", definition=CODE_DEFAULT)
    house.evaluate("/f", 3)
    house.evaluate("", 2)
    assert house.get("/v1/flags/f")["flag"]["last_evaluated_at"] is None
    house.clock.advance(FIRST_SECONDS)
    house.evaluate("/f")
    evaluated_at = house.clock.now()
    house.tick()
    found = house.get("/v1/flags/f/evaluations")
    [today] = found["days"]
    assert (today["total"], today["variants"], today["code_default"]) == (6, {"off": 6}, 0)
    assert found["last_evaluated_at"] == pytest.approx(evaluated_at, abs=1)
    assert house.get("/v1/flags/f")["flag"]["last_evaluated_at"] == found["last_evaluated_at"]
    [today] = house.get("/v1/flags/code/evaluations")["days"]
    assert (today["total"], today["variants"], today["code_default"]) == (2, {}, 2)
    assert "last_evaluated_at" not in house.get("/v1/flags")["flags"][0]


def test_counts_day_by_day(house: House) -> None:
    house.make("f")
    for _ in range(3):
        house.evaluate("/f", 2)
        house.usage.write()
        house.tick()
        house.clock.advance(DAY)
    days = house.get("/v1/flags/f/evaluations")["days"]
    assert [day["day"] for day in days] == ["2027-01-17", "2027-01-16", "2027-01-15"]
    assert [day["total"] for day in days] == [2, 2, 2]
    assert len(house.get("/v1/flags/f/evaluations?days=2")["days"]) == 1
    house.clock.advance(178 * DAY)
    assert len(house.get("/v1/flags/f/evaluations?days=180")["days"]) == 1
    house.daily()
    left = house.store.query(SCOPE.collection("evaluations"))
    assert [document.id for document in left] == ["2027-01-16", "2027-01-17", "last"]


def test_counts_refused(house: House) -> None:
    house.make("f")
    assert house.send("GET", "/v1/flags/nobody/evaluations").status_code == 404
    for days in ("0", "181", "x"):
        assert house.send("GET", f"/v1/flags/f/evaluations?days={days}").status_code == 400
    assert house.send("GET", "/v1/flags/f/evaluations", "stranger").status_code == 403
    assert house.get("/v1/flags/f/evaluations") == {
        "key": "f",
        "counting_since": None,
        "last_evaluated_at": None,
        "days": [],
    }


def test_a_tick_counts_once_a_minute(house: House) -> None:
    """Its looks at a rollout come every 10 s; one query an environment and minute is enough."""
    world = World(house.store, house.clock, SCOPE)
    world.flag()
    world.started()
    read: list[str] = []

    class Watched(Store):
        def query(self, collection: str, *rest: Any, **options: Any) -> Any:
            read.append(collection)
            return super().query(collection, *rest, **options)

    watched = Watched(house.store._client)
    cycles = tick.tick(Deps(watched, house.clock, NoSink(), Inline()))
    assert len(cycles) > 1
    assert read.count(SCOPE.collection("usage")) == 1


def aged(house: House) -> None:
    """An environment that is 40 days old: counted since the beginning, `used` until yesterday."""
    house.make("used", definition=RULED)
    house.make("unused", definition=RULED, owner="books", description="who knows")
    house.make("settled")
    house.make("ended", definition=RULED, ends_at=house.clock.now() + DAY)
    house.make("stays", permanent=True)
    house.evaluate("/used")
    house.evaluate("/ended")
    house.usage.write()
    house.tick()
    house.clock.advance(39 * DAY)
    house.evaluate("/used", 3)
    house.evaluate("/settled", 5)
    house.usage.write()
    house.tick()
    house.clock.advance(DAY)


def test_stale_flags_are_shown(house: House) -> None:
    aged(house)
    shown = house.get("/v1/stale-flags")
    assert shown["found"] == 3
    by_key = {flag["key"]: flag for flag in shown["flags"]}
    kinds = {key: [each["kind"] for each in flag["reasons"]] for key, flag in by_key.items()}
    assert kinds == {"ended": ["ended", "unused"], "settled": ["settled"], "unused": ["unused"]}
    unused = by_key["unused"]
    assert (unused["owner"], unused["description"]) == ("books", "who knows")
    assert (unused["can_be_archived"], unused["last_evaluated_at"]) == (True, None)
    assert by_key["ended"]["reasons"][0]["sentence"] == "It was to be gone by 2027-01-16."
    [page] = house.get("/v1/stale-flags?limit=1&after=ended")["flags"]
    assert page["key"] == "settled"


def test_what_uses_a_stale_flag_is_shown(house: House) -> None:
    world = World(house.store, house.clock, SCOPE)
    world.flag()
    needed = (Prerequisite("needed", ("on",)),)
    house.make("needed")
    house.make("needing", definition=RULED, prerequisites=needed, off_variant="off")
    house.make("scheduled")
    house.make("killed", ends_at=house.clock.now() + DAY)
    commit(house.store, kill_flag("killed"), clock=house.clock)
    house.clock.advance(40 * DAY)
    house.send(
        "POST",
        "/v1/schedules",
        flag="scheduled",
        flag_revision=1,
        at=house.clock.now() + DAY,
        action="kill",
    )
    world.started()
    flags = house.get("/v1/stale-flags")["flags"]
    held = {flag["key"]: flag["used_by"] for flag in flags if not flag["can_be_archived"]}
    [schedule] = held.pop("scheduled")
    assert schedule.startswith("schedule s-")
    assert held == {"needed": ["flag needing"], "stories.version": ["rollout r1"], "killed": []}


def test_a_clean_up_shows_first_what_it_will_do(house: House) -> None:
    aged(house)
    generation = World(house.store, house.clock, SCOPE).generation()
    plan = house.clean_up("settled", "unused", "used", "stays", "nobody", who="dev")
    assert (plan["done"], plan["generation"]) == (False, generation)
    steps = {step["key"]: step for step in plan["plan"]}
    archived = [key for key, step in steps.items() if step["action"] == "archive"]
    assert archived == ["settled", "unused"]
    assert steps["settled"]["evaluations_7_days"] == 5
    assert "5 times in the last 7 days" in steps["settled"]["warnings"][0]
    assert steps["unused"]["warnings"] == []
    assert {key: step["kept"] for key, step in steps.items() if step["kept"]} == {
        "used": "It is not stale.",
        "stays": "It is permanent.",
        "nobody": "There is no flag of this key that can be read.",
    }
    house.evaluate("/settled", 4)  # that it is evaluated was known
    house.usage.write()
    house.tick()
    done = house.clean_up(
        "nobody", "stays", "used", "unused", "settled", "unused", confirm=plan["confirm"]
    )
    assert (done["done"], done["generation"]) == (True, generation + 1)
    for key in ("settled", "unused"):
        flag = house.get(f"/v1/flags/{key}")["flag"]
        assert (flag["archived"], flag["revision"]) == (True, 2)
        [latest, _] = house.get(f"/v1/flags/{key}/revisions")["revisions"]
        assert latest["reason"] == "a test"
    snapshot = SnapshotCache(house.store, house.clock).get(SCOPE)
    assert set(snapshot.evaluator.keys) == {"used", "ended", "stays"}
    entries = audit.latest(house.store, SCOPE, 2)
    assert {entry["target"] for entry in entries} == {"flags/settled", "flags/unused"}
    assert {entry["action"] for entry in entries} == {"flag.archive"}
    assert audit.verify(house.store, SCOPE.application).ok
    again = house.send(
        "POST", "/v1/stale-flags/clean-up", keys=["settled", "unused"], confirm=plan["confirm"]
    )
    assert (again.status_code, again.get_json()["code"]) == (409, "GENERATION_CONFLICT")


def test_nothing_to_clean_up(house: House) -> None:
    house.make("f", definition=RULED)
    plan = house.clean_up("f")
    assert (plan["confirm"], plan["done"]) == (None, False)


def edited(house: House) -> None:
    commit(house.store, edit_flag("settled", 1, {"owner": "x"}), clock=house.clock)


def evaluated(house: House) -> None:
    house.evaluate("/unused")
    house.usage.write()
    house.tick()


def required(house: House) -> None:
    needed = (Prerequisite("settled", ("off",)),)
    house.make("new", definition=RULED, prerequisites=needed, off_variant="off")


def rolled_out(house: House) -> None:
    world = World(house.store, house.clock, SCOPE)
    creation = commands.Creation("r1", "settled", "on", QUICK, "stories")
    world.change(commands.create(creation, ASKED))
    world.change(commands.start("r1", ASKED))


@pytest.mark.parametrize("change", [edited, evaluated, required, rolled_out])
def test_a_plan_that_has_changed_is_not_carried_out(house: House, change: Any) -> None:
    aged(house)
    keys = ("settled", "unused")
    plan = house.clean_up(*keys)
    change(house)
    refused = house.send(
        "POST", "/v1/stale-flags/clean-up", keys=list(keys), confirm=plan["confirm"]
    )
    assert (refused.status_code, refused.get_json()["code"]) == (409, "GENERATION_CONFLICT")
    assert not any(house.get(f"/v1/flags/{key}")["flag"]["archived"] for key in keys)
    anew = house.clean_up(*keys)
    assert anew["confirm"] not in (None, plan["confirm"])


def test_another_change_does_not_matter(house: House) -> None:
    aged(house)
    plan = house.clean_up("unused")
    house.make("another")
    assert house.clean_up("unused", confirm=plan["confirm"])["done"]


def test_a_prerequisite_goes_with_the_flag_that_requires_it(house: House) -> None:
    house.make("inner")
    needed = (Prerequisite("inner", ("on",)),)
    house.make("outer", prerequisites=needed, off_variant="off")
    house.clock.advance(31 * DAY)
    alone = house.clean_up("inner")
    assert alone["plan"][0]["kept"] == "It is used by flag outer."
    both = house.clean_up("inner", "outer")
    assert house.clean_up("inner", "outer", confirm=both["confirm"])["done"]
    assert SnapshotCache(house.store, house.clock).get(SCOPE).evaluator.keys == ()


def test_a_hundred_at_once(house: House) -> None:
    keys = [f"f{number:03d}" for number in range(100)]
    for key in keys:
        house.make(key)
    house.clock.advance(31 * DAY)
    plan = house.clean_up(*keys)
    assert house.clean_up(*keys, confirm=plan["confirm"])["done"]
    assert house.get("/v1/stale-flags")["found"] == 0
    assert audit.verify(house.store, SCOPE.application).ok


def test_clean_ups_refused(house: House) -> None:
    path = "/v1/stale-flags/clean-up"
    assert house.send("POST", path, "guest", keys=["f"]).status_code == 403
    assert house.send("GET", "/v1/stale-flags", "stranger").status_code == 403
    for keys in ([], ["f"] * 101, ["a/b"], "f"):
        assert house.send("POST", path, keys=keys).status_code == 400, keys
    assert house.send("POST", path, keys=["f"], confirm="short").status_code == 400
    wrong = house.send("POST", path, keys=["f"], confirm="0" * 32)
    assert (wrong.status_code, wrong.get_json()["code"]) == (409, "GENERATION_CONFLICT")


def test_daily_tells_once_of_each(house: House) -> None:
    aged(house)
    house.daily()
    assert house.messages() == ["3 flags have become stale"]
    house.daily()
    house.clock.advance(DAY)
    house.daily()
    assert house.messages() == ["3 flags have become stale"]
    house.make("late")
    house.clock.advance(29 * DAY)
    house.daily()
    assert house.messages()[-1] == "The flag used is stale"
    house.clock.advance(2 * DAY)
    house.daily()
    assert house.messages()[-1] == "The flag late is stale"
    plan = house.clean_up("late")
    house.clean_up("late", confirm=plan["confirm"])
    house.daily()
    commit(house.store, edit_flag("settled", 1, {"owner": "x"}), clock=house.clock)
    house.daily()
    house.clock.advance(31 * DAY)
    house.daily()
    assert house.messages()[-1] == "The flag settled is stale", "once more, for it was not"


def test_two_at_once_tell_once(house: House) -> None:
    aged(house)
    stores = [connect(house.store._client.project) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda it: report_stale_flags(it, SCOPE, house.clock.now()), stores))
    assert house.messages() == ["3 flags have become stale"]
    assert house.store.get(report_path(SCOPE))


def test_counting_begins_where_nothing_is_evaluated(house: House) -> None:
    house.make("f", definition=RULED)
    house.clock.advance(60 * DAY)
    assert house.get("/v1/stale-flags")["found"] == 0, "nobody knows"
    house.daily()
    house.clock.advance(29 * DAY)
    assert house.get("/v1/stale-flags")["found"] == 0
    house.clock.advance(DAY)
    [flag] = house.get("/v1/stale-flags")["flags"]
    assert [reason["kind"] for reason in flag["reasons"]] == ["unused"]


def test_while_flagd_fetches_no_flag_is_unused(house: House) -> None:
    aged(house)
    house.api.get("/v1/flags/flagd.json", headers={"X-API-Key": house.key})
    house.usage.write()
    house.tick()
    shown = house.get("/v1/stale-flags")
    assert shown["flagd_fetched_at"] == pytest.approx(house.clock.now(), abs=1)
    assert {flag["key"] for flag in shown["flags"]} == {"ended", "settled"}
    [step] = house.clean_up("ended")["plan"]
    assert "flagd or an in-process provider fetched the flags" in step["warnings"][0]


def test_deleted_flags_are_forgotten(house: House) -> None:
    house.make("f")
    house.evaluate("/f")
    house.usage.write()
    house.tick()
    plan = house.send("POST", "/v1/flags/f/archive", revision=1)
    assert plan.status_code == 200
    commit(house.store, delete_flag("f", 2), clock=house.clock)
    assert set(evaluation_store.last_evaluated(house.store, SCOPE).at) == {"f"}
    house.daily()
    last = evaluation_store.last_evaluated(house.store, SCOPE)
    assert (last.at, last.since is None) == ({}, False)


def test_a_flag_that_can_t_be_read_hides_no_other(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.make("f")
    house.clock.advance(31 * DAY)
    house.store.commit([Write.create(SCOPE.doc("flags", "broken"), {"key": "broken"})])
    assert house.get("/v1/stale-flags")["found"] == 1
    actions = {step["key"]: step["action"] for step in house.clean_up("broken", "f")["plan"]}
    assert actions == {"broken": "keep", "f": "archive"}
    assert "flag unreadable" in capsys.readouterr().err
