"""Who may write a story of which key, by what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from functions.stories import claim as claims
from functions.stories.claim import (
    LEASE_SECONDS,
    Busy,
    Claim,
    OtherWish,
    Replay,
    Standing,
    TakeOver,
)
from functions.stories.shelf import CLAIM_SECONDS, FINISH_SECONDS
from functions.stories.studio import Budget

NOW = 1_800_000_000.0


def claim(at: float = NOW, wish: str = "a") -> Claim:
    return Claim(claims.story_id("u1", "key-0001"), "u1", wish, "1.2.0", 7, at)


@pytest.mark.parametrize(
    ("stored", "decided"),
    [
        pytest.param(claim(NOW - 1).running(), Busy(), id="somebody is at it"),
        pytest.param(claim(NOW - LEASE_SECONDS).running(), TakeOver(), id="its process died"),
        pytest.param(claim(NOW - 1).finished({}, 1), Replay(), id="finished"),
        pytest.param(claim(NOW - 1).failed({}, 1), TakeOver(), id="failed"),
        pytest.param(claim(NOW - 1, "b").finished({}, 1), OtherWish(), id="another wish"),
        pytest.param(claim(NOW - 99, "b").running(), OtherWish(), id="another wish, died"),
    ],
)
def test_deciding(stored: dict[str, Any], decided: object) -> None:
    assert claims.decide(claim(), stored, NOW) == decided


def test_every_state_has_the_same_fields() -> None:
    one = claim()
    assert set(one.running()) == set(one.finished({}, 1)) == set(one.failed({}, 2))


def test_what_is_left_when_its_process_dies() -> None:
    """All that it takes to count it: which version, for whom, since when, at what cost."""
    running = Claim("id", "u1", "wish", "1.2.0+pinned", 7, NOW, reserved=300, user="hash").running()
    assert (running["version"], running["generation"]) == ("1.2.0+pinned", 7)
    assert (running["reserved"], running["user"]) == (300, "hash")
    assert running["lease_until"].timestamp() == NOW + LEASE_SECONDS


def test_a_lease_outlasts_a_request() -> None:
    assert Budget().total + FINISH_SECONDS + CLAIM_SECONDS < LEASE_SECONDS


OURS = claim()
ENDED = OURS.finished({}, 1)
ABANDONED = {"code": "INTERNAL", "reason": "abandoned"}
CRASHED = {"code": "INTERNAL", "reason": None}


@pytest.mark.parametrize(
    ("stored", "stands"),
    [
        pytest.param(OURS.running(), Standing.HELD, id="nothing was written"),
        pytest.param(ENDED, Standing.ENDED, id="an earlier try arrived"),
        pytest.param({**ENDED, "rating": {"stars": 5}}, Standing.ENDED, id="and was rated since"),
        pytest.param(None, Standing.LOST, id="erased"),
        pytest.param(claim().running(), Standing.LOST, id="taken over by the like of it"),
        pytest.param(claim().finished({}, 1), Standing.LOST, id="and finished"),
        pytest.param(OURS.failed(ABANDONED, 0), Standing.LOST, id="found abandoned"),
    ],
)
def test_what_is_found_after_a_refusal(stored: dict[str, Any] | None, stands: Standing) -> None:
    assert claims.standing(OURS, ENDED, stored) is stands


def test_a_failure_of_ours_is_not_taken_for_an_abandoned_one() -> None:
    stored = OURS.failed(ABANDONED, 0)
    assert claims.standing(OURS, OURS.failed(CRASHED, 1), stored) is Standing.LOST
    assert claims.standing(OURS, OURS.failed(CRASHED, 1), OURS.failed(CRASHED, 1)) is Standing.ENDED


def test_a_claim_knows_its_own_document_only() -> None:
    old = {name: kept for name, kept in claim().running().items() if name != "token"}
    assert claims.holds(OURS, OURS.running())
    assert not claims.holds(OURS, claim().running())
    assert not claims.holds(OURS, old)
    assert not claims.holds(OURS, ENDED)


@pytest.mark.parametrize(
    ("stored", "made"),
    [
        pytest.param(ENDED, True, id="finished"),
        pytest.param(OURS.running(), False, id="running"),
        pytest.param(OURS.failed({}, 1), False, id="failed"),
        pytest.param(claim(wish="b").finished({}, 1), False, id="another wish"),
    ],
)
def test_what_a_key_has_made(stored: dict[str, Any], made: bool) -> None:
    assert claims.made(stored, "a") is made


def test_ids_show_nothing_and_do_not_collide() -> None:
    assert claims.story_id("ab", "c") != claims.story_id("a", "bc")
    assert claims.story_id("1:a", "b") != claims.story_id("a", "b")
    assert claims.STORY_ID.fullmatch(claims.story_id("u1", "key"))
