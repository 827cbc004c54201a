"""A ledger against a plain list of minutes: every minute is in once, as far back as is looked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from functions.alerts.objectives import ledger as ledgers
from functions.alerts.objectives.counting import NOTHING, Count, total
from functions.alerts.objectives.ledger import HOURS_KEPT, MINUTES_KEPT, Ledger

START = 1_800_000_000 - 1_800_000_000 % 86_400
counts = st.builds(
    lambda events, share: Count(events, events * share), st.integers(0, 50), st.integers(0, 1_000)
)
steps = st.lists(
    st.tuples(st.integers(1, 200), st.lists(counts, max_size=6)), min_size=1, max_size=25
)


def played(steps: list[tuple[int, list[Count]]]) -> tuple[Ledger, dict[int, Count]]:
    """A ledger after looks at several minutes each, some of them twice; and the plain minutes."""
    ledger = ledgers.empty(START - 60)
    plain: dict[int, Count] = {}
    minute = START
    for pause, found in steps:
        new = {minute + 60 * place: count for place, count in enumerate(found)}
        minute += 60 * pause + 60 * len(found)
        ledger = ledgers.add(ledger, new, minute - 60)
        plain |= new
        doubled = {start: Count(9_999, 0) for start in new}
        assert ledgers.add(ledger, doubled, minute - 60) == ledger
        assert ledgers.add(ledger, doubled, minute - 120) == ledger
    return ledger, plain


@given(steps)
def test_windows_up_to_six_hours_hold_their_minutes_exactly(
    steps: list[tuple[int, list[Count]]],
) -> None:
    ledger, plain = played(steps)
    for seconds in (300, 1_800, 3_600, 6 * 3_600):
        since = ledger.end - seconds
        expected = total(count for start, count in plain.items() if start >= since)
        assert ledger.last(seconds) == expected


@given(steps)
def test_longer_windows_hold_their_hours(steps: list[tuple[int, list[Count]]]) -> None:
    ledger, plain = played(steps)
    for seconds in (3 * 86_400, 30 * 86_400):
        since = ledger.end - seconds
        within = [c for start, c in plain.items() if start - start % 3_600 > since - 3_600]
        assert ledger.last(seconds) == total(within)


@given(steps)
def test_it_is_read_as_it_was_written_and_does_not_grow(
    steps: list[tuple[int, list[Count]]],
) -> None:
    ledger, _ = played(steps)
    assert ledgers.from_text(ledgers.to_text(ledger)) == ledger
    assert len(ledger.minutes) <= MINUTES_KEPT
    assert len(ledger.hours) <= HOURS_KEPT


def test_a_ledger_of_a_month_at_the_most_stays_small() -> None:
    ledger = ledgers.empty(START - 60)
    busy = Count(600_000, 600_000_000)
    for hour in range(HOURS_KEPT + 20):
        minutes = {START + hour * 3_600 + 60 * n: busy for n in range(60)}
        ledger = ledgers.add(ledger, minutes, START + hour * 3_600 + 59 * 60)
    assert (len(ledger.minutes), len(ledger.hours)) == (MINUTES_KEPT, HOURS_KEPT)
    assert ledger.last(30 * 86_400).total == 30 * 24 * 60 * busy.total
    assert len(ledgers.to_text(ledger)) < 25_000


def test_a_new_ledger_is_told_its_past_but_for_what_it_has_counted_itself() -> None:
    ledger = ledgers.add(ledgers.empty(START + 3_540), {START + 3_600: Count(5, 0)}, START + 3_600)
    past = {START - 3_600: Count(7, 1_000), START: Count(11, 0), START + 3_600: Count(99, 0)}
    told = ledgers.with_past(ledger, past)
    assert told.last(30 * 86_400) == Count(23, 1_000)
    assert told.last(300) == Count(5, 0)
    assert (told.since, told.told) == (START - 3_600, True)
    assert ledgers.with_past(ledgers.empty(START), {}).last(86_400) == NOTHING


@given(st.lists(st.tuples(st.integers(1, 3), st.dictionaries(st.integers(-6, 6), counts))))
def test_what_comes_late_takes_the_place_of_what_was_counted(
    looks: list[tuple[int, dict[int, Count]]],
) -> None:
    """Of the last four minutes that are in, and of no minute from before the ledger."""
    ledger = ledgers.empty(START - 60)
    plain: dict[int, Count] = {}
    for minutes, found in looks:
        ledger = ledgers.add(ledger, {}, ledger.through + 60 * minutes)
        new = {ledger.through + 60 * place: count for place, count in found.items()}
        ledger = ledgers.recount(ledger, new)
        for start, count in new.items():
            within = max(START, ledger.end - 240) <= start <= ledger.through
            if within and count.total >= plain.get(start, NOTHING).total:
                plain[start] = count
        assert ledgers.recount(ledger, new) == ledger
    for seconds in (300, 6 * 3_600):
        since = ledger.end - seconds
        assert ledger.last(seconds) == total(c for start, c in plain.items() if start >= since)
    assert total(ledger.hours.values()) == total(plain.values())
    assert ledgers.from_text(ledgers.to_text(ledger)).last(300) == ledger.last(300)


def test_what_was_told_of_the_past_is_not_counted_again() -> None:
    ledger = ledgers.with_past(ledgers.empty(START - 60), {START - 3_600: Count(60, 0)})
    ledger = ledgers.add(ledger, {}, START)
    late = {START - 60: Count(5, 0), START: Count(7, 0)}
    assert ledgers.recount(ledger, late).last(86_400) == Count(67, 0)


def test_a_ledger_of_an_earlier_bundle_is_read() -> None:
    ledger = ledgers.add(ledgers.empty(START - 60), {START: Count(5, 1_000)}, START)
    earlier = ledgers.to_text(ledger).rpartition(" ")[0]
    read = ledgers.from_text(earlier)
    assert (read.last(300), read.first) == (Count(5, 1_000), START + 60)
    assert ledgers.recount(read, {START: Count(9, 0)}).last(300) == Count(5, 1_000)
