"""From one environment to the next: first the plan, then exactly that."""

from __future__ import annotations

from typing import Any

import pytest

from functions import audit
from functions.documents import Store, Write
from functions.flags.flag import Flag
from functions.flags.split import Split
from tests.emulator.flags.conftest import definition
from tests.emulator.flags.five import Five, founded, scope

IF_PRO = {"if": [{"$ref": "pro"}, "on"]}
PRO = {"==": [{"var": "plan"}, "pro"]}


@pytest.fixture
def five(store: Store) -> Five:
    made = founded(store)
    made.post("/v1/segments", "staging", key="pro", rule=PRO)
    made.post("/v1/flags", "staging", key="base", definition=definition("on"))
    made.post(
        "/v1/flags",
        "staging",
        key="f",
        definition=definition(targeting=IF_PRO),
        description="what it is for",
        tags=["reading"],
        prerequisites=[{"flag": "base", "variants": ["on"]}],
        off_variant="off",
    )
    return made


EVERYTHING: dict[str, Any] = {"flags": ["base", "f"], "segments": ["pro"]}


def changes(answer: dict[str, Any]) -> dict[str, str]:
    return {item["key"]: item["change"] for item in [*answer["flags"], *answer["segments"]]}


def put_split(five: Five, environment: str, key: str) -> None:
    """As a running rollout has it."""
    document = five.store.get(scope(environment).doc("flags", key))
    assert document
    flag = Flag.from_document(document.data).with_split(Split("r-1", "salt", "off", "on", 10))
    five.store.commit([Write.update(document, flag.to_document())])


def test_promoted_after_a_look(five: Five) -> None:
    before = five.documents("production")
    plan = five.post("/v1/promote", "production", **EVERYTHING)
    assert (plan["done"], plan["problems"]) == (False, [])
    assert changes(plan) == {"base": "create", "f": "create", "pro": "create"}
    assert five.documents("production") == before
    done = five.post("/v1/promote", "production", **EVERYTHING, confirm=plan["confirm"])
    assert (done["done"], changes(done)) == (True, changes(plan))
    assert done["generation"] == plan["generation"] + 1
    [here, there] = (five.flag(name, "f") for name in ("production", "staging"))
    assert {**here, "updated_at": 0} == {**there, "updated_at": 0}
    evaluator = five.snapshot("production").evaluator
    assert evaluator.evaluate("f", {"plan": "pro"}).variant == "on"
    entries = audit.latest(five.store, scope("production"), 4)
    assert {(entry["action"], entry["target"]) for entry in entries} == {
        ("environment.copy", scope("production").path),
        ("flag.copy", "flags/base"),
        ("flag.copy", "flags/f"),
        ("segment.copy", "segments/pro"),
    }
    told = next(entry["after"] for entry in entries if entry["action"] == "environment.copy")
    assert told == {"from": "staging", "flags": ["base", "f"], "segments": ["pro"]}
    assert audit.verify(five.store, "main").ok
    revisions = five.send("GET", "/v1/flags/f/revisions", "production").get_json()["revisions"]
    assert [(each["by"], each["reason"]) for each in revisions] == [("person:boss", "a test")]


def test_what_changes_is_told_place_by_place(five: Five) -> None:
    plan = five.post("/v1/copy", "demo", **EVERYTHING, **{"from": "staging"})
    five.post("/v1/copy", "demo", **EVERYTHING, **{"from": "staging"}, confirm=plan["confirm"])
    wider = {"if": [{"==": [{"var": "team"}, "staff"]}, "on", {"$ref": "pro"}, "on"]}
    five.send(
        "PATCH",
        "/v1/flags/f",
        "staging",
        revision=1,
        definition=definition(targeting=wider),
        tags=[],
    )
    put_split(five, "demo", "f")
    five.post("/v1/flags/f/kill", "staging")
    again = five.post("/v1/copy", "demo", **EVERYTHING, **{"from": "staging"})
    assert changes(again) == {"base": "same", "f": "change", "pro": "same"}
    [item] = [item for item in again["flags"] if item["key"] == "f"]
    assert item["differences"] == [
        {
            "path": "$.definition.targeting.if[0]",
            "after": {"==": [{"var": "team"}, "staff"]},
        },
        {"path": "$.definition.targeting.if[1]", "after": "on"},
        {"path": "$.tags[0]", "before": "reading"},
    ]
    assert [text.split(" is ")[0] for text in item["warnings"]] == ["The rollout r-1", "It"]
    before = five.flag("demo", "base")
    five.post("/v1/copy", "demo", **EVERYTHING, **{"from": "staging"}, confirm=again["confirm"])
    changed = five.flag("demo", "f")
    assert (changed["revision"], changed["killed"]) == (2, False)
    assert changed["split"]["rollout"] == "r-1"
    assert changed["definition"]["targeting"] == wider
    assert five.flag("demo", "base") == before


