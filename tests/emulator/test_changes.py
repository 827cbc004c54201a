"""The one way to change anything, on the Firestore emulator."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.cloud import firestore

from functions import audit, changes
from functions.changes import Change, Decision, Entry, View, commit_change, pointer_path
from functions.clock import ManualClock, SystemClock
from functions.documents import Document, Scope, Store, Write
from functions.errors import (
    GenerationConflict,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    StoreUnavailable,
)
from functions.identity import Actor, Permission, administrator_path, membership_path
from functions.published import Pointer
from tests.emulator.conftest import store_at
from tests.emulator.proxy import proxy

SCOPE = Scope("main", "testing")
PRODUCTION = Scope("main", "production")
OPERATOR = Actor.operator("tests")
ANNA = Actor.person("anna")
COUNTER = SCOPE.doc("flags", "counter")


def change(
    actor: Actor = OPERATOR,
    scope: Scope = SCOPE,
    reason: str = "a test",
    expected: int | None = None,
    permission: Permission = Permission.EDIT_FLAGS,
) -> Change:
    return Change(scope, actor, permission, reason, expected)


def count(view: View) -> Decision:
    """One more, in a document, in a part and in the trail."""
    before = view.get(view.scope.doc("flags", "counter"))
    number = int(before.data["n"]) + 1 if before else 1
    write = (
        Write.update(before, {"n": number})
        if before
        else Write.create(view.scope.doc("flags", "counter"), {"n": number})
    )
    return Decision(
        [write],
        {"flags": {"n": number}},
        [Entry("count", "counter", number - 1, number)],
        number,
    )


def everything(client: firestore.Client) -> dict[str, Any]:
    """All documents of the project, whatever their place."""
    groups = ("published", "parts", "flags", "audit", "chains", "members", "administrators")
    return {
        snapshot.reference.path: snapshot.to_dict()
        for group in groups
        for snapshot in client.collection_group(group).stream()
    }


def run(store: Store, decide: Callable[[View], Decision] = count, **options: Any) -> Any:
    return commit_change(store, SystemClock(), change(**options), decide)


def part(store: Store, name: str = "flags", scope: Scope = SCOPE) -> Any:
    seen: list[Any] = []

    def look(view: View) -> Decision:
        seen.append(view.part(name))
        return Decision()

    run(store, look, scope=scope)
    return seen[0]


def test_one_commit_of_all_that_belongs_together(store: Store) -> None:
    store.operations.clear()
    outcome = run(store)
    assert store.operations["commits"] == 1
    assert (outcome.generation, outcome.result) == (1, 1)
    pointer = store.get(pointer_path(SCOPE))
    assert pointer is not None
    assert Pointer.from_document(pointer.data).generation == 1
    assert part(store) == {"n": 1}
    [entry] = audit.latest(store, SCOPE, 10)
    assert (entry["action"], entry["actor"], entry["reason"], entry["generation"]) == (
        "count",
        "operator:tests",
        "a test",
        1,
    )
    assert (entry["before"], entry["after"]) == (0, 1)


def test_generations_rise_by_one_and_other_parts_stay(store: Store) -> None:
    run(store)
    run(store, lambda _view: Decision(parts={"keys": {"k": 1}}))
    assert run(store).generation == 3
    assert (part(store), part(store, "keys"), part(store, "services")) == ({"n": 2}, {"k": 1}, {})


def test_the_same_content_takes_no_new_part(store: Store) -> None:
    run(store, lambda _view: Decision(parts={"flags": {"n": 1}}))
    run(store, lambda _view: Decision(parts={"flags": {"n": 2}}))
    assert run(store, lambda _view: Decision(parts={"flags": {"n": 1}})).generation == 3
    assert len(store.query(SCOPE.collection("parts"))) == 2


def test_a_decision_with_nothing_in_it_writes_nothing(
    store: Store, firestore_client: firestore.Client
) -> None:
    outcome = run(store, lambda _view: Decision(result="as it is"))
    assert (outcome.generation, outcome.result) == (0, "as it is")
    assert everything(firestore_client) == {}


def test_a_decision_that_raises_writes_nothing(
    store: Store, firestore_client: firestore.Client
) -> None:
    run(store)
    before = everything(firestore_client)

    def fails(view: View) -> Decision:
        count(view)
        raise NotFound("There is no such thing.")

    with pytest.raises(NotFound):
        run(store, fails)
    assert everything(firestore_client) == before


def test_a_view_may_be_edited_without_effect(store: Store) -> None:
    run(store)

    def spoils(view: View) -> Decision:
        view.part("flags")["n"] = 99
        assert view.part("flags") == {"n": 1}
        return Decision()

    run(store, spoils)
    assert part(store) == {"n": 1}


# Who may


def test_without_a_membership_nobody_may(store: Store, firestore_client: firestore.Client) -> None:
    with pytest.raises(PermissionDenied):
        run(store, actor=ANNA)
    assert everything(firestore_client) == {}


@pytest.mark.parametrize(
    ("role", "environments", "scope", "may"),
    [
        pytest.param("developer", ["testing"], SCOPE, True, id="developer"),
        pytest.param("reader", ["testing"], SCOPE, False, id="reader"),
        pytest.param("team_manager", ["demo"], SCOPE, False, id="manager elsewhere"),
        pytest.param("developer", ["production"], PRODUCTION, False, id="developer, production"),
        pytest.param("team_manager", ["production"], PRODUCTION, True, id="manager, production"),
    ],
)
def test_membership_documents_decide(
    store: Store, role: str, environments: list[str], scope: Scope, may: bool
) -> None:
    path = membership_path("main", "anna")
    store.commit([Write.create(path, {"role": role, "environments": environments})])
    if may:
        assert run(store, actor=ANNA, scope=scope).generation == 1
        return
    with pytest.raises(PermissionDenied):
        run(store, actor=ANNA, scope=scope)


def test_a_membership_of_another_application_is_no_help(store: Store) -> None:
    data = {"role": "team_manager", "environments": ["testing"]}
    store.commit([Write.create(membership_path("other", "anna"), data)])
    with pytest.raises(PermissionDenied):
        run(store, actor=ANNA)


def test_a_right_taken_away_meanwhile_refuses_the_change(store: Store) -> None:
    """Between the reading and the commit, by somebody in another environment."""
    store.commit([Write.create(administrator_path("anna"), {})])

    def meanwhile(view: View) -> Decision:
        found = store.get(administrator_path("anna"))
        if found:
            entry = [Entry("administrator.dismiss", found.path)]
            decision = Decision([Write.delete(found)], entries=entry)
            run(store, lambda _view: decision, scope=Scope("main", "demo"))
        return count(view)

    with pytest.raises(PermissionDenied):
        run(store, meanwhile, actor=ANNA)
    assert store.get(COUNTER) is None


@pytest.mark.parametrize("reason", ["", "  \n\t"])
def test_production_wants_a_reason(store: Store, reason: str) -> None:
    with pytest.raises(InvalidArgument, match="reason"):
        run(store, scope=PRODUCTION, reason=reason)
    assert run(store, reason=reason).generation == 1


def test_a_reason_has_a_length(store: Store) -> None:
    with pytest.raises(InvalidArgument):
        run(store, reason="x" * (changes.MAXIMUM_REASON + 1))
    assert run(store, reason="x" * changes.MAXIMUM_REASON).generation == 1


def test_what_reaches_into_production_wants_a_reason_too(store: Store) -> None:
    def reaches(view: View) -> Decision:
        view.require_in(["production"])
        return count(view)

    with pytest.raises(InvalidArgument, match="reason"):
        run(store, reaches, reason="")
    assert run(store, reaches).generation == 1


# Several at once


def test_the_generation_that_was_expected(store: Store) -> None:
    assert run(store, expected=0).generation == 1
    with pytest.raises(GenerationConflict) as caught:
        run(store, expected=0)
    assert caught.value.extra == {"expected_generation": 0, "generation": 1}
    assert run(store, expected=1).generation == 2
    assert store.get(COUNTER) == _counter(store, 2)


def _counter(store: Store, number: int) -> Document:
    found = store.get(COUNTER)
    assert found is not None
    assert found.data["n"] == number
    return found


def interrupted(store: Store, times: int) -> tuple[Callable[[View], Decision], list[int]]:
    """Counts, while somebody else commits first, so many times."""
    seen: list[int] = []

    def decide(view: View) -> Decision:
        decision = count(view)
        seen.append(view.generation)
        if len(seen) <= times:
            run(store)
        return decision

    return decide, seen


def test_a_stale_basis_is_refused_and_decided_anew(store: Store) -> None:
    decide, seen = interrupted(store, 2)
    outcome = run(store, decide)
    assert seen == [0, 1, 2]
    assert (outcome.generation, outcome.result) == (3, 3)
    _counter(store, 3)
    assert audit.verify(store, "main") == audit.Verification(3, None)


def test_an_expected_generation_is_asked_for_at_each_attempt(store: Store) -> None:
    decide, seen = interrupted(store, 1)
    with pytest.raises(GenerationConflict):
        run(store, decide, expected=0)
    assert seen == [0]
    _counter(store, 1)


def test_it_gives_up_after_five_seconds(store: Store) -> None:
    clock = ManualClock()
    decide, seen = interrupted(store, 10_000)
    started = clock.now()
    with pytest.raises(StoreUnavailable, match="was not made"):
        commit_change(store, clock, change(), decide)
    assert 4 < clock.now() - started <= 5.5
    assert 10 < len(seen) < 60
    _counter(store, len(seen))
    assert audit.verify(store, "main").entries == len(seen)


def test_a_document_that_changed_meanwhile_refuses_the_whole_commit(store: Store) -> None:
    """By a machine, which makes no change: only this document's own precondition notices."""
    run(store)
    attempts = 0

    def decide(view: View) -> Decision:
        nonlocal attempts
        attempts += 1
        decision = count(view)
        if attempts == 1:
            store.commit([Write.update(_counter(store, 1), {"n": 41})])
        return decision

    assert run(store, decide).result == 42
    assert attempts == 2
    assert part(store) == {"n": 42}


