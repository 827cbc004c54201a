"""Sums of what instances counted: nothing lost, by day, and small enough for a document."""

from __future__ import annotations

import secrets
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.flags.counts import Served
from functions.flags.sums import (
    ANY,
    LastEvaluated,
    Sums,
    day_document,
    day_of_flag,
    days_until,
    sums_by_day,
    sums_of,
    totals,
)

DAY = 86_400.0
NOON = 1_800_014_400.0
TODAY = "2027-01-15"
MEBIBYTE = 2**20

COUNTS = st.dictionaries(
    st.sampled_from("abc"),
    st.dictionaries(st.sampled_from(["on", "off", "", "!GENERAL"]), st.integers(1, 9), min_size=1),
)


def total(sums: Any) -> int:
    return sum(number for labels in sums.values() for number in labels.values())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.builds(Served, COUNTS, st.floats(NOON - DAY, NOON), st.just(NOON))))
def test_nothing_is_lost(served: list[Served]) -> None:
    days = sums_by_day(served, NOON)
    assert set(days) <= {"2027-01-14", TODAY}
    assert sum(map(total, days.values())) == sum(total(each.counts) for each in served)
    for day, sums in days.items():
        assert sums_of(day_document(day, sums)) == sums


def test_a_day_is_that_of_the_first_evaluation() -> None:
    over_night = Served({"f": {"on": 1}}, NOON - DAY, NOON)
    assert list(sums_by_day([over_night], NOON)) == ["2027-01-14"]
    ahead = Served({"f": {"on": 1}}, NOON + 9 * DAY, NOON + 9 * DAY)
    assert list(sums_by_day([ahead], NOON)) == [TODAY]
    assert LastEvaluated().after([ahead], NOON) == LastEvaluated(NOON, {"f": NOON})


def test_the_days_of_a_list() -> None:
    assert days_until(NOON, 3) == [TODAY, "2027-01-14", "2027-01-13"]


def test_when_each_was_last_evaluated() -> None:
    first = LastEvaluated().after([Served({"f": {"on": 1}}, 100.0, 200.0)], NOON)
    assert first == LastEvaluated(100.0, {"f": 200.0})
    late = Served({"f": {"on": 1}, "g": {"on": 1}}, 50.0, 150.0)
    then = first.after([late], NOON)
    assert then == LastEvaluated(100.0, {"f": 200.0, "g": 150.0})
    assert LastEvaluated.from_document(then.to_document()) == then
    assert LastEvaluated.from_document(None) == LastEvaluated()
    assert then.of({"g"}) == LastEvaluated(100.0, {"g": 150.0})


def test_a_day_of_a_flag() -> None:
    labels = {"on": 5, "": 3, "!GENERAL": 2, "!!odd": 1, ANY: 4}
    day = day_of_flag(TODAY, labels).to_view()
    assert day == {
        "day": TODAY,
        "total": 15,
        "variants": {"on": 5, "!odd": 1},
        "code_default": 3,
        "errors": {"GENERAL": 2},
    }


def test_totals() -> None:
    days = [{"f": {"on": 1, "off": 2}}, {"f": {"on": 4}, "g": {"": 1}}]
    assert totals(days, ["f", "h"]) == {"f": 7, "h": 0}


def random_sums(flags: int, labels: int, longest: int) -> Sums:
    """Names that don't compress, and numbers of a busy day."""
    return {
        secrets.token_urlsafe(100)[:longest]: {
            secrets.token_urlsafe(100)[:longest]: 10**7 + secrets.randbelow(10**7)
            for _ in range(labels)
        }
        for _ in range(flags)
    }


def sizes(sums: Sums) -> tuple[int, int, dict[str, Any]]:
    day = day_document(TODAY, sums)
    last = LastEvaluated(NOON, {key: NOON - secrets.randbelow(10**7) for key in sums})
    return len(day["counts"]), len(last.to_document()["at"]), day


def test_5000_flags_fit() -> None:
    """With names of 30 random characters and four variants of 8 each: half of the limit."""
    sums = {secrets.token_urlsafe(30)[:30]: random_sums(1, 4, 8).popitem()[1] for _ in range(5_000)}
    day, last, document = sizes(sums)
    assert sums_of(document) == sums
    assert day < MEBIBYTE / 2
    assert last < MEBIBYTE / 4


def test_the_most_flags_with_the_longest_names_fit() -> None:
    """Where variants would not, they are no longer told apart; nothing that was counted is lost."""
    sums = random_sums(10_000, 2, 100)
    day, last, document = sizes(sums)
    assert max(day, last) < MEBIBYTE
    found = sums_of(document)
    assert total(found) == total(sums)
    assert {label for labels in found.values() for label in labels} == {ANY}
