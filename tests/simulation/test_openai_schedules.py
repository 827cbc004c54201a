"""Whatever the API does and whenever the client leaves: no request outlasts its deadline, every
call that the server saw is accounted for and no other, and quota errors are asked for once."""

from __future__ import annotations

import time
from dataclasses import dataclass

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from functions.stories.model.calling import Completed, Generation, Outcome
from functions.stories.model.failure import Failure
from functions.stories.model.openai import OpenAIModel
from tests.servers import hostile_openai as hostile
from tests.servers.hostile_openai import Behaviour, HostileOpenAI
from tests.unit.stories.calls import FALLBACK, HANDLER, OWN, SLACK, call, stalls, wait_until
from tests.unit.stories.conftest import model as model
from tests.unit.stories.conftest import server as server

QUOTA = hostile.error(429, "insufficient_quota")
STREAMED_QUOTA = hostile.streamed_error(code="insufficient_quota")
FAILED_QUOTA = hostile.failed("insufficient_quota")
QUOTAS = [QUOTA, STREAMED_QUOTA, FAILED_QUOTA]
STEPS: list[Behaviour] = [
    hostile.story(),
    hostile.error(404),
    hostile.error(429),
    hostile.error(429, retry_after="0.1"),
    hostile.error(429, retry_after="30"),
    *QUOTAS,
    hostile.error(503),
    hostile.late(0.1),
    hostile.late(0.35),
    hostile.late(2.0),
    hostile.drip(0.0005),
    hostile.drip(0.02),
    hostile.drip_error(0.02),
    hostile.cut(),
    hostile.drop(),
    hostile.failed(),
    hostile.refusal(),
    hostile.reply(b"<html>"),
    hostile.streamed(),
    hostile.streamed(pause=0.01),
    hostile.streamed(pause=0.05),
    hostile.streamed_cut(),
    hostile.streamed_cut(share=0.1),
    hostile.streamed_error(),
    hostile.streamed_failed(),
    hostile.streamed_garbage(),
    hostile.streamed_lie(),
    hostile.streamed_refusal(),
]


@dataclass(frozen=True)
class Schedule:
    """`leaves_after` seconds the client is gone, if it doesn't stay."""

    script: tuple[Behaviour, ...]
    seconds: float
    stream: bool
    fallback: bool
    leaves_after: float | None


SCHEDULES = st.builds(
    Schedule,
    script=st.lists(st.sampled_from(STEPS), min_size=1, max_size=3).map(tuple),
    seconds=st.sampled_from([0.15, 0.4, 0.8]),
    stream=st.booleans(),
    fallback=st.booleans(),
    leaves_after=st.none() | st.sampled_from([0.0, 0.002, 0.01, 0.05, 0.12, 0.3]),
)


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(SCHEDULES)
@example(Schedule((hostile.hang(),), 0.15, stream=True, fallback=True, leaves_after=None))
@example(Schedule((QUOTA,), 0.8, stream=True, fallback=True, leaves_after=None))
@example(Schedule((hostile.error(503), FAILED_QUOTA), 0.8, False, True, None))
def test_no_schedule_breaks_the_promises(
    server: HostileOpenAI, model: OpenAIModel, schedule: Schedule
) -> None:
    server.play(*schedule.script)
    asked = call(fallback=FALLBACK if schedule.fallback else None)
    with stalls() as stalled:
        started = time.monotonic()
        generation = model.begin(asked, HANDLER, schedule.seconds, stream=schedule.stream)
        told, outcome = _followed(generation, schedule)
        took = time.monotonic() - started
    assert took < schedule.seconds + SLACK + stalled()
    _holds(server, schedule, outcome)
    if isinstance(outcome.result, Completed) and schedule.stream and not schedule.leaves_after:
        assert told == len(outcome.result.draft.texts)


def _followed(generation: Generation, schedule: Schedule) -> tuple[int, Outcome]:
    """How many pieces were told until it ended, or until the client left."""
    told = 0
    leaves = time.monotonic() + (60 if schedule.leaves_after is None else schedule.leaves_after)
    while time.monotonic() < leaves:
        found = generation.next(max(0.0, leaves - time.monotonic()))
        if isinstance(found, Outcome):
            return told, found
        told += found is not None
    return told, generation.cancel()


def _holds(server: HostileOpenAI, schedule: Schedule, outcome: Outcome) -> None:
    sent = [attempt.model for attempt in outcome.attempts]
    wait_until(lambda: len(server.requests) >= len(sent))
    assert [request["model"] for request in server.requests] == sent
    assert sent.count(OWN) <= 2
    assert sent.count(FALLBACK) <= schedule.fallback
    assert sent == sorted(sent, key=lambda model: model == FALLBACK)
    last = len(schedule.script) - 1
    played = [schedule.script[min(index, last)] for index in range(len(sent))]
    quotas = [index for index, step in enumerate(played) if _tells_of_quota(step, schedule)]
    assert quotas in ([], [len(played) - 1])
    if isinstance(outcome.result, Failure) and outcome.result.reason == "quota":
        assert quotas


def _tells_of_quota(step: Behaviour, schedule: Schedule) -> bool:
    """A stream that nobody asked for is broken, whatever it says."""
    return step in QUOTAS and (schedule.stream or step is not STREAMED_QUOTA)
