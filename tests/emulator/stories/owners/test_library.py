"""One's own stories on the Firestore emulator: pages, a vote, deletion, erasure, export."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from functions.clock import ManualClock
from functions.documents import Scope, Store, Write
from functions.errors import (
    AlreadyExists,
    InProgress,
    InvalidArgument,
    NotFound,
    StoreUnavailable,
)
from functions.metrics.observation import Note
from functions.metrics.recorder import Recorder
from functions.metrics.satisfaction import of_stars
from functions.metrics.store import load_recent
from functions.stories.claim import Claim, story_id
from functions.stories.limits import quota
from functions.stories.limits.quota import Limits
from functions.stories.owners import library as libraries
from functions.stories.owners.library import Erased, Library
from functions.stories.owners.rate import rate
from functions.stories.owners.rating import Vote
from functions.stories.shelf import Claimed, Shelf
from tests.emulator.stories.kept import NOW, SCOPE, Votes, keep, left

OTHER_SCOPE = Scope("main", "staging")


@pytest.fixture
def library(store: Store) -> Library:
    return Library(store, ManualClock(NOW + 60))


def test_pages_of_the_newest_first(store: Store, library: Library) -> None:
    """Stories of one moment too; what is made or deleted in between shifts nothing."""
    moments = [*range(5), 5, 5, 5]
    ids = [keep(store, f"key-{n}", at=NOW + at) for n, at in enumerate(moments)]
    keep(store, "theirs", "u2")
    keep(store, "failed", state="failed")
    keep(store, "running", state="running")
    keep(store, "elsewhere", scope=OTHER_SCOPE)
    first = library.own(SCOPE, "u1", 2)
    assert len(first.stories) == 2
    assert first.next is not None
    keep(store, "newer", at=NOW + 9)
    library.delete(SCOPE, "u1", first.stories[1].stored.id)
    found = list(first.stories)
    after: str | None = first.next
    while after is not None:
        page = library.own(SCOPE, "u1", 2, after)
        assert page.stories
        found += page.stories
        after = page.next
    times = [story.stored.created_at for story in found]
    assert times == sorted(times, reverse=True)
    assert {story.stored.id for story in found} == set(ids)
    assert len(found) == len(ids)


def test_a_last_page_that_is_full_has_no_next(store: Store, library: Library) -> None:
    keep(store, "key-1")
    keep(store, "key-2")
    assert library.own(SCOPE, "u1", 2).next is None
    assert library.own(SCOPE, "u3", 2) == libraries.Page((), None)
    for after in ("", "nonsense", "1-x"):
        with pytest.raises(InvalidArgument):
            library.own(SCOPE, "u1", 2, after)


def test_a_vote_is_kept_and_counted_once(store: Store, library: Library) -> None:
    story, notes = keep(store, "key-1"), Votes()
    vote = rate(library, notes, SCOPE, "u1", story, 4)
    assert vote == Vote(4, NOW + 60)
    assert rate(library, notes, SCOPE, "u1", story, 4) == vote
    with pytest.raises(AlreadyExists, match="4 stars"):
        rate(library, notes, SCOPE, "u1", story, 5)
    assert library.read(SCOPE, "u1", story).vote == vote
    assert notes.notes == [
        Note("stories", "1.2.0", 7, NOW + 60, {"rating": 4.0, "satisfied": 1.0, "complained": 0.0})
    ]


def test_votes_are_in_the_windows_of_what_made_the_stories(store: Store, library: Library) -> None:
    clock = ManualClock(NOW + 60)
    recorder = Recorder(store, clock)
    for n, (arm, stars) in enumerate([("1.2.0", 5), ("1.2.0", 2), ("1.3.0", 4)]):
        rate(library, recorder, SCOPE, "u1", keep(store, f"key-{n}", arm=arm), stars)
    assert recorder.flush()
    found = {slot.version: slot.tally for slot in load_recent(store, SCOPE, clock.now())}
    ratings = {version: tally.measures["rating"] for version, tally in found.items()}
    assert {version: (it.count, it.mean) for version, it in ratings.items()} == {
        "1.2.0": (2, 3.5),
        "1.3.0": (1, 4.0),
    }
    assert not any(tally.requests for tally in found.values())


@pytest.mark.parametrize(
    ("arm", "fallback", "counted"),
    [
        ("1.2.0", True, "1.2.0+fallback"),
        ("1.2.0+pinned", False, "1.2.0+pinned"),
    ],
)
def test_other_arms_earn_a_version_nothing(
    store: Store, library: Library, arm: str, fallback: bool, counted: str
) -> None:
    story, notes = keep(store, "key-1", arm=arm, fallback=fallback), Votes()
    rate(library, notes, SCOPE, "u1", story, 1)
    assert [note.version for note in notes.notes] == [counted]


def test_many_votes_at_once_are_one(store: Store, library: Library) -> None:
    story, notes = keep(store, "key-1"), Votes()

    def vote(stars: int) -> int | None:
        try:
            return rate(library, notes, SCOPE, "u1", story, stars).stars
        except (AlreadyExists, StoreUnavailable):
            return None

    with ThreadPoolExecutor(20) as threads:
        told = set(threads.map(vote, [1, 2, 3, 4, 5] * 8))
    kept = library.read(SCOPE, "u1", story).vote
    assert kept is not None
    assert told - {None} == {kept.stars}
    assert [note.measures for note in notes.notes] == [
        {"rating": float(kept.stars), **of_stars(kept.stars)}
    ]


@pytest.mark.parametrize("owner", ["u2", "", "U1", "u1 "])
def test_others_find_nothing(store: Store, library: Library, owner: str) -> None:
    story = keep(store, "key-1")
    for act in (
        lambda: library.read(SCOPE, owner, story),
        lambda: library.vote(SCOPE, owner, story, 5),
        lambda: library.delete(SCOPE, owner, story),
    ):
        with pytest.raises(NotFound):
            act()
    assert library.own(SCOPE, owner, 9).stories == ()
    assert library.export(SCOPE, owner, 9).stories == ()
    assert library.erase(SCOPE, owner) == Erased(0, complete=True)
    assert library.read(SCOPE, "u1", story).vote is None


def test_what_is_being_written_is_waited_for(store: Store, library: Library) -> None:
    story = keep(store, "key-1", state="running")
    for act in (
        lambda: library.read(SCOPE, "u1", story),
        lambda: library.vote(SCOPE, "u1", story, 5),
        lambda: library.delete(SCOPE, "u1", story),
    ):
        with pytest.raises(InProgress):
            act()
    assert left(store) == {story}


def test_what_failed_can_only_be_deleted(store: Store, library: Library) -> None:
    story = keep(store, "key-1", state="failed")
    with pytest.raises(NotFound, match="could not be written"):
        library.read(SCOPE, "u1", story)
    with pytest.raises(NotFound, match="could not be written"):
        library.vote(SCOPE, "u1", story, 5)
    library.delete(SCOPE, "u1", story)
    with pytest.raises(NotFound):
        library.delete(SCOPE, "u1", story)
    assert left(store) == set()


@pytest.mark.parametrize("name", ["", "a" * 31, "a" * 33, "A" * 32, "..", "__x__", "a/b", "é" * 32])
def test_ids_that_are_none_ask_nobody(store: Store, library: Library, name: str) -> None:
    store.operations.clear()
    with pytest.raises(NotFound):
        library.delete(SCOPE, "u1", name)
    assert not store.operations


def test_a_vote_and_a_deletion_at_once(store: Store, library: Library) -> None:
    """Either order is one: the story is gone in the end, and a vote that was told was kept."""
    for n in range(8):
        story, notes = keep(store, f"key-{n}"), Votes()

        def vote(story: str = story, notes: Votes = notes) -> int:
            try:
                rate(library, notes, SCOPE, "u1", story, 5)
            except NotFound:
                return 0
            return 1

        def delete(story: str = story) -> int:
            library.delete(SCOPE, "u1", story)
            return 0

        works = [vote, delete] if n % 2 else [delete, vote]
        with ThreadPoolExecutor(2) as threads:
            votes = sum(threads.map(lambda work: work(), works))
        assert len(notes.notes) == votes
    assert left(store) == set()


def test_erasing_takes_all_of_one_user(
    store: Store, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "ERASED_AT_ONCE", 2)
    keep(store, "failed", state="failed")
    keep(store, "running", state="running")
    for n in range(5):
        keep(store, f"key-{n}")
    kept = {keep(store, "theirs", "u2")}
    elsewhere = keep(store, "elsewhere", scope=OTHER_SCOPE)
    assert library.erase(SCOPE, "u1") == Erased(7, complete=True)
    assert left(store) == kept
    assert left(store, OTHER_SCOPE) == {elsewhere}
    assert library.erase(SCOPE, "u1") == Erased(0, complete=True)


@pytest.mark.parametrize("used_too", [False, True], ids=["by oneself", "by an administrator"])
def test_what_is_being_written_when_all_is_erased_never_comes_back(
    store: Store, library: Library, used_too: bool
) -> None:
    """And the user may ask for other stories afterwards."""
    shelf, limits = Shelf(store, ManualClock(NOW)), Limits(10, 1_000)
    claim = Claim(story_id("u1", "key-1"), "u1", "a" * 64, "1.2.0", 7, NOW, reserved=100)
    held = shelf.claim(SCOPE, claim, limits)
    assert isinstance(held, Claimed)
    assert library.erase(SCOPE, "u1") == Erased(1, complete=True)
    used = SCOPE.doc(quota.COLLECTION, quota.name("u1", quota.hours(NOW)[0]))
    if used_too:
        store.commit([Write.delete(used)])
    assert not shelf.finish(SCOPE, held, claim.finished({"title": "canary"}, 1), 40, 1.0)
    assert left(store) == set()
    kept = store.get(used)
    assert (kept and kept.data["microdollars"]) == (None if used_too else 40)
    again = replace(claim, user="h")
    anew = shelf.claim(SCOPE, again, limits)
    assert isinstance(anew, Claimed)
    assert shelf.finish(SCOPE, anew, again.failed({"code": "TIMEOUT", "reason": None}, 1), 0, 1.0)


def test_erasing_ends_in_time_and_says_that_there_is_more(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(ManualClock):
        def monotonic(self) -> float:
            self.advance(libraries.ERASING_SECONDS / 3)
            return super().monotonic()

    monkeypatch.setattr(libraries, "ERASED_AT_ONCE", 2)
    for n in range(8):
        keep(store, f"key-{n}")
    library = Library(store, Slow(NOW))
    first = library.erase(SCOPE, "u1")
    assert not first.complete
    assert 0 < first.stories < 8
    assert len(left(store)) == 8 - first.stories
    while not library.erase(SCOPE, "u1").complete:
        pass
    assert left(store) == set()


def test_an_export_holds_all_that_is_kept(store: Store, library: Library) -> None:
    finished = keep(store, "key-1")
    failed = keep(store, "key-2", state="failed")
    running = keep(store, "key-3", state="running")
    keep(store, "theirs", "u2")
    rate(library, Votes(), SCOPE, "u1", finished, 3)
    pages = [library.export(SCOPE, "u1", 2)]
    while pages[-1].next:
        pages.append(library.export(SCOPE, "u1", 2, pages[-1].next))
    assert [len(page.stories) for page in pages] == [2, 1]
    found = {story["id"]: story for page in pages for story in page.stories}
    assert set(found) == {finished, failed, running}
    assert found[finished]["story"]["title"] == "key-1"
    assert found[finished]["story"]["provenance"]["content_hash"] == "b" * 64
    assert found[finished]["rating"] == {"stars": 3, "rated_at": NOW + 60}
    assert (found[finished]["created_at"], found[finished]["version"]) == (NOW, "1.2.0")
    assert found[failed]["error"] == {"code": "TIMEOUT", "reason": None}
    assert found[running]["state"] == "running"
    for after in ("", "nonsense", f"1-{finished}"):
        with pytest.raises(InvalidArgument):
            library.export(SCOPE, "u1", 2, after)


def test_a_store_out_of_reach_counts_no_vote(lost_store: Store) -> None:
    notes = Votes()
    with pytest.raises(StoreUnavailable):
        rate(Library(lost_store, ManualClock()), notes, SCOPE, "u1", "a" * 32, 5)
    assert notes.notes == []