def test_a_plan_that_was_overtaken_is_refused(five: Five) -> None:
    def plan() -> str:
        return str(five.post("/v1/promote", "production", **EVERYTHING)["confirm"])

    def refused(confirm: str) -> None:
        before = five.documents("production")
        answer = five.send("POST", "/v1/promote", "production", **EVERYTHING, confirm=confirm)
        assert (answer.status_code, answer.get_json()["code"]) == (409, "GENERATION_CONFLICT")
        assert five.documents("production") == before

    token = plan()
    five.send("PATCH", "/v1/flags/base", "staging", revision=1, owner="somebody")
    refused(token)  # the source has moved
    token = plan()
    five.post("/v1/flags", "production", key="base", definition=definition("on"))
    refused(token)  # the target has moved
    token = plan()
    five.post("/v1/flags/base/kill", "production")
    refused(token)
    token = plan()
    put_split(five, "production", "base")
    refused(token)  # a rollout has begun
    five.send("PATCH", "/v1/segments/pro", "staging", revision=1, description="more")
    refused(token)
    refused("0" * 32)
    token = plan()
    five.post("/v1/promote", "production", **EVERYTHING, confirm=token)
    refused(token)  # a token is good for once
    token = plan()
    again = five.post("/v1/promote", "production", **EVERYTHING, confirm=token)
    assert set(changes(again).values()) == {"same"}
    assert five.snapshot("production").generation == again["generation"]


def test_a_token_is_for_what_was_asked(five: Five) -> None:
    token = five.post("/v1/promote", "production", **EVERYTHING)["confirm"]
    for environment, body, code in (
        ("production", {"flags": ["base"]}, "GENERATION_CONFLICT"),
        ("production", {**EVERYTHING, "from": "testing"}, "FAILED_PRECONDITION"),
        ("demo", {**EVERYTHING, "from": "staging"}, "GENERATION_CONFLICT"),
    ):
        path = "/v1/copy" if "from" in body else "/v1/promote"
        answer = five.send("POST", path, environment, **body, confirm=token)
        assert (answer.status_code, answer.get_json()["code"]) == (409, code)
    assert five.snapshot("production").evaluator.keys == ()


def test_what_is_missing_is_told(five: Five) -> None:
    plan = five.post("/v1/promote", "production", flags=["f"])
    assert plan["confirm"] is None
    assert plan["missing"] == {"flags": ["base"], "segments": ["pro"]}
    assert [each["path"] for each in plan["problems"]] == [
        "$.flags.f.definition.targeting.if[0]",
        "$.flags.f.prerequisites[0].flag",
    ]
    everything = five.post("/v1/promote", "production", flags=["f", "base"], segments=["pro"])
    assert everything["confirm"]


def test_what_is_not_there_or_archived_is_told(five: Five) -> None:
    five.post("/v1/flags", "staging", key="old", definition=definition())
    five.post("/v1/flags/old/archive", "staging", revision=1)
    plan = five.post("/v1/promote", "production", flags=["nope", "old"], segments=["none"])
    assert plan["confirm"] is None
    assert [each["path"] for each in plan["problems"]] == [
        "$.flags.nope",
        "$.segments.none",
        "$.flags.old",
    ]


def test_an_archived_flag_of_the_target_stays_archived(five: Five) -> None:
    five.post("/v1/flags", "production", key="base", definition=definition())
    five.post("/v1/flags/base/archive", "production", revision=1)
    plan = five.post("/v1/promote", "production", flags=["base"])
    assert "archived" in plan["flags"][0]["warnings"][0]
    five.post("/v1/promote", "production", flags=["base"], confirm=plan["confirm"])
    flag = five.flag("production", "base")
    assert (flag["archived"], flag["revision"]) == (True, 3)
    assert flag["definition"]["defaultVariant"] == "on"
    assert five.snapshot("production").evaluator.keys == ()


