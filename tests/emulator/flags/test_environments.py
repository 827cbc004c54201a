"""Five environments side by side: what is changed in one changes nothing in the others; and a
store that dies while many flags are brought in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.cloud import firestore

from functions import audit
from functions.changes import Change, Decision, View, commit_change
from functions.clock import SystemClock
from functions.documents import Store
from functions.errors import StoreUnavailable
from functions.flags.manage.confirmation import token
from functions.flags.manage.exchange import import_document
from functions.identity import ENVIRONMENTS, Actor, Permission
from tests.emulator.conftest import store_at
from tests.emulator.flags.conftest import definition
from tests.emulator.flags.five import Five, founded, scope
from tests.emulator.proxy import proxy

PRO = {"==": [{"var": "plan"}, "pro"]}


@pytest.fixture
def five(store: Store) -> Five:
    """The same flag everywhere, in staging a little more."""
    made = founded(store)
    for name in ENVIRONMENTS:
        made.post("/v1/segments", name, key="pro", rule=PRO)
        made.post("/v1/flags", name, key="f", definition=definition())
        made.post("/v1/flags", name, key="old", definition=definition())
        made.post("/v1/flags/old/archive", name, revision=1)
    made.post("/v1/flags", "staging", key="extra", definition=definition("on"))
    return made


def confirmed(five: Five, path: str, environment: str, **body: Any) -> None:
    plan = five.post(path, environment, **body)
    five.post(path, environment, **body, confirm=plan["confirm"])


def edit(five: Five, environment: str) -> None:
    body: dict[str, Any] = {"revision": 1, "definition": definition("on")}
    assert five.send("PATCH", "/v1/flags/f", environment, **body).status_code == 200


CHANGES: list[Any] = [
    pytest.param(edit, id="edit"),
    pytest.param(
        lambda five, name: five.post("/v1/flags", name, key="new", definition=definition()),
        id="create",
    ),
    pytest.param(lambda five, name: five.post("/v1/flags/f/kill", name), id="kill"),
    pytest.param(
        lambda five, name: five.post("/v1/flags/f/archive", name, revision=1), id="archive"
    ),
    pytest.param(
        lambda five, name: five.post("/v1/flags/old/restore", name, revision=2), id="restore"
    ),
    pytest.param(
        lambda five, name: five.post("/v1/flags/old/delete", name, revision=2), id="delete"
    ),
    pytest.param(
        lambda five, name: five.post("/v1/segments/pro/delete", name, revision=1), id="segment"
    ),
    pytest.param(
        lambda five, name: five.post("/v1/keys", name, kind="secret", label="x"), id="key"
    ),
    pytest.param(
        lambda five, name: confirmed(
            five, "/v1/import", name, document={"flags": {"f": definition("on")}}
        ),
        id="import",
    ),
    pytest.param(
        lambda five, name: (
            confirmed(five, "/v1/copy", name, flags=["extra"], **{"from": "staging"})
            if name != "staging"
            else edit(five, name)
        ),
        id="copy",
    ),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("environment", ["production", "demo"])
def test_a_change_stays_in_its_environment(
    five: Five, environment: str, change: Callable[[Five, str], object]
) -> None:
    before = {name: five.documents(name) for name in ENVIRONMENTS}
    generations = five.generations()
    change(five, environment)
    for name in ENVIRONMENTS:
        if name == environment:
            assert five.documents(name) != before[name]
            assert five.snapshot(name).generation == generations[name] + 1
        else:
            assert five.documents(name) == before[name]
            assert five.snapshot(name).generation == generations[name]


def test_the_same_key_means_another_flag_everywhere(five: Five) -> None:
    edit(five, "testing")
    for name in ENVIRONMENTS:
        assert five.snapshot(name).evaluator.evaluate("f").value is (name == "testing")
        assert five.flag(name, "f")["revision"] == (2 if name == "testing" else 1)
    repaired = [five.post("/feature-flags/sync", name)["in_sync"] for name in ENVIRONMENTS]
    assert all(repaired)


@pytest.mark.parametrize(
    ("who", "may_edit", "may_read"),
    [
        ("dev", {"staging", "development", "testing", "demo"}, set(ENVIRONMENTS)),
        ("lead", set(ENVIRONMENTS), set(ENVIRONMENTS)),
        ("stager", {"staging"}, {"staging"}),
        ("guest", set(), set(ENVIRONMENTS)),
        ("nobody", set(), set()),
    ],
)
def test_roles_hold_in_the_environments_granted(
    five: Five, who: str, may_edit: set[str], may_read: set[str]
) -> None:
    edited, read, exported = set(), set(), set()
    for name in ENVIRONMENTS:
        body = {"revision": 1, "definition": definition("on")}
        if five.send("PATCH", "/v1/flags/f", name, who, **body).status_code == 200:
            edited.add(name)
        if five.send("GET", "/v1/flags/f", name, who).status_code == 200:
            read.add(name)
        if five.send("GET", "/v1/export", name, who).status_code == 200:
            exported.add(name)
    assert (edited, read, exported) == (may_edit, may_read, may_read)


@pytest.fixture
def cut_off(
    five: Five, firestore_client: firestore.Client, firestore_emulator: str
) -> Iterator[Callable[[int], None]]:
    """Imports 400 flags over a connection that is cut after so many bytes of the commit."""
    document = {"flags": {f"f{n}": definition(metadata={"n": n}) for n in range(400)}}
    change = Change(scope("demo"), Actor.operator("tests"), Permission.EDIT_FLAGS, "a test")
    planned = commit_change(five.store, SystemClock(), change, import_document(document, None))
    confirm = planned.result.confirm
    assert confirm != token(None)
    with (
        proxy(firestore_emulator) as between,
        store_at(between.address, str(firestore_client.project)) as far,
    ):

        def send(most: int) -> None:
            left = [most]

            def cut(data: bytes) -> None:
                left[0] -= len(data)
                if left[0] < 0:
                    between.cut()

            def decide(view: View) -> Decision:
                decision = import_document(document, confirm)(view)
                between.on_request = cut
                return decision

            commit_change(far, SystemClock(), change, decide)

        yield send


@pytest.mark.parametrize("sent", [0, 150_000], ids=["at its beginning", "in the middle"])
def test_nothing_is_half_imported_when_the_store_dies(
    five: Five, cut_off: Callable[[int], None], sent: int
) -> None:
    before = five.documents("demo")
    with pytest.raises(StoreUnavailable):
        cut_off(sent)
    assert five.documents("demo") == before
    assert audit.verify(five.store, "main").ok
    assert five.post("/feature-flags/sync", "demo", preview=True)["in_sync"]
