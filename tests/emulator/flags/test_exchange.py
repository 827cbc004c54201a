"""Flags in and out as documents: flagd's form, and Palier's own, which loses nothing."""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from functions.documents import Store, Write
from functions.flags.compile import compile_flags
from functions.flags.manage.exchange_routes import MAXIMUM_BODY_BYTES
from tests.emulator.flags.conftest import definition
from tests.emulator.flags.five import Five, founded, scope

SCHEMA = Path(__file__).parent / "flagd_schema.mjs"
PRO = {"==": [{"var": "plan"}, "pro"]}
ACCENTS = {"==": [{"var": "city"}, "Zürich"]}
CONTEXTS: list[dict[str, Any]] = [
    {"targetingKey": user, "plan": plan, "city": city}
    for user in ("anna", "ben")
    for plan in ("pro", "free")
    for city in ("Zürich", "Bern")
]


@pytest.fixture
def five(store: Store) -> Five:
    return founded(store)


def fill(five: Five, environment: str) -> None:
    """One of everything."""
    for key, rule in (
        ("pro", PRO),
        ("accents", ACCENTS),
        ("wide", {"or": [{"$ref": "pro"}, ACCENTS]}),
    ):
        five.post("/v1/segments", environment, key=key, rule=rule, included=["anna"])
    for key, more in (
        ("base", {"definition": definition("on"), "client": True, "description": "first"}),
        (
            "zz",
            {
                "definition": definition(
                    targeting={"if": [{"$ref": "wide"}, "on"]}, metadata={"team": "x"}
                ),
                "tags": ["a", "b"],
                "owner": "us",
                "ends_at": 2_000_000_000.5,
                "prerequisites": [{"flag": "base", "variants": ["on"]}],
                "targets": {"on": ["ben"]},
                "off_variant": "off",
            },
        ),
        ("aa", {"definition": definition(targeting={"if": [{"$ref": "accents"}, "on"]})}),
        ("share", {"definition": definition(targeting={"fractional": [["on", 1], ["off", 3]]})}),
        ("dead", {"definition": definition("on"), "off_variant": "off"}),
        ("gone", {"definition": definition()}),
    ):
        five.post("/v1/flags", environment, key=key, **more)
    five.post("/v1/flags/dead/kill", environment)
    five.post("/v1/flags/gone/archive", environment, revision=1)


def exported(five: Five, environment: str, form: str = "flagd", who: str = "guest") -> Any:
    answer = five.send("GET", f"/v1/export?form={form}", environment, who)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def bring(five: Five, environment: str, document: Any) -> dict[str, Any]:
    """Looks, then confirms."""
    plan = five.post("/v1/import", environment, document=document)
    assert plan["problems"] == []
    return five.post("/v1/import", environment, document=document, confirm=plan["confirm"])


def test_our_own_form_loses_nothing(five: Five) -> None:
    fill(five, "staging")
    document = exported(five, "staging", "palier")
    assert [*document["flags"]].index("base") < [*document["flags"]].index("zz")
    bring(five, "demo", document)
    assert exported(five, "demo", "palier") == document
    here, there = (five.snapshot(name).flags for name in ("staging", "demo"))
    assert set(here["flags"]) == set(there["flags"])
    assert here["$evaluators"] == there["$evaluators"]
    assert [key for key in here["flags"] if here["flags"][key] != there["flags"][key]] == ["dead"]
    again = bring(five, "demo", document)
    assert {item["change"] for item in again["flags"]} == {"same"}
    assert five.snapshot("demo").generation == again["generation"]


