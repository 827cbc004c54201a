"""Claiming a story and finishing it: once, with its quota in the same commits, whoever else is at
it."""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from google.cloud import firestore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.clock import Clock, ManualClock, SystemClock
from functions.documents import Refused, Scope, Store, Write
from functions.errors import (
    AlreadyExists,
    FailedPrecondition,
    InProgress,
    PalierError,
    RateLimited,
    StoreUnavailable,
)
from functions.metrics.store import load_flushed
from functions.stories.claim import LEASE_SECONDS, Claim, story_id
from functions.stories.limits import quota
from functions.stories.limits.quota import Limits
from functions.stories.shelf import CLAIM_SECONDS, Claimed, Shelf, StoredStory
from functions.stories.story import Provenance, Story, Usage

SCOPE = Scope("main", "testing")
NOW = 1_800_000_000.0  # the beginning of an hour
LIMITS = Limits(requests_an_hour=10, microdollars_an_hour=10_000)
ANY = Limits(0, 0)
STORY = Story(
    title="The lamp",
    paragraphs=("It blinked.",),
    language="en",
    provenance=Provenance(version="1.2.0", content_hash="c", model="m", usage=Usage(), attempts=1),
).model_dump(mode="json")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def shelf(store: Store, clock: ManualClock) -> Shelf:
    return Shelf(store, clock)


def claim(clock: Clock, key: str = "key-0001", uid: str = "u1", **changes: Any) -> Claim:
    given = {"request_hash": "wish", "reserved": 300, "user": "hash", **changes}
    return Claim(
        story_id=story_id(uid, key),
        owner=uid,
        version="1.2.0",
        generation=7,
        claimed_at=clock.now(),
        **given,
    )


def stored(store: Store, key: str = "key-0001", uid: str = "u1") -> dict[str, Any] | None:
    document = store.get(SCOPE.doc("stories", story_id(uid, key)))
    return document.data if document else None


def used(store: Store, uid: str = "u1", at: float = NOW) -> tuple[int, int] | None:
    path = SCOPE.doc(quota.COLLECTION, quota.name(uid, quota.hours(at)[0]))
    document = store.get(path)
    return (document.data["requests"], document.data["microdollars"]) if document else None


def taken(shelf: Shelf, one: Claim, limits: Limits = LIMITS) -> Claimed:
    found = shelf.claim(SCOPE, one, limits)
    assert isinstance(found, Claimed)
    return found


def test_a_story_takes_two_commits_and_four_documents(
    shelf: Shelf, store: Store, clock: ManualClock
) -> None:
    one = claim(clock)
    held = taken(shelf, one)
    assert used(store) == (1, 300)
    running = stored(store)
    assert running is not None
    assert (running["state"], running["reserved"], running["user"]) == ("running", 300, "hash")
    assert shelf.finish(SCOPE, held, one.finished(STORY, 1), 120, 1.0)
    assert used(store) == (1, 120)
    assert (store.operations["commits"], store.operations["writes"]) == (2, 4)


def test_without_limits_there_is_no_quota(shelf: Shelf, store: Store, clock: ManualClock) -> None:
    one = claim(clock)
    held = taken(shelf, one, ANY)
    assert shelf.finish(SCOPE, held, one.finished(STORY, 1), 120, 1.0)
    assert store.operations == Counter(reads=1, commits=2, writes=2)
    assert used(store) is None


def test_a_story_that_failed_costs_what_it_cost(
    shelf: Shelf, store: Store, clock: ManualClock
) -> None:
    one = claim(clock)
    held = taken(shelf, one)
    assert shelf.finish(
        SCOPE, held, one.failed({"code": "OPENAI_ERROR", "reason": None}, 0), 0, 1.0
    )
    assert used(store) == (1, 0)  # the request counts


def test_a_replay_takes_no_quota(shelf: Shelf, store: Store, clock: ManualClock) -> None:
    one = claim(clock)
    held = taken(shelf, one)
    shelf.finish(SCOPE, held, one.finished(STORY, 1), 300, 1.0)
    for _ in range(30):
        again = shelf.claim(SCOPE, claim(clock), LIMITS)
        assert isinstance(again, StoredStory)
        assert again.story.title == "The lamp"
    assert used(store) == (1, 300)


def test_a_replay_is_told_when_the_quota_is_used_up(
    shelf: Shelf, store: Store, clock: ManualClock
) -> None:
    one = claim(clock)
    held = taken(shelf, one, Limits(1, 0))
    shelf.finish(SCOPE, held, one.finished(STORY, 1), 300, 1.0)
    with pytest.raises(RateLimited):
        shelf.claim(SCOPE, claim(clock, "key-0002"), Limits(1, 0))
    assert isinstance(shelf.claim(SCOPE, claim(clock), Limits(1, 0)), StoredStory)


