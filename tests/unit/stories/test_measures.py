"""The list of what stories report is whole, published and documented."""

from dataclasses import replace
from pathlib import Path

import pytest

from functions.metrics import measures, names, points
from functions.metrics.observation import Observation
from functions.stories import prompt, quality
from functions.stories.counting import Writing, observations
from functions.stories.handlers import HANDLERS
from functions.stories.measures import MEASURES, QUALITY, RATING
from functions.stories.model import failure
from functions.stories.model.calling import Attempt, Completed, Outcome
from functions.stories.model.failure import Failure
from functions.stories.request import StoryRequest
from functions.stories.story import Draft, Provenance, Story, Usage
from functions.stories.versions import Parameters, StoryVersion

PAGE = (Path(__file__).parents[3] / "docs/reference/metrics.md").read_text()


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_can_be_kept_is_published_and_documented(name: str) -> None:
    known = MEASURES[name]
    assert measures.checked({name: 1.0})
    assert points.published_as(name)
    row = f"| `{name}` | {known.unit} | {known.better or ''} | {known.about} |"
    assert row.replace("  ", " ") in PAGE


def test_nothing_is_published_that_nobody_reports() -> None:
    assert set(points.OF_MEASURES) <= set(MEASURES)


def test_every_score_has_a_measure() -> None:
    scores = {name.removeprefix(QUALITY) for name in MEASURES if name.startswith(QUALITY)}
    assert scores == set(quality.NAMES)


REQUEST = StoryRequest(theme="the sea", hero="a fox")
DRAFT = Draft(title="The fox", paragraphs=("The fox went to the sea.",))
USAGE = Usage(input_tokens=100, output_tokens=50)
SEEN = Observation("stories", "1.3.0", 3, 1_800_000_000.0, 900.0, "OK", "none", "a" * 16)


def writing(ended: Failure | None, gave_up: Failure | None = None) -> Writing:
    text = prompt.load("tale-2")
    version = StoryVersion(
        version="1.3.0",
        prompt=text.id,
        model="gpt-own",
        parameters=Parameters(max_output_tokens=900),
        prompt_hash=text.hash,
        fallback="gpt-other",
    )
    call = HANDLERS[version.handler].compose(version, text, REQUEST, "a" * 16)
    made = Provenance(
        version="1.3.0",
        content_hash="0" * 64,
        model="gpt-own",
        usage=USAGE,
        attempts=1,
        scores=quality.scores(DRAFT, REQUEST),
    )
    attempts = (Attempt("gpt-own", 2.0, USAGE), Attempt("gpt-other", 2.0, USAGE))
    result = ended or Completed(DRAFT, "gpt-own", "resp_1")
    story = None if ended else Story.of(DRAFT, "en", made)
    outcome = Outcome(result, attempts if gave_up else attempts[:1], gave_up)
    return Writing(call, outcome, ended, story, first_piece_ms=700.0)


def test_what_requests_report_is_in_the_list_and_the_list_holds_nothing_else() -> None:
    ways = [
        writing(None),
        writing(None, gave_up=failure.of_status(503)),
        *(writing(ended) for ended in (failure.refused("no"), failure.truncated())),
        writing(replace(failure.refused("no"), answer="unsuitable")),
    ]
    reported = {name for way in ways for seen in observations(SEEN, way) for name in seen.measures}
    assert reported == set(MEASURES) - {RATING, names.SATISFIED, names.COMPLAINED}


def test_a_rating_is_better_when_it_is_higher() -> None:
    assert MEASURES[RATING].better == "higher"


def test_all_of_them_fit_one_request() -> None:
    assert len(MEASURES) < measures.NAMES_CAP