def test_flagds_form_is_valid_and_means_the_same(five: Five) -> None:
    fill(five, "staging")
    document = exported(five, "staging")
    said = subprocess.run(
        ["node", str(SCHEMA)],
        input=json.dumps(document) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(said.stdout) is None
    assert list(document["$evaluators"]) == ["pro"]
    here, there = five.snapshot("staging").evaluator, compile_flags(document)
    for context in CONTEXTS:
        assert here.evaluate_all(context) == there.evaluate_all(context)
    bring(five, "demo", document)
    again = five.snapshot("demo").evaluator
    for context in CONTEXTS:
        assert here.evaluate_all(context) == again.evaluate_all(context)


def test_what_exists_is_edited_and_what_is_not_named_is_left_alone(five: Five) -> None:
    fill(five, "demo")
    before = five.documents("demo")
    document = {
        "flags": {
            "aa": definition("on"),
            "base": definition("on"),
            "new": definition(targeting={"if": [{"$ref": "fresh"}, "on"]}),
        },
        "$evaluators": {"fresh": PRO, "pro": PRO},
    }
    plan = five.post("/v1/import", "demo", document=document)
    changes = {item["key"]: item["change"] for item in [*plan["flags"], *plan["segments"]]}
    assert changes == {
        "aa": "change",
        "base": "same",
        "new": "create",
        "fresh": "create",
        "pro": "same",
    }
    assert five.documents("demo") == before
    done = five.post("/v1/import", "demo", document=document, confirm=plan["confirm"])
    assert done["generation"] == plan["generation"] + 1
    changed = five.flag("demo", "aa")
    assert changed["revision"] == 2
    assert changed["definition"] == definition("on")
    after = five.documents("demo")
    untouched = [path for path in before if "/flags/zz" in path or "/flags/base" in path]
    assert untouched
    assert {path: after[path] for path in untouched} == {path: before[path] for path in untouched}
    replayed = five.send("POST", "/v1/import", "demo", document=document, confirm=plan["confirm"])
    assert (replayed.status_code, replayed.get_json()["code"]) == (409, "GENERATION_CONFLICT")


def test_all_problems_at_once(five: Five) -> None:
    fill(five, "demo")
    before = five.documents("demo")
    document = {
        "flags": {
            "f": definition(targeting={"if": [{"==": [1, 1]}, "maybe"]}),
            "g": definition(targeting={"if": [{"$ref": "nobody"}, "on"]}),
            "base": definition(targeting={"fractional": [["on", 1], ["off", 1]]}),
            "a/b": definition(),
            "h": {"state": "ON"},
            "zz": {"state": "ENABLED", "variants": {"off": False}},
        },
        "$evaluators": {
            "flag:x": PRO,
            "text": "on",
            "one": {"$ref": "two"},
            "two": {"!": [{"$ref": "one"}]},
        },
        "flagSet": 1,
    }
    plan = five.post("/v1/import", "demo", document=document)
    assert plan["confirm"] is None
    assert sorted(each["path"] for each in plan["problems"]) == [
        "$.flagSet",
        "$.flags.base",
        "$.flags.f.targeting.if[1]",
        "$.flags.g.targeting.if[0]",
        "$.flags.h.state",
        "$.flags.zz.targets",
        "$.flags['a/b']",
        "$['$evaluators'].one",
        "$['$evaluators'].text",
        "$['$evaluators'].two",
        "$['$evaluators']['flag:x']",
    ]
    assert plan["missing"] == {"flags": [], "segments": ["nobody"]}
    assert all(each["remedy"] for each in plan["problems"])
    refused = five.send("POST", "/v1/import", "demo", document=document, confirm="0" * 32)
    assert refused.status_code == 409
    assert five.documents("demo") == before


def test_a_token_does_not_help_over_a_problem(five: Five) -> None:
    """What was sound when it was planned no longer is: the segment is gone."""
    five.post("/v1/segments", "demo", key="pro", rule=PRO)
    document = {"flags": {"f": definition(targeting={"if": [{"$ref": "pro"}, "on"]})}}
    plan = five.post("/v1/import", "demo", document=document)
    five.post("/v1/segments/pro/delete", "demo", revision=1)
    refused = five.send("POST", "/v1/import", "demo", document=document, confirm=plan["confirm"])
    assert (refused.status_code, refused.get_json()["code"]) == (409, "FAILED_PRECONDITION")
    assert refused.get_json()["problems"][0]["field"] == "$.flags.f.targeting.if[0]"
    assert five.store.get(scope("demo").doc("flags", "f")) is None


@pytest.mark.parametrize(
    ("who", "environment", "status"),
    [
        ("dev", "demo", 200),
        ("dev", "production", 403),
        ("lead", "production", 200),
        ("guest", "demo", 403),
        ("stager", "demo", 403),
    ],
)
def test_who_may_import(five: Five, who: str, environment: str, status: int) -> None:
    document = {"flags": {"f": definition()}}
    answer = five.send("POST", "/v1/import", environment, who, document=document)
    assert answer.status_code == status


def test_who_may_export(five: Five) -> None:
    assert exported(five, "demo") == {"flags": {}}
    assert five.send("GET", "/v1/export", "demo", "stager").status_code == 403
    assert five.send("GET", "/v1/export?form=yaml", "demo").status_code == 400
    assert five.send("GET", "/v1/export", "nowhere").status_code == 404


def test_what_is_damaged_is_not_exported_as_if_it_were_not_there(five: Five) -> None:
    five.post("/v1/flags", "demo", key="f", definition=definition())
    pointer = five.store.get(scope("demo").doc("published", "current"))
    assert pointer
    part = scope("demo").doc("parts", pointer.data["parts"]["flags"])
    document = five.store.get(part)
    assert document
    for damage in (Write.update(document, {"body": b"rubbish"}), Write.delete(part)):
        five.store.commit([damage])
        answer = five.send("GET", "/v1/export", "demo")
        assert (answer.status_code, answer.get_json()["code"]) == (409, "FAILED_PRECONDITION")
    assert list(exported(five, "demo", "palier")["flags"]) == ["f"]
    five.store.commit([Write.create(scope("demo").doc("flags", "g"), {})])
    answer = five.send("GET", "/v1/export?form=palier", "demo")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "FAILED_PRECONDITION")