def test_sixteen_at_once_lose_nothing(store: Store, firestore_client: firestore.Client) -> None:
    together = threading.Barrier(16)

    def work(number: int) -> list[int]:
        own = Store(firestore_client)
        together.wait(10)
        scope = SCOPE if number % 2 else Scope("main", "demo")
        return [run(own, scope=scope).generation for _ in range(2)]

    with ThreadPoolExecutor(16) as pool:
        generations = list(pool.map(work, range(16)))
    ours = sorted(each for pair in generations[1::2] for each in pair)
    theirs = sorted(each for pair in generations[::2] for each in pair)
    assert ours == theirs == list(range(1, 17))
    _counter(store, 16)
    assert part(store) == {"n": 16}
    assert audit.verify(store, "main") == audit.Verification(32, None)


# The store goes away


def test_a_store_out_of_reach(lost_store: Store) -> None:
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        run(lost_store)
    assert time.monotonic() - started < 4.5


@pytest.mark.parametrize("moment", ["asked", "answered"])
def test_nothing_is_half_written_when_the_store_dies(
    store: Store, firestore_client: firestore.Client, firestore_emulator: str, moment: str
) -> None:
    """The connection is cut when the commit is sent, or before its answer is heard."""
    run(store)
    before = everything(firestore_client)
    with (
        proxy(firestore_emulator) as between,
        store_at(between.address, str(firestore_client.project)) as far,
    ):

        def cut(_data: bytes) -> None:
            between.cut()

        def decide(view: View) -> Decision:
            decision = count(view)
            if moment == "asked":
                between.on_request = cut
            else:
                between.on_answer = lambda data: cut(data) if _counted(store, 2) else None
            return decision

        with pytest.raises(StoreUnavailable):
            run(far, decide)
    after = everything(firestore_client)
    verified = audit.verify(store, "main")
    if moment == "asked":
        assert after == before
        assert verified == audit.Verification(1, None)
    else:
        _counter(store, 2)
        assert part(store) == {"n": 2}
        assert verified == audit.Verification(2, None)


def _counted(store: Store, number: int) -> bool:
    found = store.get(COUNTER)
    return found is not None and found.data["n"] == number