@pytest.mark.parametrize(
    ("limits", "reserved", "limit"),
    [
        pytest.param(Limits(3, 0), 300, "requests", id="requests"),
        pytest.param(Limits(0, 1_000), 300, "cost", id="cost"),
        pytest.param(Limits(4, 1_000), 300, "cost", id="both, the cost first"),
    ],
)
def test_what_an_hour_allows(
    shelf: Shelf, store: Store, clock: ManualClock, limits: Limits, reserved: int, limit: str
) -> None:
    for number in range(3):
        shelf.claim(SCOPE, claim(clock, f"key-000{number}", reserved=reserved), limits)
    with pytest.raises(RateLimited) as raised:
        shelf.claim(SCOPE, claim(clock, "key-0009", reserved=reserved), limits)
    extra = raised.value.extra
    assert (extra["reason"], extra["limit"]) == ("an_hour", limit)
    assert stored(store, "key-0009") is None
    assert used(store) == (3, 900)
    clock.advance(extra["retry_after"])
    assert isinstance(
        shelf.claim(SCOPE, claim(clock, "key-0009", reserved=reserved), limits), Claimed
    )
    assert isinstance(
        shelf.claim(SCOPE, claim(clock, "key-0009", "u2", reserved=reserved), limits), Claimed
    )


def test_a_story_that_no_hour_has_room_for(shelf: Shelf, clock: ManualClock) -> None:
    with pytest.raises(FailedPrecondition, match="PALIER_DOLLARS_AN_HOUR"):
        shelf.claim(SCOPE, claim(clock, reserved=11_000), LIMITS)


def test_fifty_at_once_with_a_limit_of_ten(store: Store) -> None:
    """Ten claims, each with a request and its cost in the quota, and forty clear refusals."""
    clock = SystemClock()
    shelf = Shelf(store, clock)
    start = threading.Barrier(50)
    at = clock.now()

    def ask(number: int) -> PalierError | None:
        start.wait()
        try:
            one = replace(claim(clock, f"key-{number:04}"), claimed_at=at)
            assert isinstance(shelf.claim(SCOPE, one, LIMITS), Claimed)
        except PalierError as error:
            return error
        return None

    with ThreadPoolExecutor(50) as pool:
        ended = list(pool.map(ask, range(50)))
    refused = [error for error in ended if error is not None]
    assert {type(error) for error in refused} == {RateLimited}
    assert {error.extra["reason"] for error in refused} == {"an_hour"}
    assert len(refused) == 40
    assert used(store, at=at) == (10, 3_000)
    states = store.query(SCOPE.collection("stories"), [("state", "==", "running")])
    assert len(states) == 10


def test_a_user_who_asks_too_much_at_once_is_told_so(
    shelf: Shelf, store: Store, clock: ManualClock
) -> None:
    class Contended(Store):
        """Somebody always writes the quota first."""

        def get_many(self, paths: Sequence[str], **options: Any) -> Any:
            found = super().get_many(paths, **options)
            other = quota.document(quota.Used(), 0)
            store.commit([Write.set(paths[1], {**other, "n": str(clock.now())})])
            return found

    contended = Shelf(Contended(store._client), clock)
    with pytest.raises(RateLimited) as raised:
        contended.claim(SCOPE, claim(clock), LIMITS)
    assert raised.value.extra == {"reason": "at_once", "retry_after": 1}
    assert clock.now() - NOW < 6


def erased(store: Store, _clock: ManualClock) -> None:
    store.commit([Write.delete(SCOPE.doc("stories", story_id("u1", "key-0001")))])


def erased_and_asked_again(store: Store, clock: ManualClock) -> None:
    erased(store, clock)
    assert isinstance(Shelf(store, clock).claim(SCOPE, claim(clock), LIMITS), Claimed)


def taken_over(store: Store, clock: ManualClock) -> None:
    clock.advance(LEASE_SECONDS)
    assert isinstance(Shelf(store, clock).claim(SCOPE, claim(clock), LIMITS), Claimed)


@pytest.mark.parametrize("happens", [erased, erased_and_asked_again, taken_over])
def test_what_changed_hands_meanwhile_is_not_overwritten(
    shelf: Shelf, store: Store, clock: ManualClock, happens: Callable[[Store, ManualClock], None]
) -> None:
    """And its quota is settled all the same."""
    one = claim(clock)
    held = taken(shelf, one)
    happens(store, clock)
    before, was = stored(store), used(store)
    assert was is not None
    assert not shelf.finish(SCOPE, held, one.finished(STORY, 1), 120, 1.0)
    assert stored(store) == before
    assert used(store) == (was[0], was[1] - 300 + 120)


