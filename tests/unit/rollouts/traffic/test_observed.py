"""What Cloud Run serves, compared with what is meant."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.rollouts.traffic.observed import (
    Comparison,
    Observed,
    Target,
    compare,
    said,
    shares,
    whole,
)

OLD, NEW, THIRD = "s-1", "s-2", "s-3"


def served(asked: str, serves: str, **more: object) -> Observed:
    targets = (Target(asked, 100),), (Target(serves, 100),)
    return replace(Observed("e", *targets, latest=NEW, newest=NEW), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("observed", "comparison"),
    [
        pytest.param(served(OLD, OLD), Comparison.CONVERGED, id="it serves alone"),
        pytest.param(served(OLD, NEW, settled=False), Comparison.CONVERGING, id="it is at it"),
        pytest.param(served(OLD, OLD, settled=False), Comparison.CONVERGING, id="not done yet"),
        pytest.param(served(OLD, NEW), Comparison.CONVERGING, id="it says done and isn't"),
        pytest.param(served(OLD, NEW, failure="gone"), Comparison.FAILED, id="it could not"),
        pytest.param(
            served(OLD, OLD, failure="a new one fails"), Comparison.CONVERGED, id="another's fault"
        ),
        pytest.param(served(NEW, OLD), Comparison.DRIFTED, id="it was asked for another"),
        pytest.param(served("", OLD), Comparison.DRIFTED, id="it was asked for the latest"),
        pytest.param(
            served("", OLD, latest=OLD, newest=NEW, settled=False),
            Comparison.DRIFTED,
            id="the latest is about to be another",
        ),
        pytest.param(
            served("", OLD, latest=OLD, newest=NEW, failure="not ready"),
            Comparison.CONVERGED,
            id="a deployment that failed moves nothing",
        ),
        pytest.param(
            replace(served(OLD, OLD), asked=()), Comparison.DRIFTED, id="nothing asked: the latest"
        ),
        pytest.param(
            replace(served(OLD, OLD), asked=(Target(OLD, 60), Target(OLD, 40, "tag"))),
            Comparison.CONVERGED,
            id="in two parts",
        ),
        pytest.param(
            replace(served(OLD, OLD), asked=(Target(OLD, 99), Target(NEW, 1))),
            Comparison.DRIFTED,
            id="one percent elsewhere",
        ),
    ],
)
def test_compared(observed: Observed, comparison: Comparison) -> None:
    assert compare(observed, OLD) is comparison


NAMES = st.sampled_from(["", OLD, NEW, THIRD])
TARGETS = st.lists(
    st.builds(Target, NAMES, st.integers(0, 100), st.sampled_from(["", "blue", "green"])),
    max_size=6,
)


@given(TARGETS)
def test_all_traffic_goes_to_one_and_every_tag_stays(asked: list[Target]) -> None:
    targets = whole(asked, OLD)
    assert shares(targets, NEW) == {OLD: 100}
    tagged = [(each.revision, each.tag) for each in targets if each.tag]
    assert tagged == [(each.revision, each.tag) for each in asked if each.tag]
    assert compare(Observed("e", targets, targets, NEW, NEW), OLD) is Comparison.CONVERGED


@given(TARGETS)
def test_shares_add_up(asked: list[Target]) -> None:
    found = shares(asked, NEW)
    assert sum(found.values()) == sum(each.percent for each in asked)
    assert "" not in found
    assert 0 not in found.values()


def test_said_the_largest_first() -> None:
    assert said({OLD: 30, THIRD: 40, NEW: 30}) == "40 % s-3, 30 % s-1, 30 % s-2"
    assert said({}) == "nothing"
