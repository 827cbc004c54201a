"""One vote a story: kept once, counted once, for what made the story."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.stories.owners import rating
from functions.stories.owners.rating import New, Other, Rating, Same, Vote

NOW = 1_800_000_000.0
MOMENTS = st.floats(0, 4e9).map(lambda seconds: round(seconds, 3))


def story(
    version: str = "1.2.0", *, fallback: bool = False, vote: Vote | None = None
) -> dict[str, Any]:
    kept = {"rating": vote.to_document()} if vote else {}
    provenance = {"version": "1.2.0", "fallback": fallback}
    return {"version": version, "generation": 7, "story": {"provenance": provenance}, **kept}


@given(st.integers(1, 5), MOMENTS)
def test_a_first_vote_is_kept_as_it_was_given(stars: int, now: float) -> None:
    decided = rating.decide(story(), stars, now)
    assert decided == New(Vote(stars, now))
    assert isinstance(decided, New)
    assert rating.vote_of(story(vote=decided.vote)) == decided.vote


@given(st.integers(1, 5), st.integers(1, 5), MOMENTS, MOMENTS)
def test_it_stays(before: int, stars: int, at: float, now: float) -> None:
    given_first = Vote(before, at)
    decided = rating.decide(story(vote=given_first), stars, now)
    assert decided == (Same(given_first) if before == stars else Other(given_first))


@pytest.mark.parametrize(
    ("version", "fallback", "arm"),
    [
        pytest.param("1.2.0", False, "1.2.0", id="the version"),
        pytest.param("1.2.0", True, "1.2.0+fallback", id="its fallback"),
        pytest.param("1.2.0+pinned", False, "1.2.0+pinned", id="chosen for oneself"),
        pytest.param("1.2.0+pinned", True, "1.2.0+pinned+fallback", id="chosen, its fallback"),
    ],
)
def test_counted_for_what_made_it(version: str, fallback: bool, arm: str) -> None:
    noted = rating.note(story(version, fallback=fallback), Vote(4, NOW))
    assert (noted.service, noted.version, noted.generation, noted.at) == ("stories", arm, 7, NOW)


@pytest.mark.parametrize(
    ("stars", "satisfied", "complained"),
    [(1, 0, 1), (2, 0, 1), (3, 0, 0), (4, 1, 0), (5, 1, 0)],
)
def test_content_or_complaining(stars: int, satisfied: int, complained: int) -> None:
    measures = rating.note(story(), Vote(stars, NOW)).measures
    expected = {"rating": stars, "satisfied": satisfied, "complained": complained}
    assert measures == expected


def test_a_story_from_before_there_were_fallbacks() -> None:
    old = {"version": "1.2.0", "generation": 7, "story": {"provenance": {"version": "1.2.0"}}}
    assert rating.note(old, Vote(4, NOW)).version == "1.2.0"


@pytest.mark.parametrize("stars", [0, 6, -1, 4.0, 4.5, "4", True, None, [4], 10**30])
def test_no_vote(stars: object) -> None:
    with pytest.raises(ValidationError):
        Rating.model_validate({"stars": stars})


@pytest.mark.parametrize("body", [{}, {"stars": 4, "text": "good"}, [], 4])
def test_no_body_of_a_vote(body: object) -> None:
    with pytest.raises(ValidationError):
        Rating.model_validate(body)
