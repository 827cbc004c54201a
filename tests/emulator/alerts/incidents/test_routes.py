"""Incidents and who responds to them, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.alerts.incidents.bodies import MAXIMUM_NOTE
from functions.clock import ManualClock
from tests.emulator.alerts.incidents.conftest import Office
from tests.emulator.alerts.incidents.world import NOW, World

ADA: dict[str, Any] = {
    "name": "Ada",
    "levels": ["L2", "L3"],
    "email": "ada@example.org",
    "phone": "+33 1 23 45 67 89",
    "languages": ["fr", "en"],
    "hours": [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "08:00", "end": "20:00"}],
}
"""NOW is a Friday, 09:00 in Paris."""


@pytest.fixture
def path(world: World, office: Office) -> str:
    world.fires()
    [incident] = world.look()
    return f"/v1/incidents/{incident.id}"


def test_the_whole_way(world: World, clock: ManualClock, office: Office, path: str) -> None:
    [listed] = office.get("/v1/incidents").get_json()["incidents"]
    assert (listed["status"], listed["level"], listed["firing"]) == (
        "open",
        "L1",
        ["p1-error-rate"],
    )
    assert listed["next_level_at"] == NOW + 900
    clock.advance(60)
    held = office.send("POST", f"{path}/acknowledge", who="dev").get_json()["incident"]
    assert (held["status"], held["acknowledged_by"]) == ("acknowledged", "person:dev")
    assert held["next_level_at"] == NOW + 60 + 3600
    assert office.send("POST", f"{path}/note", text="It is the key.").status_code == 200
    over = office.send("POST", f"{path}/resolve", reason="by hand").get_json()["incident"]
    assert (over["status"], over["resolved_by"], over["next_level_at"]) == (
        "resolved",
        "person:boss",
        None,
    )
    whole = office.get(path).get_json()["incident"]
    assert [entry["kind"] for entry in whole["timeline"]] == [
        "opened",
        "fired",
        "acknowledged",
        "note",
        "ended",
        "resolved",
    ]
    assert whole["timeline"][3]["facts"] == {"text": "It is the key."}
    assert whole["alerts"][0]["runbook"] == "docs/runbooks/p1-error-rate.md"
    assert world.titles()[1:] == ["P1 stories 1.3.0: acknowledged", "P1 stories 1.3.0: resolved"]
    world.now += 120
    assert world.look() == [], "it fires on, and that is settled"


def test_what_is_said_stays_out_of_the_trail(world: World, office: Office, path: str) -> None:
    office.send("POST", f"{path}/note", text="a user told us of something private")
    trail = world.store.query("applications/main/audit")
    assert [each.data["action"] for each in trail] == ["incident.note"]
    assert "private" not in json.dumps([each.data for each in trail], default=str)


def test_only_some_are_listed(world: World, office: Office, path: str) -> None:
    world.now += 10
    world.fires(arm="1.4.0")
    world.look()
    office.send("POST", f"{path}/resolve")

    def versions(query: str) -> list[str]:
        found = office.get(f"/v1/incidents{query}").get_json()["incidents"]
        return [each["version"] for each in found]

    assert versions("") == ["1.4.0", "1.3.0"]
    assert versions("?limit=1") == ["1.4.0"]
    assert versions("?status=open") == ["1.4.0"]
    assert versions("?status=resolved") == ["1.3.0"]
    assert office.get("/v1/incidents?status=closed").status_code == 400


@pytest.mark.parametrize("what", ["acknowledge", "resolve", "note"])
def test_readers_only_read(office: Office, path: str, what: str) -> None:
    body = {"text": "x"} if what == "note" else {}
    assert office.send("POST", f"{path}/{what}", who="guest", **body).status_code == 403
    nobody = office.send("POST", f"/v1/incidents/i-{'0' * 12}/{what}", **body)
    assert (nobody.status_code, nobody.get_json()["code"]) == (404, "NOT_FOUND")


def test_what_is_over_is_not_acknowledged(office: Office, path: str) -> None:
    office.send("POST", f"{path}/resolve")
    refused = office.send("POST", f"{path}/acknowledge")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "FAILED_PRECONDITION")


@pytest.mark.parametrize("text", ["", "x" * (MAXIMUM_NOTE + 1), None])
def test_notes_that_are_none(office: Office, path: str, text: str | None) -> None:
    assert office.send("POST", f"{path}/note", text=text).status_code == 400


def test_messages_name_whom_the_catalog_knows(world: World, office: Office, path: str) -> None:
    assert office.send("PUT", "/v1/people/ada", **ADA, uid="dev").status_code == 200
    office.send("POST", f"{path}/acknowledge", who="dev")
    office.send("POST", f"{path}/acknowledge")
    world.now += 3_700
    world.look()
    world.ends()
    world.look()
    said = [each["texts"]["en"][1] for each in world.messages()]
    assert said[1].startswith("Ada sees to it.")
    assert said[2].startswith("Somebody sees to it.")
    assert not [text for text in said if "person:" in text]
    kept = office.get(path).get_json()["incident"]["timeline"]
    assert {"person:dev", "person:boss"} <= {entry["by"] for entry in kept}
    trail = world.store.query("applications/main/audit")
    people = [each.data["after"] for each in trail if each.data["action"] == "person.put"]
    assert people
    assert "uid" not in str(people)


def test_who_is_on_call(clock: ManualClock, world: World, office: Office, path: str) -> None:
    assert office.send("PUT", "/v1/people/ada", **ADA).status_code == 200
    chief: dict[str, Any] = {"name": "Ben", "levels": ["L4"]}
    assert office.send("PUT", "/v1/people/ben", **chief).status_code == 200
    found = office.get("/v1/people").get_json()
    assert [each["id"] for each in found["people"]] == ["ada", "ben"]
    on_call = {level: [each["id"] for each in there] for level, there in found["on_call"].items()}
    assert on_call == {"L1": ["ada"], "L2": ["ada"], "L3": ["ada"], "L4": ["ben"]}
    assert [each["phone"] for each in office.get(path).get_json()["incident"]["on_call"]] == [
        ADA["phone"]
    ]
    clock.advance(12 * 3600)
    at_night = office.get("/v1/people").get_json()
    assert [each["id"] for each in at_night["on_call"]["L2"]] == ["ben"], "who is there next"
    assert office.get("/v1/people/ada").get_json()["person"]["on_call"] is False
    trail = json.dumps(
        [each.data for each in world.store.query("applications/main/audit")], default=str
    )
    assert ADA["email"] not in trail
    assert ADA["phone"] not in trail
    removed = office.send("DELETE", "/v1/people/ada").get_json()
    assert removed["removed"] == "ada"
    assert office.get("/v1/people/ada").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"levels": ["L5"]},
        {"levels": []},
        {"email": "ada"},
        {"phone": "call me"},
        {"time_zone": "Europe/Atlantis"},
        {"time_zone": "../etc/passwd"},
        {"languages": ["de"]},
        {"hours": [{"days": ["mon"], "start": "8:00", "end": "20:00"}]},
        {"hours": [{"days": ["mon"], "start": "08:00", "end": "24:00"}]},
        {"hours": [{"days": ["monday"], "start": "08:00", "end": "20:00"}]},
        {"name": ""},
        {"role": "boss"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_people_that_are_none(office: Office, wrong: dict[str, Any]) -> None:
    refused = office.send("PUT", "/v1/people/ada", **{**ADA, **wrong})
    assert (refused.status_code, refused.get_json()["code"]) == (400, "INVALID_ARGUMENT")
