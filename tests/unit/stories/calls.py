"""What tests of the model's adapter share: a call, ways to make it, a model to make it with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from functions.clock import SystemClock
from functions.stories import handlers, prompt
from functions.stories.handlers import Handler, ModelCall
from functions.stories.model.breaker import Rule
from functions.stories.model.calling import Generation, Outcome
from functions.stories.model.openai import OpenAIModel
from functions.stories.model.retries import RetryBudget
from functions.stories.request import StoryRequest
from functions.stories.story import Piece
from functions.stories.versions import Parameters, StoryVersion

KEY = "sk-canary-key-7f3a"
HANDLER = handlers.HANDLERS["one-call-1"]
OWN, FALLBACK = "gpt-test", "gpt-fallback"
VERSION = StoryVersion(
    version="1.2.0",
    prompt="tale-1",
    prompt_hash=prompt.load("tale-1").hash,
    model=OWN,
    parameters=Parameters(max_output_tokens=900),
)
DEADLINE = 1.5
SLACK = 0.25

NEVER = Rule(least=1_000_000)
PLENTY = RetryBudget(1e6, most=1e6)


@contextmanager
def model_of(
    address: str, *, rule: Rule = NEVER, retries: RetryBudget = PLENTY
) -> Iterator[OpenAIModel]:
    """A model whose breaker and retry budget stay out of the way unless they are what is tested."""
    clock = SystemClock()
    with closing(
        OpenAIModel(
            lambda: KEY, clock, address=address, typical_seconds=0.05, rule=rule, retries=retries
        )
    ) as model:
        model.warm()
        yield model


def call(theme: str = "courage", *, fallback: str | None = None) -> ModelCall:
    wish = StoryRequest(theme=theme, hero="a lantern keeper", language="fr")
    version = VERSION.model_copy(update={"fallback": fallback})
    return HANDLER.compose(version, prompt.load("tale-1"), wish, "palier_abc")


def ask(
    model: OpenAIModel,
    asked: ModelCall | None = None,
    seconds: float = DEADLINE,
    *,
    stream: bool = False,
    handler: Handler = HANDLER,
) -> Outcome:
    return listen(model.begin(asked or call(), handler, seconds, stream=stream), seconds)[1]


def listen(generation: Generation, seconds: float = DEADLINE) -> tuple[list[Piece], Outcome]:
    """Every piece, and the outcome."""
    pieces: list[Piece] = []
    while not isinstance(found := generation.next(seconds + 5), Outcome):
        assert found is not None
        pieces.append(found)
    return pieces, found


def wait_until(holds: Callable[[], bool], seconds: float = 3.0) -> float:
    """How many seconds it took."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() < started + seconds, "it did not come about in time"
        time.sleep(0.01)
    return time.monotonic() - started


@contextmanager
def stalls() -> Iterator[Callable[[], float]]:
    """Seconds that this process was ready to run and the machine ran others, as Linux counts them:
    what a test that measures time must not take for its own. 0 where nobody counts."""
    before = _waited_for_a_core()
    yield lambda: max(0.0, _waited_for_a_core() - before)


def _waited_for_a_core() -> float:
    waited = 0
    for counted in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(OSError, IndexError, ValueError):  # the thread has ended
            waited += int(counted.read_text().split()[1])
    return waited / 1e9
