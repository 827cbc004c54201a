"""No version is released that this bundle can't serve, whichever way a flag is moved."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from functions import tick
from functions.changes import Change, Decision, View, commit_change
from functions.documents import Store
from functions.flags.manage.apply_due import Fired, apply_due
from functions.identity import Actor, Permission
from functions.published import SERVICES
from functions.stories.versions import FLAG, SERVICE, StoryVersion
from tests.emulator.flags.five import Five, founded, scope

HERE = "staging"
PATH = f"/v1/flags/{FLAG}"
LACKING, SERVED, FIRST = "1.3.0", "1.4.0", "1.2.0"
STAFF = {"==": [{"var": "team"}, "staff"]}


@pytest.fixture
def five(store: Store) -> Five:
    """1.2.0 serves everybody, 1.4.0 waits, and 1.3.0 is of a bundle with another handler."""
    made = founded(store)
    for version in (FIRST, LACKING, SERVED):
        made.create_version(HERE, version)
    of_another_bundle(made, LACKING)
    return made


def of_another_bundle(five: Five, version: str) -> None:
    def deciding(view: View) -> Decision:
        services = view.part(SERVICES)
        known = StoryVersion.from_record(services[SERVICE][version])
        foreign = known.model_copy(update={"handler": "from-the-future"})
        services[SERVICE][version] = foreign.to_record()
        return Decision(parts={SERVICES: services})

    change = Change(scope(HERE), Actor.operator("tests"), Permission.EDIT_VERSIONS, "a bundle")
    commit_change(five.store, five.clock, change, deciding)


def defined(five: Five, **changes: Any) -> dict[str, Any]:
    return {**five.flag(HERE, FLAG)["definition"], **changes}


def edit(five: Five, **changes: Any) -> TestResponse:
    revision = five.flag(HERE, FLAG)["revision"]
    return five.send("PATCH", PATH, HERE, revision=revision, **changes)


def assert_refused(answer: TestResponse, variant: str = LACKING) -> None:
    body = answer.get_json()
    assert (answer.status_code, body["code"]) == (409, "FAILED_PRECONDITION"), answer.text
    assert "lacks the handler 'from-the-future' of version 1.3.0" in body["detail"]
    assert body["remedy"] == "Deploy a bundle that has it, then release the version."
    assert variant in body["path"]


def given(five: Five) -> Any:
    return five.snapshot(HERE).evaluator.evaluate(FLAG, {"targetingKey": "u1"}).value


def test_an_edit_releases_nothing_that_can_not_be_served(five: Five) -> None:
    for changes in (
        {"definition": defined(five, defaultVariant=LACKING)},
        {"definition": defined(five, targeting={"if": [STAFF, LACKING]})},
        {"targets": {LACKING: ["u1"]}},
        {"off_variant": LACKING},
    ):
        assert_refused(edit(five, **changes))
    variants = {**defined(five)["variants"], FIRST: LACKING}
    assert_refused(edit(five, definition=defined(five, variants=variants)), FIRST)
    assert five.flag(HERE, FLAG)["revision"] == 3
    assert edit(five, definition=defined(five, defaultVariant=SERVED)).status_code == 200
    assert given(five) == SERVED


def test_going_back_and_taking_away_is_never_refused(five: Five) -> None:
    """1.4.0 is everybody's when a bundle without its handler is deployed."""
    assert edit(five, definition=defined(five, defaultVariant=SERVED)).status_code == 200
    of_another_bundle(five, SERVED)
    assert edit(five, description="still its own").status_code == 200
    assert five.post(f"{PATH}/kill", HERE)["flag"]["killed"]
    variants = {name: name for name in (FIRST, SERVED)}
    assert edit(five, definition=defined(five, variants=variants)).status_code == 200
    assert edit(five, definition=defined(five, defaultVariant=FIRST)).status_code == 200
    five.post(f"{PATH}/revive", HERE)
    assert given(five) == FIRST


def test_what_comes_back_is_asked_for_too(five: Five) -> None:
    assert edit(five, definition=defined(five, defaultVariant=SERVED)).status_code == 200
    assert edit(five, definition=defined(five, defaultVariant=FIRST)).status_code == 200
    assert five.flag(HERE, FLAG)["revision"] == 5
    of_another_bundle(five, SERVED)
    back = five.send("POST", f"{PATH}/restore", HERE, revision=5, to=4)
    assert (back.status_code, back.get_json()["path"]) == (409, "$.variants['1.4.0']")
    five.post(f"{PATH}/kill", HERE)
    of_another_bundle(five, FIRST)
    revived = five.send("POST", f"{PATH}/revive", HERE)
    assert (revived.status_code, revived.get_json()["path"]) == (409, "$.variants['1.2.0']")


def test_a_schedule_releases_nothing_that_can_not_be_served(five: Five) -> None:
    def schedule(variant: str) -> TestResponse:
        changes = {"definition": defined(five, defaultVariant=variant)}
        wish: dict[str, Any] = {
            "flag": FLAG,
            "flag_revision": 3,
            "at": five.clock.now() + 60,
            "changes": changes,
        }
        return five.send("POST", "/v1/schedules", HERE, **wish)

    assert_refused(schedule(LACKING))
    made = schedule(SERVED).get_json()["schedule"]
    of_another_bundle(five, SERVED)
    five.clock.advance(60)
    fired = apply_due(five.store, five.clock, scope(HERE), tick.tell_of_failure, tick.ABOVE)
    assert fired == Fired(failed=1), "the bundle of then is asked, not the one of now"
    path = f"/v1/schedules/{made['id']}"
    ended = five.send("GET", path, HERE).get_json()["schedule"]
    assert (ended["state"], "lacks the handler" in ended["why"]) == ("failed", True)
    assert given(five) == FIRST


def test_a_flag_is_not_made_with_what_was_never_created(five: Five) -> None:
    definition = {"state": "ENABLED", "variants": {"9.9.9": "9.9.9"}, "defaultVariant": "9.9.9"}
    answer = five.send("POST", "/v1/flags", "demo", key=FLAG, definition=definition)
    assert answer.status_code == 409
    assert "9.9.9 of the story function was never created" in answer.get_json()["detail"]


def test_a_copy_releases_nothing_that_can_not_be_served(five: Five) -> None:
    """Its variants are known where it comes to; what it would make of the default is not served."""
    for version in (FIRST, LACKING, SERVED):
        five.create_version("demo", version)
    five.send(
        "PATCH",
        PATH,
        "demo",
        revision=3,
        definition=defined(five, defaultVariant=LACKING),
    )
    plan = five.post("/v1/copy", HERE, flags=[FLAG], **{"from": "demo"})
    assert [each["path"].endswith("['1.3.0']") for each in plan["problems"]] == [True]
    assert plan["confirm"] is None


def test_a_damaged_record_is_said_to_be_damaged(five: Five) -> None:
    def deciding(view: View) -> Decision:
        services = view.part(SERVICES)
        services[SERVICE][SERVED]["model"] = "another"
        return Decision(parts={SERVICES: services})

    change = Change(scope(HERE), Actor.operator("tests"), Permission.EDIT_VERSIONS, "an accident")
    commit_change(five.store, five.clock, change, deciding)
    answer = edit(five, definition=defined(five, defaultVariant=SERVED))
    assert (answer.status_code, "is damaged" in answer.get_json()["detail"]) == (409, True)
