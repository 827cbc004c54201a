"""Tallies add up in any order, count exactly, and come back from their documents."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metrics import histogram, slowest, tally, timings
from functions.metrics.by_users import ByUsers, kept
from functions.metrics.completions import RECENT, Completion
from functions.metrics.distinct import KEPT, KEPT_OF_SLOT, Users, rank
from functions.metrics.labels import OTHER, OTHER_CODE
from functions.metrics.ladder import LADDER_MS
from functions.metrics.measures import NAMES_CAP, Measure
from functions.metrics.observation import Note, Observation
from functions.metrics.tally import Tally
from functions.metrics.timings import Timing

AT = 1_800_000_000.0


def observation(**changes: object) -> Observation:
    values: dict[str, object] = {
        "service": "stories",
        "version": "1.2.0",
        "generation": 3,
        "at": AT,
        "duration_ms": 120.0,
        "code": "OK",
        "cause": "none",
        "user_hash": "aaaaaaaaaaaaaaaa",
        **changes,
    }
    return Observation(**values)  # type: ignore[arg-type]


def note(measures: Mapping[str, float], durations: Mapping[str, float] | None = None) -> Note:
    return Note("stories", "1.2.0", 3, AT, measures, durations or {})


outcomes = st.sampled_from(
    [
        ("OK", "none"),
        ("OPENAI_ERROR", "candidate"),
        ("OPENAI_ERROR", "upstream"),
        ("TIMEOUT", "internal"),
        ("MEMORY_ERROR", "internal"),
        ("INVALID_ARGUMENT", "client"),
        *((f"CODE_{chr(65 + n // 26)}{chr(65 + n % 26)}", "candidate") for n in range(60)),
    ]
)


reports = st.dictionaries(
    st.sampled_from([f"measure_{n}" for n in range(30)]), st.floats(-1e9, 1e9), max_size=3
)
timed = st.dictionaries(
    st.sampled_from([f"timing_{n}" for n in range(30)]), st.floats(0, 1e6), max_size=2
)


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    code, cause = draw(outcomes)
    return observation(
        at=AT + draw(st.integers(0, 30_000)) / 1000,
        duration_ms=draw(st.floats(0, 4_000_000)),
        code=code,
        cause=cause,
        user_hash=f"{draw(st.integers(0, 2000)):016x}",
        retries=draw(st.integers(0, 15)),
        memory=draw(st.floats(0, 1)),
        memory_bytes=draw(st.integers(0, 2**30)),
        memory_limit_bytes=draw(st.sampled_from([0, 2**29, 2**30])),
        cpu=draw(st.none() | st.floats(0, 1)),
        concurrency=draw(st.integers(0, 80)),
        measures=draw(reports),
        durations=draw(timed),
    )


tallies = st.lists(observations(), max_size=3).map(
    lambda seen: tally.merge_all(map(tally.of, seen))
)
notes = st.lists(st.tuples(reports, timed), max_size=6).map(
    lambda seen: tally.merge_all(tally.of_note(note(*each)) for each in seen)
)
crowds = st.builds(
    lambda start, size: Tally(
        users_failing=frozenset(f"{n:016x}" for n in range(start, start + size))
    ),
    st.integers(0, 600),
    st.integers(0, tally.USERS_CAP),
)

runs = st.builds(
    lambda start, size, step: Tally(
        recent=tuple(Completion(start + step * n, f"{n:016x}", n % 3 == 0) for n in range(size))
    ),
    st.integers(0, 60),
    st.integers(0, RECENT),
    st.integers(1, 3),
)
tellers = st.builds(
    lambda names, start, size: Tally(
        by_users={
            f"measure_{name:03}": ByUsers(
                Measure(size, 1_000 * size, 10**6 * size),
                kept(f"{n:016x}" for n in range(start, start + size)),
            )
            for name in names
        }
    ),
    st.sets(st.integers(0, 150), max_size=60),
    st.integers(0, 30),
    st.integers(0, 30),
)
sampled = st.builds(
    lambda start, size, kept: tally.merge(
        tally.EMPTY,
        Tally(users=Users(frozenset(map(rank, map(str, range(start, start + size)))))),
        kept,
    ),
    st.integers(0, 600),
    st.integers(0, 600),
    st.sampled_from([KEPT, KEPT_OF_SLOT]),
)
waiting = st.builds(
    lambda seen: Tally(slowest=reduce(slowest.merge, ({str(n): rung} for n, rung in seen), {})),
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(LADDER_MS)), max_size=60),
)
parts = tallies | crowds | notes | runs | tellers | sampled | waiting


@given(parts, parts)
def test_merge_is_commutative(first: Tally, second: Tally) -> None:
    assert tally.merge(first, second) == tally.merge(second, first)


@given(parts, parts, parts)
def test_merge_is_associative(first: Tally, second: Tally, third: Tally) -> None:
    left = tally.merge(tally.merge(first, second), third)
    assert left == tally.merge(first, tally.merge(second, third))


@given(tallies)
def test_the_empty_tally_changes_nothing(some: Tally) -> None:
    assert tally.merge(tally.EMPTY, some) == some


@given(tallies | tellers | sampled | waiting)
def test_a_tally_comes_back_from_its_text(some: Tally) -> None:
    assert Tally.from_text(some.to_text()) == some


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(LADDER_MS)), max_size=90))
def test_the_slowest_users_are_those_of_all(seen: list[tuple[int, int]]) -> None:
    kept = reduce(slowest.merge, ({str(user): rung} for user, rung in seen), slowest.NONE)
    longest: dict[int, int] = {}
    for user, rung in seen:
        longest[user] = max(rung, longest.get(user, 0))
    wanted = sorted(longest, key=lambda user: (-longest[user], user))[: slowest.KEPT]
    assert kept == {str(user): longest[user] for user in wanted}
    for rung in LADDER_MS:
        slow = sum(longest[user] >= rung for user in longest)
        assert slowest.slower_than(kept, rung) == (
            slow if longest and slow < slowest.KEPT else None
        )


@given(st.lists(observations(), min_size=1, max_size=12))
def test_counters_are_exact(seen: list[Observation]) -> None:
    some = tally.merge_all(map(tally.of, seen))
    served = [o for o in seen if o.cause != "client"]
    durations = [
        30_001.0 if o.code == "TIMEOUT" and o.duration_ms < 30_001 else o.duration_ms
        for o in served
    ]
    assert some.requests == len(seen)
    assert some.served == sum(some.buckets.values())
    assert some.failures == sum(o.failed for o in seen)
    assert some.served == len(served)
    assert some.duration_sum_ms == sum(map(round, durations))
    for limit in LADDER_MS:
        assert some.above_ms(limit) == sum(duration > limit for duration in durations)
    for retries in range(tally.RETRIES_CAP):
        assert some.retried_more_than(retries) == sum(o.retries > retries for o in served)
    assert len(some.users_failing) == len({o.user_hash for o in seen if o.failed})
    assert some.users.estimate == len({o.user_hash for o in served})
    for limit in LADDER_MS:
        waited = zip(served, durations, strict=True)
        slow = {each.user_hash for each, duration in waited if duration > limit}
        assert some.slow_of_users(limit) == len(slow)
    assert sum(some.errors.values()) == sum(o.code != "OK" for o in seen)
    readings = [o.cpu for o in served if o.cpu is not None]
    assert some.cpu_readings == len(readings)
    assert some.cpu_max == max(readings, default=0)
    assert (some.cpu_mean or 0.0) <= some.cpu_max
    assert some.concurrency_max == max((o.concurrency for o in served), default=0)


def test_the_cap_of_codes_keeps_all_that_is_counted() -> None:
    codes = [f"CODE_{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(tally.CODES_CAP + 5)]
    each = [tally.of(observation(code=code, cause="candidate")) for code in codes]
    some = tally.merge(tally.merge_all(each), tally.merge_all(reversed(each)))
    assert some.errors[OTHER_CODE] == some.overflow == 10
    assert len(some.errors) == tally.CODES_CAP + 1
    assert some.errors[codes[0]] == 2


def test_the_caps_of_names_keep_all_that_is_counted() -> None:
    each = [note({f"measure_{n:03}": 1.0}) for n in range(NAMES_CAP + 7)]
    each += [note({}, {f"timing_{n:03}": 80.0}) for n in range(timings.NAMES_CAP + 4)]
    some = tally.merge_all(map(tally.of_note, each))
    assert some.overflow == 11
    assert (some.measure(OTHER).count, some.timing(OTHER).above_ms(50)) == (7, 4)
    assert (some.measure("measure_000").sum, some.timing("timing_000").mean_ms) == (1, 80)


@given(
    st.lists(st.floats(10, 3_599_999), min_size=1, max_size=300),
    st.sampled_from([0.5, 0.9, 0.95, 0.99]),
)
def test_percentiles_are_within_the_stated_error(durations: list[float], share: float) -> None:
    buckets: histogram.Buckets = {}
    for duration in durations:
        buckets = histogram.merge(buckets, {histogram.index(duration): 1})
    found = histogram.percentile(buckets, share)
    true = numpy.percentile(durations, share * 100, method="inverted_cdf")
    assert found is not None
    assert abs(found / true - 1) <= histogram.WORST_ERROR + 1e-9


def test_many_random_requests_against_numpy() -> None:
    """Lognormal times with a slow tail, on four instances, merged in another order."""
    chance = numpy.random.default_rng(7)
    times = chance.lognormal(math.log(4000), 0.9, 6_007)
    cpu = chance.random(6_007)
    words = chance.normal(500, 80, 6_007)
    parts = [
        tally.merge_all(
            tally.of(
                observation(
                    duration_ms=float(times[n]), cpu=float(cpu[n]), measures={"words": words[n]}
                )
            )
            for n in range(part, 6_007, 4)
        )
        for part in (2, 0, 3, 1)
    ]
    some = tally.merge_all(parts)
    for share in (0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999):
        true = numpy.percentile(times, share * 100, method="inverted_cdf")
        found = some.percentile_ms(share)
        assert found is not None
        assert abs(found / true - 1) <= histogram.WORST_ERROR + 1e-9
    for rung in LADDER_MS:
        assert some.above_ms(rung) == int((times > rung).sum())
    rounded = numpy.round(times)
    assert some.duration_mean_ms == pytest.approx(rounded.mean(), rel=1e-12)
    squares = some.duration_squares_ms2 - some.duration_sum_ms**2 / some.served
    assert squares / some.served == pytest.approx(rounded.var(), rel=1e-9)
    assert some.cpu_mean == pytest.approx(cpu.mean(), abs=5e-4)
    assert some.cpu_max == cpu.max()
    assert some.measure("words").mean == pytest.approx(words.mean(), abs=5e-4)
    assert some.measure("words").variance == pytest.approx(words.var(ddof=1), rel=1e-5)


@pytest.mark.parametrize(
    ("duration", "bucket"),
    [(0, 0), (9.999, 0), (10, 1), (3_599_999, 148), (1e9, 149)],
    ids=["zero", "below", "first edge", "below an hour", "beyond"],
)
def test_edges_of_the_histogram(duration: float, bucket: int) -> None:
    assert histogram.index(duration) == bucket
    assert histogram.FINITE == 148
    if 1 <= bucket <= histogram.FINITE:
        assert histogram.EDGES_MS[bucket - 1] <= duration < histogram.EDGES_MS[bucket]


def test_a_timeout_counts_as_above_thirty_seconds() -> None:
    some = tally.of(observation(code="TIMEOUT", cause="internal", duration_ms=29_990.0))
    assert some.above_ms(30_000) == 1
    assert some.above_ms(15_000) == 1


def test_a_memory_error_counts_as_all_of_the_memory() -> None:
    some = tally.of(observation(code="MEMORY_ERROR", cause="internal", memory=0.4))
    assert some.memory_max == 1.0


def test_consecutive_failures_count_distinct_users_since_the_last_success() -> None:
    def ended(second: int, user: str, failed: bool) -> Tally:
        cause = "candidate" if failed else "none"
        code = "OPENAI_ERROR" if failed else "OK"
        return tally.of(observation(at=AT + second, user_hash=user, cause=cause, code=code))

    run = [ended(0, "a", True), ended(1, "b", False), ended(2, "c", True)]
    run += [ended(3, "c", True), ended(4, "d", True)]
    assert tally.merge_all(run).consecutive_failures == 2
    mistake = tally.of(observation(at=AT + 5, cause="client", code="INVALID_ARGUMENT"))
    assert tally.merge(tally.merge_all(run), mistake).consecutive_failures == 2
    assert tally.merge(tally.merge_all(run), ended(6, "e", False)).consecutive_failures == 0


def test_observations_take_known_causes_and_codes_only() -> None:
    with pytest.raises(ValueError, match="class of causes"):
        observation(cause="weather")
    with pytest.raises(ValueError, match="error code"):
        observation(code="a story by accident")


def test_a_note_is_no_request() -> None:
    some = tally.merge(tally.of(observation()), tally.of_note(note({"rating": 4})))
    assert (some.requests, some.served, some.failures) == (1, 1, 0)
    assert some.measure("rating").mean == 4


def test_a_clients_mistake_keeps_what_it_cost() -> None:
    mistake = observation(cause="client", code="CANCELLED", measures={"cost": 12})
    assert tally.of(mistake).measure("cost").sum == 12


def test_what_older_bundles_stored_is_still_read() -> None:
    some = Tally.from_text('{"above":{"15000":2},"requests":3,"stories":2,"words_sum":400}')
    assert some == Tally(requests=3, above={"15000": 2})
    assert tally.merge(some, tally.of(observation(duration_ms=15_500.0))).above_ms(15_000) == 3


def test_only_rungs_of_the_ladder_have_exact_counters() -> None:
    with pytest.raises(ValueError, match="no exact counter above 250 ms; there is one above 50"):
        tally.EMPTY.above_ms(250)


@pytest.mark.parametrize(
    "measures",
    [
        {"Words": 1.0},
        {"": 1.0},
        {"w" * 41: 1.0},
        {"words": math.nan},
        {"words": -2e9},
        {f"measure_{n}": 1.0 for n in range(NAMES_CAP + 1)},
    ],
    ids=["capital", "empty", "long", "not a number", "too large", "too many"],
)
def test_a_measure_that_can_not_be_kept_is_refused(measures: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="measure"):
        observation(measures=measures)
    with pytest.raises(ValueError, match="measure"):
        note(measures)


def test_a_full_tally_fits_a_document() -> None:
    full_timing = Timing(
        Measure(10**9, 10**18, 10**27),
        dict.fromkeys(range(150), 10**6),
        dict.fromkeys(map(str, LADDER_MS), 10**6),
    )
    full = Tally(
        buckets=dict.fromkeys(range(150), 10**6),
        users_failing=frozenset(f"{n:016x}" for n in range(tally.USERS_CAP)),
        users=Users(frozenset(range(2**32 - KEPT, 2**32))),
        recent=tuple(Completion(10**12 + n, f"{n:016x}", True) for n in range(RECENT)),
        measures={f"measure_{n:030}": Measure(10**9, 10**18, 10**27) for n in range(NAMES_CAP)},
        errors={f"CODE_{'X' * 33}_{chr(65 + n)}": 10**6 for n in range(tally.CODES_CAP)},
        timings=dict.fromkeys([f"timing_{n:030}" for n in range(timings.NAMES_CAP)], full_timing),
        by_users={
            f"measure_{n:030}": ByUsers(
                Measure(10**9, 10**18, 10**27), kept(f"{u:016x}" for u in range(20))
            )
            for n in range(NAMES_CAP)
        },
    )
    assert len(full.to_text()) < 2**20 / 10, "a tenth of what a document may hold"
