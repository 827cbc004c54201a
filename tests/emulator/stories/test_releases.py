"""What becomes of a release of stories when something goes wrong, from the users' requests to the
verdict: what both versions suffer is nobody's fault, what only the candidate suffers is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from functions.clock import Clock
from functions.documents import Store
from functions.rollouts import commands
from functions.rollouts.plan import Stage
from functions.rollouts.state import Phase
from functions.stories.model.openai import OpenAIModel
from functions.stories.studio import Budget
from functions.stories.versions import BY_FALLBACK
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL
from tests.emulator.stories.conftest import KEY
from tests.emulator.stories.releasing import PLAN, Release, release
from tests.servers import hostile_openai as hostile
from tests.servers.hostile_openai import Behaviour, HostileOpenAI

FALLBACK = "gpt-spare"
IMPATIENT = Budget(total=3.0, reserve=0.5, moderation=0.5)
OUTAGE = hostile.error(503)
HALVES = replace(PLAN, name="halves", stages=(Stage(50, 20, 600), Stage(100, 20, 600)))
ENDLESS = {"title": "Without end", "paragraphs": ["And then it went on."] * 200}
STARTED = ["start_requested", "started"]


@pytest.fixture
def going(store: Store, model_server: HostileOpenAI) -> Iterator[Release]:
    """A client of its own: what it remembers of a model is nobody else's."""
    made: list[OpenAIModel] = []

    def model(clock: Clock) -> OpenAIModel:
        client = OpenAIModel(lambda: KEY, clock, address=model_server.address, typical_seconds=0.05)
        client.warm()
        made.append(client)
        return client

    yield release(store, model_server, model)
    for client in made:
        client.close()


def assert_taken_back(going: Release, failing: int, share: float = 0.2) -> None:
    """At once, for so many failing users of the candidate and none of the control; who had it gets
    the old version again, and a story."""
    assert going.world.kinds() == [*STARTED, "rolled_back"]
    assert going.world.rollout().state.phase is Phase.ROLLED_BACK
    verdict = going.last("rolled_back")
    assert (verdict["kind"], verdict["rule"]) == ("fail", "evidence")
    assert verdict["sentence"] == (
        f"Rolled back: {failing} users hit errors on the new version; "
        "none expected if it were as healthy as the old one."
    )
    figures = verdict["figures"]
    assert (figures["failing_users"], figures["failing_users_control"]) == (failing, 0)
    assert figures["share"] == share
    assert figures["e_value"] >= figures["needed"] == 125
    assert going.told()[-1].startswith(verdict["sentence"])
    assert going.world.rollout().quarantined
    going.ask(candidate=0, control=5)
    assert set(going.ended[CONTROL]) == {"OK"}
    flag = going.world.read_flag()
    assert (flag.split, flag.definition["defaultVariant"]) == (None, CONTROL)


def assert_paused(going: Release) -> None:
    """With the split as it was, since the old version is no better."""
    assert going.world.kinds() == [*STARTED, "paused"]
    assert going.world.rollout().state.phase is Phase.PAUSED
    verdict = going.last("paused")
    assert (verdict["kind"], verdict["rule"]) == ("pause", "upstream")
    assert verdict["sentence"] == (
        "Paused: what both versions depend on is failing (100 % of requests on the new version, "
        "100 % on the old one), so the new version is not the cause."
    )
    figures = verdict["figures"]
    assert (figures["upstream_rate"], figures["upstream_rate_control"]) == (1.0, 1.0)
    assert going.told()[-1].startswith(verdict["sentence"])
    split = going.world.read_flag().split
    assert split
    assert split.percentage == 20


def test_a_healthy_candidate_is_promoted(going: Release) -> None:
    going.begin()
    for candidate, control in ((12, 24), (12, 4), (12, 4)):
        going.ask(candidate=candidate, control=control)
        going.minute()
    assert going.world.kinds() == [*STARTED, "advanced", "watching", "succeeded"]
    first = going.world.events()[2]["verdict"]
    assert (first["kind"], first["rule"]) == ("pass", "healthy")
    assert first["sentence"] == (
        "Healthy: 0 of 12 requests to the new version failed, 0 of 24 on the old one."
    )
    assert (first["figures"]["requests"], first["figures"]["failures"]) == (12, 0)
    assert going.world.read_flag().definition["defaultVariant"] == CANDIDATE
    assert set(going.ended[CANDIDATE] + going.ended[CONTROL]) == {"OK"}
    assert going.server.asked("gpt-new") == going.counted(CANDIDATE).requests == 36


def test_an_outage_of_the_model_takes_nothing_back(going: Release) -> None:
    going.begin()
    going.server.models = {"gpt-old": OUTAGE, "gpt-new": OUTAGE}
    going.ask(candidate=8, control=32)
    going.minute()
    assert_paused(going)
    assert set(going.ended[CANDIDATE] + going.ended[CONTROL]) == {"OPENAI_ERROR"}
    going.ask(candidate=8, control=32)
    going.minute()
    assert_paused(going)  # it goes on, and so does the rollout's pause

    going.server.models = {}
    going.world.clock.advance(120)
    going.ask(candidate=1, control=1)  # one each finds out that its model is back
    going.world.change(commands.resume("r1", ASKED))
    for _ in range(2):
        going.ask(candidate=12, control=24)
        going.minute()
    assert "rolled_back" not in going.world.kinds()
    assert going.ended[CANDIDATE][-12:] == ["OK"] * 12


