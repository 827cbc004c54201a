"""Whether a rollback came about, check by check."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.rollouts.after import told
from functions.rollouts.after.checks import RULES
from functions.rollouts.after.rollback import Check, Rollback, Status
from functions.rollouts.after.seen import DEADLINE_SECONDS, Seen
from functions.rollouts.after.verification import verified
from functions.rollouts.traffic.move import Became
from tests.unit.rollouts.after.made import (
    AT,
    CANDIDATE,
    CONTROL,
    RESTORED,
    rollback,
    served,
    slot,
)

OK, FAILED, UNKNOWN, PENDING = Status.OK, Status.FAILED, Status.UNKNOWN, Status.PENDING
EDITED = replace(RESTORED, revision=4, places=1)
CHANGED = replace(RESTORED, places=1)
ELSEWHERE = replace(EDITED, own_revisions=1)


def seen(after: float, *windows: Any, **changes: Any) -> Seen:
    found: dict[str, Any] = {"generation": 7, "readable": True, "split": False}
    return Seen(AT + after, **{**found, **changes}, windows=windows)


def status(name: str, of: Rollback, at: Seen) -> Status:
    return {check.name: check for check in verified(of, at).checks}[name].status


@pytest.mark.parametrize(
    ("name", "of", "at", "expected"),
    [
        pytest.param("snapshot", {}, seen(1), OK, id="published"),
        pytest.param("snapshot", {}, seen(1, generation=6), FAILED, id="an older generation"),
        pytest.param("snapshot", {}, seen(1, split=True), FAILED, id="still split"),
        pytest.param("configuration", {}, seen(1), OK, id="restored"),
        pytest.param("configuration", {"flags": ()}, seen(1), UNKNOWN, id="flag gone"),
        pytest.param("configuration", {"flags": (EDITED,)}, seen(1), UNKNOWN, id="edited"),
        pytest.param("configuration", {"flags": (CHANGED,)}, seen(1), FAILED, id="not restored"),
        pytest.param("configuration", {"flags": (ELSEWHERE,)}, seen(1), OK, id="elsewhere"),
        pytest.param("health", {}, seen(1, readable=False), FAILED, id="unreadable"),
        pytest.param("health", {}, seen(1), PENDING, id="health is looked at for a minute"),
        pytest.param("health", {}, seen(61), OK, id="readable"),
        pytest.param("function", {}, seen(30, slot(CONTROL, 20, 50)), PENDING, id="too early"),
        pytest.param("function", {}, seen(70, slot(CONTROL, 60, 50, 2)), OK, id="serves"),
        pytest.param("function", {}, seen(70, slot(CONTROL, 60, 5)), PENDING, id="few"),
        pytest.param("function", {}, seen(610, slot(CONTROL, 600, 5)), OK, id="few, at the end"),
        pytest.param("function", {}, seen(70, slot(CONTROL, 60, 50, 9)), PENDING, id="fails yet"),
        pytest.param("function", {}, seen(610, slot(CONTROL, 600, 50, 9)), FAILED, id="fails"),
        pytest.param(
            "function",
            {},
            seen(70, slot(CONTROL, 60, 50, 9), beside=served(CONTROL, 100, 10)),
            OK,
            id="fails as it did beside the candidate",
        ),
        pytest.param("function", {}, seen(610), UNKNOWN, id="nobody came"),
        pytest.param("metrics", {}, seen(20, slot(CANDIDATE, 10, 1)), FAILED, id="new snapshot"),
        pytest.param(
            "metrics",
            {},
            seen(140, slot(CANDIDATE, 20, 1, generation=6)),
            OK,
            id="begun under the old snapshot",
        ),
        pytest.param(
            "metrics",
            {},
            seen(140, slot(CANDIDATE, 70, 1, generation=6)),
            FAILED,
            id="long after, under the old snapshot",
        ),
        pytest.param(
            "metrics",
            {"flags": (replace(RESTORED, reaches=True),)},
            seen(20, slot(CANDIDATE, 10, 1)),
            UNKNOWN,
            id="the flag's own rules give it",
        ),
        pytest.param("metrics", {}, seen(20), PENDING, id="slots may come late"),
        pytest.param("metrics", {}, seen(140), OK, id="never again"),
        pytest.param("logs", {}, seen(20, slot(CANDIDATE, 10, 3, 1)), FAILED, id="a new failure"),
        pytest.param("logs", {}, seen(140, slot(CONTROL, 70, 9, 9)), OK, id="not the candidate's"),
        pytest.param(
            "logs",
            {"flags": (replace(RESTORED, reaches=True),)},
            seen(20, slot(CANDIDATE, 10, 3, 1)),
            UNKNOWN,
            id="of users to whom the flag's own rules give it",
        ),
        *(
            pytest.param(
                name,
                {},
                seen(140, slot(CANDIDATE, 70, 3, 1, generation=9), again=9),
                OK,
                id=f"{name}, rolled out again",
            )
            for name in ("metrics", "logs")
        ),
        pytest.param(
            "metrics",
            {},
            seen(140, slot(CANDIDATE, 70, 3, generation=8), again=9),
            FAILED,
            id="still served before it was rolled out again",
        ),
        pytest.param("traffic", {}, seen(1, traffic=Became.CONFIRMED), OK, id="moved"),
        pytest.param("traffic", {}, seen(1, traffic=Became.REFUSED), FAILED, id="refused"),
        pytest.param("traffic", {}, seen(1, traffic=Became.DRIFTED), FAILED, id="drifted"),
        pytest.param("traffic", {}, seen(1, traffic=Became.APPLIED), PENDING, id="on its way"),
    ],
)
def test_a_check(name: str, of: dict[str, Any], at: Seen, expected: Status) -> None:
    assert status(name, rollback(**of), at) is expected


def test_traffic_is_left_out_where_none_is_moved() -> None:
    assert [check.name for check in verified(rollback(), seen(1)).checks] == [
        name for name in RULES if name != "traffic"
    ]


def test_traffic_that_has_not_followed_by_the_deadline_is_said_to_be_so() -> None:
    found = verified(rollback(), seen(601, slot(CONTROL, 590, 50), traffic=Became.APPLIED))
    check = next(each for each in found.checks if each.name == "traffic")
    assert check.status is Status.UNKNOWN
    assert check.english.startswith("Cloud Run has not sent all traffic")
    assert check.french.startswith("Cloud Run n'a pas envoyé tout le trafic")


def test_when_it_served_last_is_kept_though_the_slots_go() -> None:
    first = verified(rollback(), seen(20, slot(CANDIDATE, 10, 1, generation=6)))
    assert first.last_candidate_at == AT + 20
    assert verified(first, seen(400)).last_candidate_at == AT + 20


@pytest.mark.parametrize(
    ("usual", "english", "french"),
    [
        (None, "failed in the last minute.", "dans la dernière minute."),
        (0.012, "was rarely more than 1.2 %.", "rarement plus de 1,2 % avant le déploiement."),
    ],
)
def test_how_it_was_before_is_said_where_it_is_known(
    usual: float | None, english: str, french: str
) -> None:
    found = verified(rollback(usual=usual), seen(70, slot(CONTROL, 60, 50, 2)))
    check = next(each for each in found.checks if each.name == "function")
    assert check.english.endswith(english)
    assert check.french.endswith(french)


windows = st.lists(
    st.builds(
        slot,
        st.sampled_from((CONTROL, CANDIDATE)),
        st.integers(0, 700),
        st.integers(1, 30),
        st.integers(0, 30),
        st.sampled_from((6, 7, 8)),
    ),
    max_size=4,
)
looks = st.builds(
    lambda after, found, more: seen(after, *found, **more),
    st.floats(0, 700),
    windows,
    st.fixed_dictionaries(
        {
            "generation": st.sampled_from((6, 7, 8)),
            "readable": st.booleans(),
            "split": st.booleans(),
            "traffic": st.sampled_from((None, *Became)),
        }
    ),
)
records = st.builds(
    lambda flags: rollback(flags=flags),
    st.sampled_from(
        (
            (),
            (RESTORED,),
            (EDITED,),
            (CHANGED,),
            (ELSEWHERE,),
            (replace(RESTORED, revision_before=None),),
        )
    ),
)


@given(records, st.lists(looks, min_size=1, max_size=5))
def test_what_is_settled_stays_and_says_why(record: Rollback, found: list[Seen]) -> None:
    for look in sorted(found, key=lambda each: each.now):
        after = verified(record, look)
        assert verified(after, look) == after, "a look that is repeated finds nothing new"
        known = {check.name: check for check in after.checks}
        assert all(known[check.name] == check for check in record.checks if check.settled)
        assert all(check.english and check.french for check in after.checks if check.settled)
        assert Rollback.from_document(after.to_document()) == after
        if look.now >= record.at + DEADLINE_SECONDS:
            assert not after.verifying
        assert (told.of_failure(after) is not None) == (after.status is FAILED)
        record = after


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((), PENDING),
        ((OK, PENDING), PENDING),
        ((FAILED, PENDING), FAILED),
        ((UNKNOWN, PENDING), PENDING),
        ((OK, UNKNOWN), UNKNOWN),
        ((OK, OK), OK),
    ],
)
def test_the_whole(statuses: tuple[Status, ...], expected: Status) -> None:
    checks = tuple(Check(str(number), each) for number, each in enumerate(statuses))
    assert rollback(checks=checks).status is expected
