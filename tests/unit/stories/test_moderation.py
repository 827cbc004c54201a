"""What speaks against showing a text, by audience."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.stories.model.calling import Moderated
from functions.stories.moderation import THRESHOLDS, objection
from functions.stories.request import AUDIENCES, Audience

CATEGORIES = ("violence", "violence/graphic", "sexual", "self-harm", "harassment")
CALM = Moderated(False, {"violence": 0.01, "sexual": 0.0})

moderated = st.builds(
    Moderated,
    flagged=st.booleans(),
    scores=st.dictionaries(st.sampled_from(CATEGORIES), st.floats(0, 1), max_size=5),
)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_what_is_flagged_is_for_nobody(audience: Audience) -> None:
    flagged = Moderated(True, {"violence": 0.3, "harassment": 0.9})
    assert objection(audience, [CALM, flagged]) == "harassment"
    assert objection(audience, [Moderated(True, {})]) == "flagged"


@pytest.mark.parametrize("audience", AUDIENCES)
def test_nothing_speaks_against_a_calm_text(audience: Audience) -> None:
    assert objection(audience, [CALM, CALM]) is None
    assert objection(audience, []) is None


@pytest.mark.parametrize(
    ("scores", "barred"),
    [
        pytest.param({"violence": 0.3}, [], id="a wolf"),
        pytest.param({"violence": 0.5}, ["child"], id="a fight"),
        pytest.param({"sexual": 0.25}, ["child"], id="a hint"),
        pytest.param({"sexual": 0.6}, ["child", "teen"], id="more than a hint"),
        pytest.param({"a category of tomorrow": 0.9}, ["child", "teen"], id="unknown"),
    ],
)
def test_scores_below_the_flag_count_by_audience(
    scores: dict[str, float], barred: list[str]
) -> None:
    result = Moderated(False, scores)
    assert [each for each in AUDIENCES if objection(each, [result])] == barred


@given(st.lists(moderated, max_size=4))
def test_what_suits_children_suits_everybody(results: list[Moderated]) -> None:
    objections = [objection(audience, results) is not None for audience in AUDIENCES]
    assert objections == sorted(objections, reverse=True)


@given(st.lists(moderated, max_size=4), moderated)
def test_one_more_text_never_makes_it_suit(results: list[Moderated], more: Moderated) -> None:
    for audience in AUDIENCES:
        if objection(audience, results):
            assert objection(audience, [*results, more])


def test_thresholds_grow_laxer_with_the_audience() -> None:
    for category in (*CATEGORIES, "any"):
        limits = [THRESHOLDS[each].of.get(category, THRESHOLDS[each].usual) for each in AUDIENCES]
        assert limits == sorted(limits)