def test_a_fallback_earns_the_candidate_nothing_in_an_outage(going: Release) -> None:
    """Its users get their stories, and it is held to be as ill as the version beside it."""
    going.begin(fallback=FALLBACK)
    going.server.models = {"gpt-old": OUTAGE, "gpt-new": OUTAGE}
    going.ask(candidate=8, control=32)
    going.minute()
    assert_paused(going)
    assert going.ended[CANDIDATE] == ["OK"] * 8
    assert set(going.ended[CONTROL]) == {"OPENAI_ERROR"}
    own, by_fallback = going.counted(CANDIDATE), going.counted(CANDIDATE + BY_FALLBACK)
    assert (own.requests, own.failures, own.causes) == (8, 8, {"upstream": 8})
    assert (by_fallback.requests, by_fallback.failures) == (8, 0)
    assert own.measure("words").count == 0
    assert by_fallback.measure("words").count == 8


def test_a_candidate_that_lives_by_its_fallback_is_rolled_back(going: Release) -> None:
    going.begin(fallback=FALLBACK)
    going.server.models = {"gpt-new": OUTAGE}
    going.ask(candidate=8, control=32)
    going.minute()
    assert going.ended[CANDIDATE] == ["OK"] * 8
    assert going.server.asked(FALLBACK) == 8
    assert_taken_back(going, failing=8)


FAULTS = [
    pytest.param(hostile.refusal(), "refused", id="refused"),
    pytest.param(hostile.incomplete(), "truncated", id="truncated"),
]


@pytest.mark.parametrize(("behaviour", "measure"), FAULTS)
def test_a_candidate_whose_prompt_gets_no_story_is_rolled_back(
    going: Release, behaviour: Behaviour, measure: str
) -> None:
    """Both versions ask the same model: it is the wording of one that it can't answer."""
    going.server.prompts = {"tale-2": behaviour}
    going.begin(model="gpt-old")
    going.ask(candidate=8, control=32)
    going.minute()
    assert going.ended == {CANDIDATE: ["OPENAI_ERROR"] * 8, CONTROL: ["OK"] * 32}
    seen = going.counted(CANDIDATE)
    assert (seen.causes, seen.retries) == ({"candidate": 8}, 0)
    assert (seen.measure(measure).count, seen.measure(measure).mean) == (8, 1.0)
    assert going.counted(CONTROL).measure(measure).mean == 0.0
    assert_taken_back(going, failing=8)


NO_STORIES = [
    pytest.param(hostile.hang(), "TIMEOUT", "upstream", id="runs long"),
    pytest.param(hostile.incomplete(), "OPENAI_ERROR", "candidate", id="truncated"),
    pytest.param(hostile.story(ENDLESS), "OPENAI_ERROR", "candidate", id="no story"),
]


@pytest.mark.parametrize(("behaviour", "code", "cause"), NO_STORIES)
def test_the_control_goes_on_beside_a_candidate_of_its_own_model(
    going: Release, behaviour: Behaviour, code: str, cause: str
) -> None:
    """Half of the users each, and one client for both: what a wording gets from the model is held
    against the version, and closes the model to nobody."""
    going.server.prompts = {"tale-2": behaviour}
    going.begin(HALVES, model="gpt-old")
    going.ask(candidate=24, control=24, patience=IMPATIENT)
    going.ask(candidate=0, control=24)
    assert going.ended == {CANDIDATE: [code] * 24, CONTROL: ["OK"] * 48}
    assert going.server.asked("gpt-old") == 72, "each was sent, once"
    going.minute()
    seen = going.counted(CANDIDATE)
    assert (seen.causes, seen.retries) == ({cause: 24}, 0)
    assert seen.above_ms(30_000) == (24 if code == "TIMEOUT" else 0)
    assert_taken_back(going, failing=24, share=0.5)


def test_a_candidate_of_an_unknown_model_is_rolled_back(going: Release) -> None:
    """With a fallback too: what nobody can serve is not given to another model."""
    going.begin(model="gpt-nowhere", fallback=FALLBACK)
    going.server.models = {"gpt-nowhere": hostile.error(404, "model_not_found")}
    going.ask(candidate=8, control=32)
    going.minute()
    assert going.ended == {CANDIDATE: ["OPENAI_ERROR"] * 8, CONTROL: ["OK"] * 32}
    assert (going.server.asked("gpt-nowhere"), going.server.asked(FALLBACK)) == (8, 0)
    assert going.counted(CANDIDATE).causes == {"candidate": 8}
    assert_taken_back(going, failing=8)


def test_an_outage_of_the_moderation_takes_nothing_back(going: Release) -> None:
    """Nothing is written for children then, by whichever version."""
    going.begin()
    going.server.hostile.moderate(hostile.error(500))
    going.ask(candidate=8, control=32)
    going.minute()
    assert_paused(going)