def test_the_size_of_a_body(five: Five) -> None:
    """More than other routes take, and no more than that."""
    document = {"flags": {f"f{n}": definition(metadata={"m": "x" * 4_000}) for n in range(400)}}
    assert 256 * 1024 < len(json.dumps(document)) < MAXIMUM_BODY_BYTES
    answer = five.send("POST", "/v1/import", "demo", document=document)
    assert (answer.status_code, answer.get_json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert "several requests" in answer.get_json()["remedy"]
    larger = {"flags": {f"f{n}": definition(metadata={"m": "x" * 9_000}) for n in range(300)}}
    answer = five.send("POST", "/v1/import", "demo", document=larger)
    assert answer.status_code == 413
    assert "2,097,152 bytes" in answer.get_json()["detail"]
    many = {"flags": {f"f{n}": definition() for n in range(501)}}
    assert five.send("POST", "/v1/import", "demo", document=many).status_code == 400


def test_the_largest_commit(five: Five) -> None:
    """What is let through is no more than the store takes: new, then changed, with no pattern that
    would make the published part small."""

    def document(size: int) -> dict[str, Any]:
        texts = {f"f{n}": random.Random(n + size).randbytes(size).hex() for n in range(500)}
        return {"flags": {key: definition(metadata={"m": text}) for key, text in texts.items()}}

    bring(five, "demo", document(670))
    bring(five, "demo", document(400))
    for size in (700, 600):
        too_large = five.send("POST", "/v1/import", "demo", document=document(size))
        assert too_large.status_code == 413


def test_five_thousand_flags(five: Five) -> None:
    """Ten requests fill an environment, and one reads it back. Times are printed."""
    rule = {"if": [{"$ref": "pro"}, "on", {"==": [{"var": "country"}, "CH"]}, "on"]}
    bring(five, "demo", {"$evaluators": {"pro": PRO}})
    spent: list[float] = []
    for request in range(10):
        flags = {
            f"flag-{number:04d}": definition(targeting=rule, metadata={"n": number})
            for number in range(request * 500, request * 500 + 500)
        }
        began = time.perf_counter()
        done = bring(five, "demo", {"flags": flags})
        spent.append(time.perf_counter() - began)
        assert {item["change"] for item in done["flags"]} == {"create"}
    print("plan and import of 500:", ", ".join(f"{each:.1f} s" for each in spent))
    assert len(five.snapshot("demo").evaluator.keys) == 5_000
    for form in ("flagd", "palier"):
        began = time.perf_counter()
        document = exported(five, "demo", form)
        print(f"export of 5,000, form {form}: {time.perf_counter() - began:.1f} s")
        assert len(document["flags"]) == 5_000
    began = time.perf_counter()
    done = bring(five, "demo", {"flags": {"flag-0000": definition("on")}})
    print(f"plan and import of 1 into 5,000: {time.perf_counter() - began:.1f} s")
    began = time.perf_counter()
    found = five.post("/feature-flags/sync", "demo")
    print(f"comparison of 5,000: {time.perf_counter() - began:.1f} s")
    assert found["in_sync"]
    assert found["generation"] == done["generation"]