def test_a_quota_that_was_erased_meanwhile_does_not_come_back(
    shelf: Shelf, store: Store, clock: ManualClock
) -> None:
    one = claim(clock)
    held = taken(shelf, one)
    store.commit([Write.delete(SCOPE.doc(quota.COLLECTION, quota.name("u1", int(NOW // 3600))))])
    assert shelf.finish(SCOPE, held, one.finished(STORY, 1), 120, 1.0)
    assert used(store) is None


def test_a_story_settles_in_the_hour_that_it_was_asked_in(
    shelf: Shelf, store: Store, clock: ManualClock
) -> None:
    clock.advance(3_590)
    one = claim(clock)
    held = taken(shelf, one)
    clock.advance(20)
    assert shelf.finish(SCOPE, held, one.finished(STORY, 1), 120, 1.0)
    assert used(store, at=NOW) == (1, 120)
    assert used(store, at=NOW + 3_610) is None


def test_somebody_else_s_claim(shelf: Shelf, clock: ManualClock) -> None:
    shelf.claim(SCOPE, claim(clock), LIMITS)
    with pytest.raises(InProgress):
        shelf.claim(SCOPE, claim(clock), LIMITS)
    with pytest.raises(AlreadyExists):
        shelf.claim(SCOPE, claim(clock, request_hash="other"), LIMITS)


def test_who_takes_over_from_the_dead_counts_them(
    shelf: Shelf, store: Store, clock: ManualClock
) -> None:
    shelf.claim(SCOPE, claim(clock), LIMITS)
    clock.advance(LEASE_SECONDS)
    assert isinstance(shelf.claim(SCOPE, claim(clock), LIMITS), Claimed)
    [slot] = load_flushed(store, SCOPE, clock.now())
    assert (slot.version, slot.generation) == ("1.2.0", 7)
    assert (slot.tally.requests, dict(slot.tally.causes)) == (1, {"internal": 1})
    assert used(store) == (2, 600)  # what was reserved stays charged


def test_who_takes_over_from_a_failure_counts_nothing(
    shelf: Shelf, store: Store, clock: ManualClock
) -> None:
    one = claim(clock)
    held = taken(shelf, one)
    shelf.finish(SCOPE, held, one.failed({}, 1), 0, 1.0)
    assert isinstance(shelf.claim(SCOPE, claim(clock), LIMITS), Claimed)
    assert load_flushed(store, SCOPE, clock.now()) == []


def test_a_store_out_of_reach(lost_store: Store) -> None:
    clock = SystemClock()
    with pytest.raises(StoreUnavailable):
        Shelf(lost_store, clock).claim(SCOPE, claim(clock), LIMITS)


class Faulty(Store):
    """The real store, whose commits end as in `faults`, in turn; then as they should.

    away      never made            lost      made, and not confirmed
    late      made before whatever is asked next, and not confirmed
    refused   contended: not made
    """

    def __init__(self, client: firestore.Client, faults: Sequence[str] = ()) -> None:
        super().__init__(client)
        self.faults = list(faults)
        self._late: Sequence[Write] = ()

    def get_many(self, paths: Sequence[str], **options: Any) -> Any:
        self._arrive()
        return super().get_many(paths, **options)

    def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
        self._arrive()
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "refused":
            raise Refused("by the test")
        if fault == "late":
            self._late = writes
        if fault in ("away", "late"):
            raise StoreUnavailable("by the test")
        versions = super().commit(writes, **options)
        if fault == "lost":
            raise StoreUnavailable("by the test")
        return versions

    def _arrive(self) -> None:
        late, self._late = self._late, ()
        if late:
            with suppress(Refused):
                super().commit(late)


FAULTS = st.lists(st.sampled_from(["away", "lost", "late", "refused"]), max_size=6)
WHATEVER = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@WHATEVER
@given(claiming=FAULTS, finishing=FAULTS, failed=st.booleans())
def test_whatever_becomes_of_commits_a_story_is_claimed_and_settled_once(
    firestore_client: firestore.Client, claiming: list[str], finishing: list[str], failed: bool
) -> None:
    """A failure that passes costs neither a second charge nor a story that is counted twice."""
    store, clock = Faulty(firestore_client), ManualClock(NOW)
    shelf, uid = Shelf(store, clock), f"u-{uuid.uuid4().hex}"
    one = claim(clock, uid=uid)
    store.faults = claiming
    held = taken(shelf, one)
    assert used(store, uid) == (1, 300)
    assert (stored(store, uid=uid) or {})["token"] == one.token
    data = one.failed({"code": "TIMEOUT", "reason": None}, 1) if failed else one.finished(STORY, 1)
    store.faults = finishing
    assert shelf.finish(SCOPE, held, data, 120, 20.0)
    assert used(store, uid) == (1, 120)
    assert (stored(store, uid=uid) or {})["state"] == data["state"]
    assert load_flushed(store, SCOPE, clock.now()) == []


@pytest.mark.parametrize("fault", ["away", "lost", "late", "refused"])
def test_who_takes_over_counts_the_dead_once_whatever_becomes_of_its_commit(
    firestore_client: firestore.Client, clock: ManualClock, fault: str
) -> None:
    store = Faulty(firestore_client)
    taken(Shelf(store, clock), claim(clock))
    clock.advance(LEASE_SECONDS)
    store.faults = [fault] * 2
    taken(Shelf(store, clock), claim(clock))
    assert [slot.tally.requests for slot in load_flushed(store, SCOPE, clock.now())] == [1]
    assert used(store) == (2, 600)


@pytest.mark.parametrize("fault", ["away", "refused"])
def test_tries_end_with_the_time(
    firestore_client: firestore.Client,
    clock: ManualClock,
    capsys: pytest.CaptureFixture[str],
    fault: str,
) -> None:
    store = Faulty(firestore_client)
    shelf, one = Shelf(store, clock), claim(clock)
    held = taken(shelf, one)
    store.faults = [fault] * 1_000
    started = clock.now()
    assert not shelf.finish(SCOPE, held, one.finished(STORY, 1), 120, 5.0)
    assert 4.0 < clock.now() - started <= 5.0
    assert used(store) == (1, 300)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["message"], told["microdollars"]) == ("quota may not be settled", 180)
    store.faults = [fault]
    assert not shelf.finish(SCOPE, held, one.finished(STORY, 1), 120, 0.0)
    assert not store.faults, "it is tried once, however late it is"


@pytest.mark.parametrize("fault", ["away", "lost"])
def test_a_claim_whose_store_stays_away(
    firestore_client: firestore.Client, clock: ManualClock, fault: str
) -> None:
    store = Faulty(firestore_client, [fault] * 1_000)
    started = clock.now()
    if fault == "lost":  # it was made, and is ours
        taken(Shelf(store, clock), claim(clock))
    else:
        with pytest.raises(StoreUnavailable):
            Shelf(store, clock).claim(SCOPE, claim(clock), LIMITS)
        assert used(store) is None
    assert clock.now() - started <= CLAIM_SECONDS


def test_two_of_one_moment_do_not_take_each_other_s_claim(
    firestore_client: firestore.Client, clock: ManualClock
) -> None:
    """The same key, wish and moment: one of them never arrived."""
    first, second = claim(clock), claim(clock)
    taken(Shelf(Store(firestore_client), clock), first)
    store = Faulty(firestore_client, ["away"])
    with pytest.raises(InProgress):
        Shelf(store, clock).claim(SCOPE, second, LIMITS)


def test_the_quota_of_a_story_that_was_erased_is_settled_when_it_is_contended(
    firestore_client: firestore.Client, clock: ManualClock
) -> None:
    store = Faulty(firestore_client)
    shelf, one = Shelf(store, clock), claim(clock)
    held = taken(shelf, one)
    erased(store, clock)
    store.faults = ["refused"] * 4
    assert not shelf.finish(SCOPE, held, one.finished(STORY, 1), 120, 5.0)
    assert used(store) == (1, 120)


@pytest.mark.parametrize(
    ("faults", "charged"),
    [
        pytest.param(["away"], 300, id="before it was seen"),
        pytest.param(["refused", "away"], 300, id="by itself, and not made"),
        pytest.param(["refused", "lost"], 120, id="by itself, and made"),
    ],
)
def test_what_is_not_certain_is_not_given_back_twice(
    firestore_client: firestore.Client,
    clock: ManualClock,
    capsys: pytest.CaptureFixture[str],
    faults: list[str],
    charged: int,
) -> None:
    """The story is somebody else's: nothing shows whether its quota was settled with it."""
    store = Faulty(firestore_client)
    shelf, one = Shelf(store, clock), claim(clock)
    held = taken(shelf, one)
    erased(store, clock)
    store.faults = faults
    assert not shelf.finish(SCOPE, held, one.finished(STORY, 1), 120, 5.0)
    assert used(store) == (1, charged)
    assert "quota may not be settled" in capsys.readouterr().out


def test_what_a_key_has_made_is_found_without_a_claim(
    shelf: Shelf, store: Store, clock: ManualClock
) -> None:
    one = claim(clock)
    assert shelf.find(SCOPE, one.story_id, "wish") is None
    held = taken(shelf, one)
    assert shelf.find(SCOPE, one.story_id, "wish") is None
    shelf.finish(SCOPE, held, one.finished(STORY, 1), 120, 1.0)
    before = store.operations.copy()
    found = shelf.find(SCOPE, one.story_id, "wish")
    assert found is not None
    assert (found.id, found.story.title) == (one.story_id, "The lamp")
    assert store.operations - before == Counter(reads=1)
    assert shelf.find(SCOPE, one.story_id, "another wish") is None
