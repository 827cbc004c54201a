"""The audit trail on the Firestore emulator: entries that somebody with a console has touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.cloud import firestore

from functions import audit
from functions.audit import Entry
from functions.changes import Change, Decision, commit_change
from functions.clock import SystemClock
from functions.documents import Scope, Store
from functions.identity import Actor, Permission

SCOPE = Scope("main", "testing")
OTHER = Scope("main", "production")


def record(store: Store, scope: Scope = SCOPE, number: int = 1, application: str = "main") -> None:
    scope = Scope(application, scope.environment)
    change = Change(scope, Actor.operator("tests"), Permission.EDIT_FLAGS, "a test")
    entries = [Entry("count", "counter", n, {"n": [n]}) for n in range(number)]
    commit_change(store, SystemClock(), change, lambda _view: Decision(entries=entries))


@pytest.fixture
def trail(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Seven entries in five commits of two environments, read in pages of three."""
    monkeypatch.setattr(audit, "PAGE", 3)
    for number, scope in ((2, SCOPE), (1, OTHER), (1, SCOPE), (2, OTHER), (1, SCOPE)):
        record(store, scope, number)
    return store


def test_an_untouched_chain_holds(trail: Store) -> None:
    assert audit.verify(trail, "main") == audit.Verification(7, None)
    assert audit.verify(trail, "nobody") == audit.Verification(0, None)


def test_one_chain_an_application(trail: Store) -> None:
    record(trail, application="other")
    assert audit.verify(trail, "other") == audit.Verification(1, None)
    assert audit.verify(trail, "main").entries == 7


def entry(client: firestore.Client, number: int) -> Any:
    return client.document(f"applications/main/audit/{number:012d}")


def head(client: firestore.Client) -> Any:
    return client.document(audit.head_path("main"))


def forged_again(client: firestore.Client) -> None:
    """The last entry with another reason, and a hash that fits."""
    data = audit.parsed(entry(client, 7).get().to_dict())
    data["reason"] = "another"
    entry(client, 7).update({"reason": "another", "hash": audit.digest(data)})


def copied(client: firestore.Client) -> None:
    client.document("applications/main/audit/extra").set(entry(client, 4).get().to_dict())


def moved(client: firestore.Client) -> None:
    client.document("applications/main/audit/elsewhere").set(entry(client, 4).get().to_dict())
    entry(client, 4).delete()


def truncated_with_its_head(client: firestore.Client) -> None:
    entry(client, 7).delete()
    head(client).delete()


def rolled_back_head(client: firestore.Client) -> None:
    data = entry(client, 5).get().to_dict()
    head(client).update({"sequence": 5, "hash": data["hash"]})


TAMPERING: dict[str, tuple[Callable[[firestore.Client], Any], int]] = {
    "a reason": (lambda c: entry(c, 3).update({"reason": "other"}), 2),
    "an actor": (lambda c: entry(c, 1).update({"actor": "person:bob"}), 0),
    "what was before": (lambda c: entry(c, 4).update({"before": "1"}), 3),
    "no JSON": (lambda c: entry(c, 4).update({"after": "{"}), 3),
    "another type": (lambda c: entry(c, 4).update({"at": "yesterday"}), 3),
    "the time shown": (
        lambda c: entry(c, 4).update({"recorded_at": firestore.SERVER_TIMESTAMP}),
        3,
    ),
    "a field less": (lambda c: entry(c, 6).update({"hash": firestore.DELETE_FIELD}), 5),
    "a field more": (lambda c: entry(c, 6).update({"note": "x"}), 5),
    "the first deleted": (lambda c: entry(c, 1).delete(), 0),
    "one deleted": (lambda c: entry(c, 4).delete(), 3),
    "the last deleted": (lambda c: entry(c, 7).delete(), 6),
    "a number changed": (lambda c: entry(c, 4).update({"sequence": 5}), 3),
    "a number taken away": (lambda c: entry(c, 4).update({"sequence": "four"}), 3),
    "one twice": (copied, 4),
    "one under another name": (moved, 3),
    "the last with a fitting hash": (forged_again, 7),
    "no head": (lambda c: head(c).delete(), 7),
    "an empty head": (lambda c: head(c).set({"schema": 1}), 7),
    "another head": (lambda c: head(c).update({"hash": "0" * 64}), 7),
    "a head ahead": (lambda c: head(c).update({"sequence": 9}), 7),
    "a head behind": (rolled_back_head, 7),
    "truncated with its head": (truncated_with_its_head, 6),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found(trail: Store, firestore_client: firestore.Client, name: str) -> None:
    tamper, good = TAMPERING[name]
    tamper(firestore_client)
    found = audit.verify(trail, "main")
    assert not found.ok
    assert found.problem
    assert found.entries in (good, good - 1 if name == "one twice" else good)


def test_what_is_appended_meanwhile_is_no_tampering(trail: Store) -> None:
    class Busy(Store):
        """Somebody makes a change before each of the first reads of the head."""

        left = 3

        def get(self, path: str, **options: Any) -> Any:
            if path == audit.head_path("main") and self.left:
                self.left -= 1
                record(trail)
            return super().get(path, **options)

    assert audit.verify(Busy(trail._client), "main") == audit.Verification(10, None)


def test_the_latest_of_one_environment(trail: Store) -> None:
    ours = audit.latest(trail, SCOPE, 10)
    assert [each["sequence"] for each in ours] == [7, 4, 2, 1]
    assert [each["sequence"] for each in audit.latest(trail, OTHER, 2)] == [6, 5]
    assert ours[0]["after"] == {"n": [0]}
    assert audit.latest(trail, Scope("main", "demo"), 10) == []