def test_a_change_that_would_break_others_is_told(five: Five) -> None:
    """Production's own flag requires a variant that the copy would take away."""
    five.post("/v1/flags", "production", key="base", definition=definition("on"))
    needs = [{"flag": "base", "variants": ["on"]}]
    five.post(
        "/v1/flags",
        "production",
        key="own",
        definition=definition(),
        prerequisites=needs,
        off_variant="off",
    )
    only = {"state": "ENABLED", "variants": {"off": False}}
    five.send("POST", "/v1/flags/f/archive", "staging", revision=1)
    five.send("PATCH", "/v1/flags/base", "staging", revision=1, definition=only)
    plan = five.post("/v1/promote", "production", flags=["base"])
    assert [each["path"] for each in plan["problems"]] == ["$.flags.base"]
    assert "own requires the variant 'on'" in plan["problems"][0]["problem"]


def test_a_version_must_be_there_before_its_flag_names_it(five: Five) -> None:
    five.create_version("staging", "1.0.0")
    plan = five.post("/v1/promote", "production", flags=["stories.version"])
    assert [each["path"] for each in plan["problems"]] == [
        "$.flags['stories.version'].definition.variants['1.0.0']"
    ]
    assert "was never created" in plan["problems"][0]["problem"]
    five.create_version("production", "1.0.0")
    five.create_version("staging", "1.1.0")
    plan = five.post("/v1/promote", "production", flags=["stories.version"])
    assert [each["path"] for each in plan["problems"]] == [
        "$.flags['stories.version'].definition.variants['1.1.0']"
    ]
    five.create_version("production", "1.1.0")
    assert five.post("/v1/promote", "production", flags=["stories.version"])["confirm"]


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_what_can_not_be_read_is_named(five: Five, environment: str) -> None:
    path = scope(environment).doc("flags", "base")
    five.store.commit([Write.delete(path), Write.create(path, {"key": "base"})])
    answer = five.send("POST", "/v1/promote", "production", flags=["base"])
    assert (answer.status_code, answer.get_json()["code"]) == (409, "FAILED_PRECONDITION")
    assert path in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("lead", 200), ("boss", 200), ("dev", 403), ("guest", 403), ("stager", 403), ("nobody", 403)],
)
def test_who_may_promote_into_production(five: Five, who: str, status: int) -> None:
    assert five.send("POST", "/v1/promote", "production", who, **EVERYTHING).status_code == status


@pytest.mark.parametrize(
    ("who", "source", "target", "status"),
    [
        ("dev", "staging", "demo", 200),
        ("tester", "staging", "testing", 403),  # may not read the source
        ("tester", "testing", "staging", 403),  # may not edit the target
        ("stager", "staging", "testing", 403),
        ("guest", "staging", "testing", 403),
    ],
)
def test_who_may_copy(five: Five, who: str, source: str, target: str, status: int) -> None:
    body = {"from": source, "flags": ["base"]}
    assert five.send("POST", "/v1/copy", target, who, **body).status_code == status


def test_refusals(five: Five) -> None:
    cases: list[tuple[str, str, dict[str, Any], int, str]] = [
        ("development", "/v1/promote", {"flags": ["f"]}, 400, "Nothing is promoted into dev"),
        ("demo", "/v1/promote", {"flags": ["f"]}, 400, "Nothing is promoted into demo"),
        ("staging", "/v1/copy", {"from": "staging", "flags": ["f"]}, 400, "the one to copy into"),
        ("demo", "/v1/copy", {"from": "nowhere", "flags": ["f"]}, 404, "to copy from"),
        ("nowhere", "/v1/copy", {"from": "staging", "flags": ["f"]}, 404, "no environment"),
        ("demo", "/v1/copy", {"from": "staging"}, 400, "nothing to bring"),
        ("demo", "/v1/copy", {"flags": ["f"]}, 400, "from"),
        ("demo", "/v1/copy", {"from": "staging", "flags": ["a/b"]}, 400, "key"),
        ("production", "/v1/promote", {"flags": ["f"], "reason": ""}, 400, "needs a reason"),
        ("demo", "/v1/copy", {"from": "staging", "flags": ["f"] * 501}, 400, "500"),
    ]
    for environment, path, body, status, words in cases:
        answer = five.send("POST", path, environment, **body)
        assert answer.status_code == status, answer.text
        assert words in answer.get_json()["detail"]
