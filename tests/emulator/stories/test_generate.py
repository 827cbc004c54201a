"""The way of a story: what is stored, what it costs, what is counted, whatever happens."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from functions.clock import ManualClock, SystemClock
from functions.documents import Scope, Store, Write
from functions.errors import (
    AlreadyExists,
    FailedPrecondition,
    InProgress,
    Internal,
    InvalidArgument,
    OpenAIError,
    OutOfMemory,
    PalierError,
    StoreUnavailable,
    Timeout,
    Unauthenticated,
)
from functions.identity import Actor
from functions.metrics import tally
from functions.metrics.observation import Observation
from functions.published import timestamp
from functions.stories.abandoned import settle_abandoned
from functions.stories.account import NO_VERSION
from functions.stories.claim import LEASE_SECONDS, story_id
from functions.stories.generate import generate
from functions.stories.limits.memory import MemoryUse
from functions.stories.shelf import Shelf
from local import aimock
from tests.emulator.stories.conftest import KEY, SCOPE, SECONDS, WISH, Bench, publish
from tests.servers import hostile_openai as hostile
from tests.servers.hostile_openai import Behaviour, Exchange

ONE = "key-00000001"


def stored(bench: Bench, key: str = ONE, uid: str = "u1") -> dict[str, Any]:
    document = bench.store.get(SCOPE.doc("stories", story_id(uid, key)))
    assert document is not None
    return document.data


def test_a_story_is_made_stored_and_counted(bench: Bench) -> None:
    told = bench.ask(idempotency_key=ONE)
    assert (told.stored, told.replayed) == (True, False)
    assert told.story.story.title == hostile.DRAFT["title"]
    assert told.story.story.provenance.version == "1.2.0"
    document = stored(bench)
    assert (document["state"], document["owner"], document["schema"]) == ("finished", "u1", 1)
    assert document["story"]["paragraphs"] == hostile.DRAFT["paragraphs"]
    assert document["expires_at"] > document["created_at"]
    seen = bench.notes.last
    assert (seen.service, seen.version, seen.code, seen.cause) == ("stories", "1.2.0", "OK", "none")
    assert (seen.measures["words"], seen.retries, seen.generation) == (11, 0, 1)
    assert "u1" not in seen.user_hash
    assert bench.server.requests[0]["safety_identifier"] == seen.user_hash


def test_what_the_instance_carried_is_counted(bench: Bench) -> None:
    bench.room.use = MemoryUse(600 * 2**20, 1000 * 2**20)
    bench.server.play(hostile.late(1.2))
    threads = [threading.Thread(target=bench.ask, args=(f"u{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = tally.merge_all(map(tally.of, bench.notes.observations))
    assert (counted.requests, counted.concurrency_max) == (3, 3)
    assert counted.memory_max == 0.6
    assert counted.memory_bytes_max / counted.memory_limit_bytes_max == 0.6
    assert counted.cpu_mean is not None
    assert 0 < counted.cpu_mean <= counted.cpu_max <= 1


def test_its_line_in_the_log_says_where(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.ask()
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["message"], line["code"]) == ("story request ended", "OK")
    assert (line["application"], line["environment"]) == (SCOPE.application, SCOPE.environment)


def test_a_story_takes_two_commits(bench: Bench) -> None:
    bench.ask()
    assert bench.store.operations == Counter(reads=3, commits=2, writes=4)


def test_a_failed_story_takes_two_commits(bench: Bench) -> None:
    bench.server.play(hostile.error(404))
    with pytest.raises(OpenAIError):
        bench.ask()
    assert bench.store.operations == Counter(reads=3, commits=2, writes=4)


def test_fifty_threads_with_one_key_make_one_call(bench: Bench) -> None:
    bench.server.play(hostile.late(0.5))
    ended: list[object] = []

    def ask() -> None:
        try:
            ended.append(bench.ask(idempotency_key=ONE))
        except PalierError as error:
            ended.append(type(error))

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bench.server.requests) == 1
    assert len(ended) == 50
    busy = ended.count(InProgress)
    assert busy >= 40
    told = [each for each in ended if not isinstance(each, type)]
    assert len(told) == 50 - busy
    assert bench.ask(idempotency_key=ONE).replayed
    assert len(bench.server.requests) == 1


def test_the_same_key_again_gives_the_same_story(bench: Bench) -> None:
    first = bench.ask(idempotency_key=ONE)
    again = bench.ask(idempotency_key=ONE)
    assert again.replayed
    assert again.story.id == first.story.id
    assert again.story.story == first.story.story
    assert len(bench.server.requests) == 1
    assert len(bench.notes.observations) == 1  # nothing ran


def test_a_key_belongs_to_its_request_and_its_user(bench: Bench) -> None:
    bench.ask(idempotency_key=ONE)
    with pytest.raises(AlreadyExists):
        bench.ask(idempotency_key=ONE, theme="the mountains")
    assert bench.notes.last.cause == "client"
    assert not bench.ask("u2", idempotency_key=ONE, theme="the mountains").replayed


def test_without_a_key_every_request_is_new(bench: Bench) -> None:
    assert bench.ask().story.id != bench.ask().story.id


def test_a_key_whose_story_failed_may_try_again(bench: Bench) -> None:
    bench.server.play(hostile.error(404), hostile.story())
    with pytest.raises(OpenAIError):
        bench.ask(idempotency_key=ONE)
    assert stored(bench)["state"] == "failed"
    assert stored(bench)["error"] == {"code": "OPENAI_ERROR", "reason": "bad_version"}
    assert bench.ask(idempotency_key=ONE).stored
    assert stored(bench)["error"] is None


def test_the_claim_of_a_dead_process_is_taken_over(bench: Bench) -> None:
    bench.ask(idempotency_key=ONE)
    path = SCOPE.doc("stories", story_id("u1", ONE))
    past = time.time() - LEASE_SECONDS - 1
    abandoned = {**stored(bench), "state": "running", "story": None}
    alive = {**abandoned, "lease_until": timestamp(time.time() + 20)}
    bench.store.commit([Write.set(path, alive)])
    with pytest.raises(InProgress):
        bench.ask(idempotency_key=ONE)
    bench.store.commit([Write.set(path, {**abandoned, "lease_until": timestamp(past)})])
    assert not bench.ask(idempotency_key=ONE).replayed
    assert len(bench.server.requests) == 2


def test_a_story_that_cannot_be_stored_is_given_all_the_same(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """The process slept past its lease, and its story was found abandoned meanwhile."""
    later = ManualClock(time.time() + LEASE_SECONDS + 1)

    def oversleep(exchange: Exchange) -> None:
        assert settle_abandoned(bench.store, later, SCOPE) == 1
        hostile.story()(exchange)

    bench.server.play(oversleep)
    told = bench.ask(idempotency_key=ONE)
    assert not told.stored
    assert told.story.story.paragraphs
    assert stored(bench)["error"] == {"code": "INTERNAL", "reason": "abandoned"}
    assert "story not stored" in capsys.readouterr().err


class _CutOff(Store):
    """The real store, until the network is cut."""

    commits_left = 0

    def commit(self, writes: Any, *, timeout: float = 1.0) -> list[Any]:
        if self.commits_left == 0:
            raise StoreUnavailable("cut off")
        self.commits_left -= 1
        return super().commit(writes, timeout=timeout)


@pytest.mark.parametrize("commits", [0, 1])
def test_firestore_goes_away(bench: Bench, firestore_client: Any, commits: int) -> None:
    cut = _CutOff(firestore_client)
    cut.commits_left = commits
    bench.studio = replace(bench.studio, shelf=Shelf(cut, SystemClock()))
    if commits == 0:  # before the model is asked: a clear error, nothing spent
        with pytest.raises(StoreUnavailable):
            bench.ask()
        assert (bench.notes.last.code, bench.notes.last.cause) == ("STORE_UNAVAILABLE", "internal")
        assert not bench.server.requests
    else:  # after it: the story was paid for
        assert not bench.ask().stored
        assert bench.notes.last.code == "OK"


FAILURES = [
    pytest.param(hostile.error(401), "OPENAI_ERROR", "bad_key", "upstream", id="401"),
    pytest.param(hostile.error(404), "OPENAI_ERROR", "bad_version", "candidate", id="404"),
    pytest.param(
        hostile.error(429, "insufficient_quota"), "OPENAI_ERROR", "quota", "upstream", id="quota"
    ),
    pytest.param(hostile.error(429), "OPENAI_ERROR", "rate", "upstream", id="rate"),
    pytest.param(hostile.refusal(), "OPENAI_ERROR", "bad_prompt", "candidate", id="refusal"),
    pytest.param(hostile.incomplete(), "OPENAI_ERROR", "bad_version", "candidate", id="truncated"),
    pytest.param(hostile.error(500), "OPENAI_ERROR", "upstream", "upstream", id="500"),
    pytest.param(hostile.cut(), "OPENAI_ERROR", "upstream", "upstream", id="cut"),
    pytest.param(hostile.hang(), "TIMEOUT", None, "upstream", id="hang"),
    pytest.param(hostile.drip(0.02), "TIMEOUT", None, "upstream", id="drip"),
]


@pytest.mark.parametrize(("behaviour", "code", "reason", "cause"), FAILURES)
def test_failures_by_name(
    bench: Bench, behaviour: Behaviour, code: str, reason: str | None, cause: str
) -> None:
    bench.server.play(behaviour)
    started = time.monotonic()
    with pytest.raises((OpenAIError, Timeout)) as raised:
        bench.ask(idempotency_key=ONE)
    assert time.monotonic() - started < SECONDS.total
    assert (raised.value.code, raised.value.extra.get("reason")) == (code, reason)
    document = stored(bench)
    assert (document["state"], document["story"]) == ("failed", None)
    assert document["attempts"] == len(bench.server.requests)
    seen = bench.notes.last
    assert (seen.version, seen.code, seen.cause) == ("1.2.0", code, cause)
    assert seen.retries == len(bench.server.requests) - 1


def test_no_memory_no_story(bench: Bench) -> None:
    bench.room.use = MemoryUse(95, 100)
    with pytest.raises(OutOfMemory):
        bench.ask()
    assert not bench.server.requests
    assert bench.store.operations["commits"] == 0
    seen = bench.notes.last
    assert (seen.code, seen.cause, seen.memory) == ("MEMORY_ERROR", "internal", 0.95)


def test_what_the_client_got_wrong(bench: Bench) -> None:
    with pytest.raises(InvalidArgument):
        bench.ask(language="tlh")
    assert (bench.notes.last.version, bench.notes.last.cause) == (NO_VERSION, "client")
    bodies: list[Any] = [None, [], "story", 7, {}]
    for body in bodies:
        with pytest.raises(InvalidArgument):
            generate(bench.studio, SCOPE, lambda: Actor.person("u1"), body)
    assert bench.store.operations["commits"] == 0


def test_nobody(bench: Bench) -> None:
    def nobody() -> Actor:
        raise Unauthenticated("Nobody is signed in.")

    with pytest.raises(Unauthenticated):
        generate(bench.studio, SCOPE, nobody, WISH)
    seen = bench.notes.last
    assert (seen.version, seen.code, seen.cause) == (NO_VERSION, "UNAUTHENTICATED", "client")


def test_our_own_crash_gives_the_key_back(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    class Crashing:
        def begin(self, *arguments: object, **options: object) -> Any:
            raise RuntimeError("CANARY-IN-A-MESSAGE")

        def moderate(self, texts: object, seconds: float) -> Any:
            raise AssertionError("moderation has a model of its own here")

    good = bench.studio
    bench.studio = replace(good, model=Crashing())
    with pytest.raises(Internal) as raised:
        bench.ask(idempotency_key=ONE)
    assert "CANARY" not in f"{raised.value}{raised.value.__cause__}"
    assert "CANARY" not in "".join(capsys.readouterr())
    assert (bench.notes.last.code, bench.notes.last.cause) == ("INTERNAL", "internal")
    bench.studio = good
    assert bench.ask(idempotency_key=ONE).stored


def test_nothing_is_released(bench: Bench) -> None:
    empty = replace(SCOPE, environment="demo")  # where nothing was ever published
    seen: list[Observation] = []

    class Elsewhere:
        def record(self, scope: Scope, *observations: Observation) -> None:
            assert scope == empty
            seen.extend(observations)

    studio = replace(bench.studio, recorder=Elsewhere())
    with pytest.raises(FailedPrecondition, match="No version"):
        generate(studio, empty, lambda: Actor.person("u1"), WISH)
    assert [(one.version, one.code, one.cause) for one in seen] == [
        (NO_VERSION, "FAILED_PRECONDITION", "internal")
    ]
    assert bench.store.operations["commits"] == 0


CANARIES = ("CANARYTHEME", "CANARYHERO", "CANARYTONE", "CANARYUID", "CANARYTEXT", KEY)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hostile.story({"title": "CANARYTEXT", "paragraphs": ["CANARYTEXT"]}), id="ok"),
        pytest.param(hostile.reply(hostile.response("CANARYTEXT")), id="not a story"),
        pytest.param(hostile.reply(b"CANARYTEXT"), id="not JSON"),
        pytest.param(hostile.error(400), id="the API quotes the input"),
        pytest.param(hostile.error(401), id="key refused"),
        pytest.param(hostile.error(500), id="500"),
        pytest.param(hostile.refusal(), id="refusal"),
        pytest.param(hostile.hang(), id="timeout"),
    ],
)
def test_canaries_never_reach_logs_or_errors(
    bench: Bench, behaviour: Behaviour, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.server.play(behaviour)
    shown = ""
    wish = {"theme": "CANARYTHEME", "hero": "CANARYHERO", "tone": "CANARYTONE"}
    for changes in ({}, {"language": "CANARYTEXT"}, {"idempotency_key": "CANARYTEXT/"}):
        try:
            bench.ask("CANARYUID", **{**wish, **changes})
        except PalierError as error:
            shown += f"{error!r} {error.detail} {error.remedy} {error.extra}"
            shown += f"{error.__cause__!r}"
    captured = capfd.readouterr()
    for canary in CANARIES:
        assert canary not in captured.out + captured.err + shown


def test_the_stand_in_tells_stories(bench: Bench, make_model: Any) -> None:
    with aimock.running(milliseconds=1, name="openai-stories") as address:
        bench.studio = replace(bench.studio, model=make_model(address))
        for language, theme in (("en", "the sea"), ("fr", "la mer")):
            told = bench.ask(language=language, theme=theme)
            assert told.story.story.language == language
            assert told.story.story.words > 100
            assert told.story.story.provenance.usage.output_tokens > 0
        publish(bench.store, "1.3.0", model=aimock.BROKEN_MODEL)
        assert bench.ask().story.story.provenance.version == "1.2.0"
