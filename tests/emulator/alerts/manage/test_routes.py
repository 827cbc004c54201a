"""Rules, silences, alerts and their events over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import Client

from functions import audit, web
from functions.administration import Administration
from functions.alerts import defined
from functions.alerts.manage import alert_routes, rule_routes
from functions.alerts.rule import Rule
from functions.alerts.watch import Watched, watch
from functions.changes import Change, Decision, commit_change
from functions.clock import ManualClock
from functions.definitions import Definitions
from functions.documents import Scope, Store, Write
from functions.identity import Actor, Permission, administrator_path
from functions.metrics import tally
from functions.metrics.measures import Known
from functions.metrics.observation import Observation
from functions.metrics.store import SlotKey, slot_write
from functions.metrics.windows import Window, slot_start

SCOPE = Scope("main", "staging")
NOW = 1_800_000_000.0
MEASURED = {"stories": {"quality_length": Known("0 to 1", "higher", "how long")}}
OWN = {"severity": "P2", "metric": "error_rate", "threshold": 0.03}


class World:
    """An environment, its admin, and somebody who may do everything."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock = store, ManualClock(NOW)
        admin = Administration(store, self.clock, SCOPE, lambda _: Actor.person("boss"))
        rooms = [
            rule_routes.blueprint(lambda: admin, MEASURED),
            alert_routes.blueprint(lambda: admin),
        ]
        self.client = Client(web.make_app("admin", "/api/admin", rooms))
        store.commit(
            [
                Write.set("applications/main", {"name": "main", "team": ""}),
                Write.set(SCOPE.path, {"salt": "x"}),
                Write.set(administrator_path("boss"), {"granted_by": "tests"}),
            ]
        )

    def __call__(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        sent = None if method == "GET" else {"reason": "a test", **body}
        response = self.client.open(path, method=method, json=sent)
        return {"status": response.status_code, **json.loads(response.data)}

    def in_force(self) -> dict[str, Rule]:
        parts = Definitions(self.store, *defined.PARTS).of(SCOPE)
        return {rule.id: rule for rule in defined.defined(parts).rules}

    def look(self, failures: int) -> Watched:
        """A slot of 100 requests, and a look at every rule."""
        now = self.clock.now()
        window = Window(slot_start(now) - 10, 10, "stories", "1.3.0", 3, _some(now, failures))
        key = SlotKey(SCOPE, window.start, "stories", "1.3.0", 3)
        self.store.commit([slot_write(key, "i1", window.tally, now)])
        known = defined.defined(Definitions(self.store, *defined.PARTS).of(SCOPE))
        return watch(self.store, SCOPE, [window], now, watched=known.rules, silences=known.silences)


def _some(now: float, failures: int) -> tally.Tally:
    return tally.merge_all(
        tally.of(
            Observation(
                "stories",
                "1.3.0",
                3,
                now - 10 + n / 100,
                100.0,
                "OPENAI_ERROR" if n < failures else "OK",
                "candidate" if n < failures else "none",
                f"{n % 3:016x}",
            )
        )
        for n in range(100)
    )


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def test_a_rule_of_one_s_own_comes_into_force_and_goes(world: World) -> None:
    made = world("PUT", "/v1/rules/half-again", **OWN, for_seconds=60)
    assert made["status"] == 200
    assert (made["rule"]["origin"], made["rule"]["limit"]["fr"]) == ("own", "3 %")
    assert world.in_force()["half-again"].for_seconds == 60
    read = world("GET", "/v1/rules/half-again")["rule"]
    assert read == made["rule"]
    again = world("PUT", "/v1/rules/half-again", **OWN, for_seconds=60)
    assert again["generation"] == made["generation"], "nothing changed"
    assert world("DELETE", "/v1/rules/half-again")["removed"] == "half-again"
    assert "half-again" not in world.in_force()
    assert world("DELETE", "/v1/rules/half-again")["status"] == 404
    entries = audit.latest(world.store, SCOPE, 10)
    assert [entry["action"] for entry in entries] == ["rule.remove", "rule.put"]


def test_a_delivered_rule_is_adapted_switched_off_and_put_back(world: World) -> None:
    world("PUT", "/v1/rules/p1-error-rate", threshold=0.1)
    rule = world.in_force()["p1-error-rate"]
    assert (rule.threshold, rule.actions, rule.window_seconds) == (0.1, ("notify", "pause"), 60)
    world("PUT", "/v1/rules/p1-error-rate", enabled=False)
    assert "p1-error-rate" not in world.in_force()
    shown = {each["id"]: each for each in world("GET", "/v1/rules")["rules"]}
    assert (shown["p1-error-rate"]["enabled"], shown["p1-error-rate"]["origin"]) == (
        False,
        "changed",
    )
    assert shown["p2-error-rate"]["origin"] == "delivered"
    world("DELETE", "/v1/rules/p1-error-rate")
    assert world.in_force()["p1-error-rate"].threshold == 0.05
    refused = world("DELETE", "/v1/rules/p1-error-rate")
    assert (refused["status"], refused["code"]) == (409, "FAILED_PRECONDITION")


def test_a_rule_from_a_template(world: World) -> None:
    listed = {each["rule"]["id"] for each in world("GET", "/v1/rule-templates")["templates"]}
    assert len(listed) == 14
    made = world("PUT", "/v1/rules/search-slow", template="slow-answers", service="search")
    assert made["rule"]["page"] == "docs/runbooks/slow-answers.md"
    assert (made["rule"]["threshold"], made["rule"]["for_seconds"]) == (200, 300)
    needs = world("PUT", "/v1/rules/queue", template="long-queue")
    assert needs["status"] == 400
    assert "declare it first" in needs["detail"]
    assert world("PUT", "/v1/rules/x", template="nothing")["status"] == 404


def test_a_rule_that_can_t_work_is_refused_with_what_would(world: World) -> None:
    refused = world("PUT", "/v1/rules/slow", **{**OWN, "metric": "execution_time_p95_ms"})
    assert refused["status"] == 400
    assert "8000, 10000" in refused["detail"]
    assert world("GET", "/v1/rules/slow")["status"] == 404


def test_a_silence_keeps_people_from_being_told_and_ends(world: World) -> None:
    until = NOW + 600
    assert world("PUT", "/v1/silences/works", until=until)["status"] == 400, "of everything"
    assert world("PUT", "/v1/silences/works", until=until, service="s", reason="")["status"] == 400
    assert world("PUT", "/v1/silences/works", until=NOW, service="stories")["status"] == 400
    assert world("PUT", "/v1/silences/w", until=NOW + 31 * 86_400, service="s")["status"] == 400
    made = world("PUT", "/v1/silences/works", until=until, service="stories")
    assert (made["silence"]["why"], made["silence"]["over"]) == ("a test", False)
    seen = world.look(10)
    assert not seen.evaluation.loud()
    assert "p1-error-rate" in [alarm.rule for alarm in seen.alarms("stories", "1.3.0")]
    assert statuses(world)["p1-error-rate"] == "silenced"
    world.clock.advance(610)
    assert world.look(10).evaluation.loud()
    assert statuses(world)["p1-error-rate"] == "firing"
    assert world("GET", "/v1/silences")["silences"][0]["over"]
    world("PUT", "/v1/silences/more", until=world.clock.now() + 60, rule="p1-memory")
    assert [each["id"] for each in world("GET", "/v1/silences")["silences"]] == ["more"]
    assert world("DELETE", "/v1/silences/more")["removed"] == "more"


def statuses(world: World, query: str = "") -> dict[str, str]:
    found = world("GET", f"/v1/alerts{query}")["alerts"]
    return {each["rule"]: each["status"] for each in found}


def test_alerts_as_they_stand(world: World) -> None:
    world.look(10)
    found = world("GET", "/v1/alerts")["alerts"]
    assert [each["rule"] for each in found[:2]] == ["p1-error-rate", "p2-error-rate"]
    assert found[0]["shown"] == {"en": "10 %", "fr": "10 %"}
    assert found[0]["since"] == NOW
    assert statuses(world)["p2-error-rate"] == "pending"
    whole = statuses(world, "?all=true")
    assert (whole["p1-execution-time"], whole["p1-error-rate"]) == ("ok", "firing")
    assert statuses(world, "?service=search") == {}
    assert world("GET", "/v1/alerts?all=perhaps")["status"] == 400


def test_too_little_to_say_is_shown_as_no_data(world: World) -> None:
    world("PUT", "/v1/rules/p1-error-rate", minimum_requests=1_000)
    world.look(0)
    assert statuses(world)["p1-error-rate"] == "no_data"


def test_every_change_is_an_event_with_its_numbers(world: World) -> None:
    world.look(10)
    world.clock.advance(10)
    world.look(0)
    first = world("GET", "/v1/alert-events")["events"]
    begun = [each for each in first if each["at"] == NOW]
    assert {(each["rule"], each["before"], each["after"]) for each in begun} == {
        ("p1-error-rate", "ok", "firing"),
        ("p2-error-rate", "ok", "pending"),
        ("p3-error-rate", "ok", "pending"),
    }
    opened = next(each for each in first if each["after"] == "firing")
    assert (opened["value"], opened["threshold"], opened["requests"]) == (0.1, 0.05, 100)
    assert {each["after"] for each in first} == {"firing", "pending", "ok"}
    page = world("GET", "/v1/alert-events?limit=2")
    assert len(page["events"]) == 2
    rest = world("GET", f"/v1/alert-events?before={page['next']}")["events"]
    assert [each["id"] for each in rest] == [
        each["id"] for each in first if each["at"] < page["next"]
    ]


def test_an_alert_ends_with_its_rule(world: World) -> None:
    world("PUT", "/v1/rules/half-again", **OWN)
    assert "half-again" in {state.key.rule for state in world.look(4).evaluation.loud()}
    world("DELETE", "/v1/rules/half-again")
    world.clock.advance(10)
    assert "half-again" not in {state.key.rule for state in world.look(10).evaluation.loud()}
    assert "half-again" not in statuses(world)
    events = world("GET", "/v1/alert-events")["events"]
    assert [each["after"] for each in events if each["rule"] == "half-again"] == [
        "removed",
        "firing",
    ]


def test_what_this_bundle_cannot_read_is_named_and_stops_nothing(world: World) -> None:
    """As after going back from a bundle that knows more."""
    assert world("PUT", "/v1/rules/later", **OWN)["status"] == 200
    until = {"until": NOW + 60, "rule": "later"}
    assert world("PUT", "/v1/silences/works", **until)["status"] == 200
    pointer = Definitions(world.store, *defined.PARTS)
    parts = {name: dict(each) for name, each in pointer.of(SCOPE).items()}
    parts["rules"] = {"later": {**parts["rules"]["later"], "metric": "gpu"}}
    parts["silences"] = {"works": {"rule": "later"}}
    change = Change(SCOPE, Actor.person("boss"), Permission.EDIT_ALERTS, "a later bundle")
    commit_change(world.store, world.clock, change, lambda _: Decision(parts=parts))
    found = world("GET", "/v1/rules")
    assert found["unreadable"] == ["later"]
    assert "later" not in {each["id"] for each in found["rules"]}
    assert world("GET", "/v1/rules/later")["code"] == "FAILED_PRECONDITION"
    assert world("GET", "/v1/silences")["unreadable"] == ["works"]
    fired = world.look(10)
    assert "p1-error-rate" in {alarm.rule for alarm in fired.alarms("stories", "1.3.0")}
    assert world("DELETE", "/v1/rules/later")["status"] == 200
    assert world("DELETE", "/v1/silences/works")["status"] == 200
    assert world("GET", "/v1/rules")["unreadable"] == []


def test_counts_need_no_sample_of_their_own(world: World) -> None:
    count = {"severity": "P1", "metric": "quality_length:count", "threshold": 3}
    made = world("PUT", "/v1/rules/crashes", **count)
    assert made["rule"]["minimum_requests"] == 0
    refused = world("PUT", "/v1/rules/crashes", **count, minimum_requests=20)
    assert refused["status"] == 400
    assert "at most 3 fits" in str(refused)


@pytest.mark.parametrize("query", ["all=null", "all=null&all=null", "all=true&all=true", "all="])
def test_all_is_said_once_and_understood(world: World, query: str) -> None:
    """Although there is no alert that it would make a difference to."""
    assert world("GET", f"/v1/alerts?{query}")["status"] == 400
    assert world("GET", "/v1/alerts?all=true")["status"] == 200
