"""What is published is damaged behind Palier's back, and repaired from what is stored."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from functions import audit
from functions.changes import Change, Outcome, commit_change
from functions.clock import SystemClock
from functions.documents import Document, Store, Write
from functions.errors import GenerationConflict, StoreUnavailable
from functions.flags.manage.repair import synchronize
from functions.flags.snapshot import Snapshot, SnapshotCache
from functions.identity import Actor, Permission
from functions.published import canonical, decode_part
from tests.emulator.flags.conftest import definition
from tests.emulator.flags.five import Five, founded, scope

TESTING = scope("testing")
IF_PRO = {"if": [{"$ref": "pro"}, "on"]}
PRO = {"==": [{"var": "plan"}, "pro"]}
NOTHING: dict[str, list[str]] = {"missing": [], "extra": [], "different": []}
SYNC = "/feature-flags/sync"


@pytest.fixture
def five(store: Store) -> Five:
    made = founded(store)
    made.post("/v1/segments", "testing", key="pro", rule=PRO)
    made.post("/v1/flags", "testing", key="base", definition=definition("on"), client=True)
    made.post("/v1/flags", "testing", key="f", definition=definition(targeting=IF_PRO))
    needs = [{"flag": "base", "variants": ["on"]}]
    made.post(
        "/v1/flags",
        "testing",
        key="g",
        definition=definition("on"),
        prerequisites=needs,
        off_variant="off",
    )
    made.post("/v1/flags", "testing", key="old", definition=definition())
    made.post("/v1/flags/old/archive", "testing", revision=1)
    for kind in ("secret", "publishable"):
        made.post("/v1/keys", "testing", kind=kind, label=kind)
    keys = made.send("GET", "/v1/keys", "testing").get_json()["keys"]
    made.post(f"/v1/keys/{keys[0]['id']}/rotate", "testing", overlap_seconds=1_000)
    made.post(f"/v1/keys/{keys[1]['id']}/revoke", "testing")
    made.create_version("testing", "1.0.0")
    return made


def pointer(five: Five) -> Document:
    found = five.store.get(TESTING.doc("published", "current"))
    assert found
    return found


def part_of(five: Five, name: str) -> Document:
    found = five.store.get(TESTING.doc("parts", pointer(five).data["parts"][name]))
    assert found
    return found


def alter(five: Five, name: str, change: Callable[[Any], Any]) -> None:
    """The content of a part, under the name that it has."""
    document = part_of(five, name)
    content = decode_part(document.data)
    change(content)
    body = zlib.compress(canonical(content).encode())
    five.store.commit([Write.update(document, {"body": body})])


def evaluated(snapshot: Snapshot) -> Any:
    """All that a reader gets, whatever it is called."""
    return [
        snapshot.flags,
        snapshot.client_keys,
        snapshot.keys,
        snapshot.services,
        snapshot.user_hash("u"),
    ]


def repaired(five: Five, **body: Any) -> dict[str, Any]:
    """What is answered; after that nothing differs."""
    preview = five.post(SYNC, "testing", preview=True)
    generation = preview.pop("generation")
    found = five.post(SYNC, "testing", **body)
    assert found["generation"] > generation
    assert preview == {**{k: v for k, v in found.items() if k != "generation"}, "preview": True}
    assert not found["in_sync"]
    again = five.post(SYNC, "testing")
    assert again["in_sync"], again
    assert again["generation"] == found["generation"]
    assert five.snapshot("testing").generation == found["generation"]
    return dict(found["repaired"])


def test_nothing_differs(five: Five) -> None:
    before = five.documents("testing")
    for preview in (True, False):
        found = five.post(SYNC, "testing", preview=preview)
        assert found == {
            "generation": five.snapshot("testing").generation,
            "in_sync": True,
            "preview": preview,
            "repaired": {
                "flags": NOTHING,
                "segments": NOTHING,
                "keys": NOTHING,
                "client": [],
                "parts": [],
            },
            "unreadable": [],
        }
    assert five.documents("testing") == before
    for empty in ("demo", "production"):
        assert five.post(SYNC, empty)["in_sync"]


def test_a_part_that_was_deleted(five: Five) -> None:
    good = evaluated(five.snapshot("testing"))
    for name in ("flags", "keys", "environment", "services"):
        five.store.commit([Write.delete(part_of(five, name))])
        with pytest.raises(StoreUnavailable):
            five.snapshot("testing")
        found = repaired(five)
        assert found["parts"] == [name]
        assert evaluated(five.snapshot("testing")) == good
    assert found["flags"] == NOTHING


def test_what_is_built_on_a_lost_part_is_refused(five: Five) -> None:
    """A change would publish one flag and lose all others."""
    five.store.commit([Write.delete(part_of(five, "flags"))])
    refused = five.send("POST", "/v1/flags", "testing", key="new", definition=definition())
    assert (refused.status_code, refused.get_json()["code"]) == (409, "FAILED_PRECONDITION")
    assert "feature-flags/sync" in refused.get_json()["remedy"]
    found = repaired(five)["flags"]
    assert found["missing"] == ["base", "f", "g", "stories.enabled", "stories.version"]
    five.post("/v1/flags", "testing", key="new", definition=definition())


def test_a_part_that_is_rubbish(five: Five) -> None:
    good = evaluated(five.snapshot("testing"))
    for name in ("flags", "keys", "environment", "services"):
        for body in (b"rubbish", zlib.compress(b"{"), zlib.compress(b"[1]"), None):
            five.store.commit([Write.update(part_of(five, name), {"body": body})])
            assert repaired(five)["parts"] == [name]
            assert evaluated(five.snapshot("testing")) == good


def test_a_pointer_that_was_deleted(five: Five) -> None:
    good = five.snapshot("testing")
    five.store.commit([Write.delete(pointer(five))])
    assert five.snapshot("testing").generation == 0
    found = repaired(five)
    assert found["parts"] == ["environment", "flags", "keys", "services"]
    assert found["flags"]["missing"] == ["base", "f", "g", "stories.enabled", "stories.version"]
    assert found["keys"]["missing"] == sorted(good.keys)
    after = five.snapshot("testing")
    assert evaluated(after) == evaluated(good)
    assert after.generation == good.generation + 1
    assert audit.verify(five.store, "main").ok


def test_a_part_that_was_altered_also_for_those_who_read_it(five: Five) -> None:
    good = evaluated(five.snapshot("testing"))

    def change(part: Any) -> None:
        part["document"]["flags"]["base"]["defaultVariant"] = "off"
        part["document"]["flags"]["more"] = definition()
        del part["document"]["flags"]["g"]
        part["document"]["$evaluators"]["pro"] = {"!": [PRO]}
        part["document"]["$evaluators"]["other"] = PRO
        part["client"] = ["f"]

    alter(five, "flags", change)
    warm = SnapshotCache(five.store, five.clock)
    assert warm.get(TESTING).evaluator.evaluate("base").value is False
    found = repaired(five)
    assert found["flags"] == {"missing": ["g"], "extra": ["more"], "different": ["base"]}
    assert found["segments"] == {"missing": [], "extra": ["other"], "different": ["pro"]}
    assert found["client"] == ["base", "f"]
    assert found["parts"] == []
    five.clock.advance(2)
    assert evaluated(warm.get(TESTING)) == good


def test_keys_that_were_altered(five: Five) -> None:
    good = five.snapshot("testing").keys
    kept, revoked_again = sorted(good)[0], sorted(good)[1]

    def change(part: Any) -> None:
        part[kept]["hash"] = "0" * 64
        del part[revoked_again]
        part["0" * 12] = {"hash": "1" * 64, "kind": "secret", "expires_at": None}

    alter(five, "keys", change)
    assert repaired(five)["keys"] == {
        "missing": [revoked_again],
        "extra": ["0" * 12],
        "different": [kept],
    }
    assert five.snapshot("testing").keys == good


def test_a_key_that_was_revoked_in_the_store_alone(five: Five) -> None:
    key = min(five.snapshot("testing").keys)
    document = five.store.get(TESTING.doc("keys", key))
    assert document
    five.store.commit([Write.update(document, {"revoked_at": document.version})])
    assert repaired(five)["keys"]["extra"] == [key]
    assert key not in five.snapshot("testing").keys


def test_an_expired_key_is_no_difference(five: Five) -> None:
    [ending] = [key for key, it in five.snapshot("testing").keys.items() if it["expires_at"]]
    five.clock.advance(2_000)
    assert five.post(SYNC, "testing")["in_sync"]
    alter(five, "keys", lambda part: part.pop(ending))
    assert not five.post(SYNC, "testing", preview=True)["repaired"]["keys"]["missing"]


def test_a_flag_that_was_deleted_in_the_store(five: Five) -> None:
    five.store.commit([Write.delete(TESTING.doc("flags", "f"))])
    assert repaired(five)["flags"] == {**NOTHING, "extra": ["f"]}
    assert "f" not in five.snapshot("testing").evaluator.keys


def test_a_flag_that_others_require_stays_published(five: Five) -> None:
    good = evaluated(five.snapshot("testing"))
    for document in ("flags/base", "segments/pro"):
        five.store.commit([Write.delete(f"{TESTING.path}/{document}")])
    found = five.post(SYNC, "testing")
    assert [each["document"] for each in found["unreadable"]] == ["flags/base", "segments/pro"]
    assert "is used by" in found["unreadable"][0]["problem"]
    assert not found["in_sync"]
    assert evaluated(five.snapshot("testing")) == good


def test_what_can_not_be_read_is_named_and_left_alone(five: Five) -> None:
    """Also what is published of it, while all else is repaired."""
    good = evaluated(five.snapshot("testing"))
    key = min(five.snapshot("testing").keys)
    for path, data in {
        "flags/base": {"definition": "{"},
        "flags/f": {"key": "g"},
        "segments/pro": {"content": "[]"},
        f"keys/{key}": {"kind": "golden"},
    }.items():
        document = five.store.get(f"{TESTING.path}/{path}")
        assert document
        five.store.commit([Write.update(document, data)])
    five.store.commit([Write.create(TESTING.doc("flags", "empty"), {})])
    before = {path for path in five.documents("testing") if "/parts/" not in path}
    alter(five, "flags", lambda part: part["document"]["flags"].pop("g"))
    found = five.post(SYNC, "testing")
    assert found["repaired"]["flags"] == {**NOTHING, "missing": ["g"]}
    assert [each["document"] for each in found["unreadable"]] == [
        "flags/base",
        "flags/empty",
        "flags/f",
        "segments/pro",
        f"keys/{key}",
    ]
    assert evaluated(five.snapshot("testing")) == good
    assert {path for path in five.documents("testing") if "/parts/" not in path} == before


def test_nothing_broken_is_published(five: Five) -> None:
    """A flag was stored past all checks: its published form stays."""
    good = evaluated(five.snapshot("testing"))
    document = five.store.get(TESTING.doc("flags", "f"))
    assert document
    broken = canonical(definition(targeting={"if": [{"$ref": "nobody"}, "on"]}))
    five.store.commit([Write.update(document, {"definition": broken})])
    found = five.post(SYNC, "testing")
    assert found["repaired"]["flags"] == NOTHING
    [left] = found["unreadable"]
    assert left["document"] == "flags/f"
    assert "nobody" in left["problem"]
    assert evaluated(five.snapshot("testing")) == good


def test_a_flag_that_was_changed_in_the_store_alone(five: Five) -> None:
    document = five.store.get(TESTING.doc("flags", "f"))
    assert document
    changed = canonical(definition("on"))
    five.store.commit([Write.update(document, {"definition": changed})])
    assert repaired(five)["flags"] == {**NOTHING, "different": ["f"]}
    assert five.snapshot("testing").evaluator.evaluate("f").value is True


def test_the_trail_tells_of_it(five: Five) -> None:
    alter(five, "flags", lambda part: part["document"]["flags"].pop("f"))
    five.post(SYNC, "testing", "dev", reason="clients saw something else")
    [entry] = audit.latest(five.store, TESTING, 1)
    assert (entry["action"], entry["actor"]) == ("environment.sync", "person:dev")
    assert entry["reason"] == "clients saw something else"
    assert entry["after"] == {"flags": {"missing": {"count": 1, "first": ["f"]}}}
    assert audit.verify(five.store, "main").ok


class Busy(Store):
    """Somebody edits once, after the pointer was read and before the flags are."""

    def __init__(self, five: Five) -> None:
        super().__init__(five.store._client)
        self._edit = partial(five.send, "PATCH", "/v1/flags/f", "testing", revision=1)
        self._edited = False

    def pages(self, collection: str, size: int, **options: Any) -> Iterator[list[Document]]:
        if not self._edited:
            self._edited = True
            assert self._edit(definition=definition("on")).status_code == 200
        return super().pages(collection, size, **options)


def sync_while_somebody_edits(five: Five, preview: bool) -> Outcome:
    change = Change(TESTING, Actor.operator("tests"), Permission.EDIT_FLAGS, "a test")
    return commit_change(Busy(five), SystemClock(), change, synchronize(preview, {}))


def test_a_change_meanwhile_is_no_difference(five: Five) -> None:
    outcome = sync_while_somebody_edits(five, preview=False)
    assert outcome.result.in_sync
    assert outcome.generation == five.snapshot("testing").generation


def test_a_preview_never_tells_of_a_change_meanwhile(five: Five) -> None:
    with pytest.raises(GenerationConflict, match="changed while it was compared"):
        sync_while_somebody_edits(five, preview=True)


@pytest.mark.parametrize(
    ("who", "environment", "status"),
    [
        ("dev", "testing", 200),
        ("tester", "testing", 200),
        ("guest", "testing", 403),
        ("stager", "testing", 403),
        ("dev", "production", 403),
        ("lead", "production", 200),
    ],
)
def test_who_may(five: Five, who: str, environment: str, status: int) -> None:
    assert five.send("POST", SYNC, environment, who).status_code == status
    assert five.send("POST", SYNC, environment, who, preview=True).status_code == status


def test_refusals(five: Five) -> None:
    assert five.send("POST", SYNC, "nowhere").status_code == 404
    assert five.send("POST", SYNC, "production", reason="").status_code == 400
    assert five.send("POST", SYNC, "testing", repair=True).status_code == 400
    assert five.send("POST", SYNC, "testing", expected_generation=0).status_code == 409
