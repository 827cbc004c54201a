"""What happened in some stretch of time, in numbers that add up. Pure.

A Tally is what one slot, one minute or one stage holds. `merge` is associative and commutative, so
any order of merging gives the same tally. Durations are milliseconds, times are epoch
milliseconds, memory is a share of the container's limit (0 to 1). Users appear only as keyed
hashes.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import reduce
from typing import Any, TypeVar

from functions.metrics import (
    by_users,
    completions,
    distinct,
    encoding,
    histogram,
    labels,
    ladder,
    measures,
    slowest,
    timings,
)
from functions.metrics.by_users import ByUsers
from functions.metrics.completions import Completion, Completions
from functions.metrics.distinct import NOBODY, Users
from functions.metrics.measures import Measure, Measures
from functions.metrics.observation import CLIENT, NO_CAUSE, OK, Note, Observation
from functions.metrics.slowest import Slowest
from functions.metrics.timings import NO_TIMING, Timing, Timings

K = TypeVar("K", int, str)

JUST_ABOVE_DEADLINE_MS = 30_001.0
USERS_CAP = 256
RETRIES_CAP = 10
CODES_CAP = 40
PER_MILLE = 1_000


@dataclass(frozen=True)
class Tally:
    """Counts, sums and extremes. See the module."""

    requests: int = 0
    failures: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    causes: Mapping[str, int] = field(default_factory=dict)
    retries: int = 0
    retries_max: int = 0
    retried: Mapping[int, int] = field(default_factory=dict)
    """{number of retries: requests that needed so many}; RETRIES_CAP stands for more."""
    duration_sum_ms: int = 0
    duration_squares_ms2: int = 0
    buckets: Mapping[int, int] = field(default_factory=dict)
    above: ladder.Above = field(default_factory=dict)
    """Requests that took longer than each rung of LADDER_MS, exactly. What bundles wrote that
    knew three rungs counts for those three alone."""
    memory_max: float = 0.0
    memory_bytes_max: int = 0
    memory_limit_bytes_max: int = 0
    cpu_max: float = 0.0
    cpu_readings: int = 0
    cpu_per_mille: int = 0
    """The sum of the readings, in thousandths."""
    concurrency_max: int = 0
    users_failing: frozenset[str] = frozenset()
    """Distinct users with a failure. At USERS_CAP it is full: "at least so many"."""
    users: Users = NOBODY
    """A sample of the distinct users of all served requests; minutes and hours hold none."""
    slowest: Slowest = field(default_factory=dict)
    """Those who had to wait longest; minutes and hours hold none."""
    recent: Completions = ()
    """The last RECENT completions, oldest first, without clients' own mistakes."""
    first_failure_at: int | None = None
    last_failure_at: int | None = None
    measures: Measures = field(default_factory=dict)
    """What requests and notes report, by name; a name is there once somebody reported it."""
    timings: Timings = field(default_factory=dict)
    """Durations that they report, the same way."""
    by_users: Mapping[str, ByUsers] = field(default_factory=dict)
    """What of these two comes from events of signed-in users, by name."""
    overflow: int = 0
    """How much was counted as `other`, because there were too many codes, names or versions."""

    @property
    def served(self) -> int:
        """Requests but for clients' own mistakes: the denominator of every rate."""
        return self.requests - self.causes.get(CLIENT, 0)

    @property
    def error_rate(self) -> float | None:
        """Failures a served request, 0 to 1; None without any."""
        return self.failures / self.served if self.served else None

    @property
    def duration_mean_ms(self) -> float | None:
        return self.duration_sum_ms / self.served if self.served else None

    def percentile_ms(self, share: float) -> float | None:
        """The execution time that `share` of the requests do not exceed (histogram.percentile)."""
        return histogram.percentile(self.buckets, share)

    def above_ms(self, threshold_ms: int) -> int:
        """Requests that took longer than a rung of LADDER_MS, exactly."""
        return ladder.longer_than(self.above, threshold_ms)

    def slow_of_users(self, threshold_ms: int) -> int:
        """The same, but a user's repeats count once as long as less than slowest.KEPT users had
        such requests; beyond, and where users are not known, requests are counted."""
        users = slowest.slower_than(self.slowest, threshold_ms)
        requests = self.above_ms(threshold_ms)
        return requests if users is None else min(users, requests)

    @property
    def cpu_mean(self) -> float | None:
        """Mean share of the container's CPUs that was busy, 0 to 1; None without a reading."""
        if not self.cpu_readings:
            return None
        # Readings are summed as rounded thousandths, the maximum is exact.
        return min(self.cpu_max, self.cpu_per_mille / (PER_MILLE * self.cpu_readings))

    def retried_more_than(self, retries: int) -> int:
        """Requests that needed more than so many retries (below RETRIES_CAP), exactly."""
        return sum(count for tries, count in self.retried.items() if tries > retries)

    def measure(self, name: str) -> Measure:
        """What was reported under a name; an empty one when nothing was."""
        return self.measures.get(name, measures.NONE)

    def timing(self, name: str) -> Timing:
        """The durations that were reported under a name; none when nobody did."""
        return self.timings.get(name, NO_TIMING)

    def without_users(self, name: str) -> Tally:
        """As if no signed-in user had reported under a name; of durations what is certain then."""
        part = self.by_users.get(name)
        if part is None:
            return self
        reported = dict(self.measures)
        if name in reported:
            reported[name] = by_users.less_measure(reported[name], part.values)
        timed = by_users.less_timings(self.timings, name, part.values)
        return replace(self, measures=reported, timings=timed, by_users={})

    @property
    def consecutive_failures(self) -> int:
        """Distinct users in the unbroken run of failures that ends with the last completion.

        It looks back over RECENT completions at most.
        """
        return completions.consecutive_failures(self.recent)

    def to_document(self) -> dict[str, Any]:
        """A JSON value without arrays in arrays; what is zero, empty or unknown is left out."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: encoding.plain(value) for name, value in values.items() if value}

    @staticmethod
    def from_document(document: Mapping[str, Any]) -> Tally:
        """What `to_document` wrote. Fields of later bundles are ignored."""
        known = {item.name for item in fields(Tally)}
        return Tally(**{k: encoding.rich(k, v) for k, v in document.items() if k in known})

    def to_text(self) -> str:
        """One string: in Firestore a map would index every bucket. Equal tallies, equal texts."""
        return json.dumps(self.to_document(), sort_keys=True, separators=(",", ":"))

    @staticmethod
    def from_text(text: str) -> Tally:
        return Tally.from_document(json.loads(text))


EMPTY = Tally()


def of(observation: Observation) -> Tally:
    """The tally of one request.

    A TIMEOUT counts as above 30 s whatever was measured, MEMORY_ERROR as all of the memory. A
    client's own mistake executes nothing: it is counted and otherwise left out, so that a flood
    of them hides neither errors nor slowness. What it cost all the same stays, in its measures.
    """
    reported = measures.of(observation.measures)
    timed = timings.of(observation.durations)
    if observation.cause == CLIENT:
        errors = {observation.code: 1}
        return Tally(
            requests=1, errors=errors, causes={CLIENT: 1}, measures=reported, timings=timed
        )
    timed_out = observation.code == "TIMEOUT"
    duration = max(0.0, observation.duration_ms)
    duration = max(duration, JUST_ABOVE_DEADLINE_MS) if timed_out else duration
    rounded = round(duration)
    users = distinct.of(observation.user_hash)
    at_ms = round(observation.at * 1000)
    failed = observation.failed
    return Tally(
        requests=1,
        failures=int(failed),
        errors={} if observation.code == OK else {observation.code: 1},
        causes={} if observation.cause == NO_CAUSE else {observation.cause: 1},
        retries=observation.retries,
        retries_max=observation.retries,
        retried={min(observation.retries, RETRIES_CAP): 1} if observation.retries else {},
        duration_sum_ms=rounded,
        duration_squares_ms2=rounded * rounded,
        buckets={histogram.index(duration): 1},
        above=ladder.of(duration),
        memory_max=1.0 if observation.code == "MEMORY_ERROR" else observation.memory,
        memory_bytes_max=observation.memory_bytes,
        memory_limit_bytes_max=observation.memory_limit_bytes,
        cpu_max=observation.cpu or 0.0,
        cpu_readings=int(observation.cpu is not None),
        cpu_per_mille=round((observation.cpu or 0.0) * PER_MILLE),
        concurrency_max=observation.concurrency,
        users_failing=frozenset({observation.user_hash} if failed else ()),
        users=users,
        slowest=slowest.of(users, duration),
        recent=(Completion(at_ms, observation.user_hash, failed),),
        first_failure_at=at_ms if failed else None,
        last_failure_at=at_ms if failed else None,
        measures=reported,
        timings=timed,
    )


def of_note(note: Note) -> Tally:
    """The tally of a note: what it reports, and no request."""
    return Tally(measures=measures.of(note.measures), timings=timings.of(note.durations))


def merge(first: Tally, second: Tally, users_kept: int = distinct.KEPT) -> Tally:
    """Both together. The smallest hashes stay in a full set, whatever came first."""
    errors = labels.capped(
        _add(first.errors, second.errors), CODES_CAP, labels.OTHER_CODE, operator.add
    )
    reported = measures.merge(first.measures, second.measures)
    timed = timings.merge(first.timings, second.timings)
    users = first.users_failing
    if second.users_failing:
        users |= second.users_failing
    if len(users) > USERS_CAP:
        users = frozenset(sorted(users)[:USERS_CAP])
    return Tally(
        requests=first.requests + second.requests,
        failures=first.failures + second.failures,
        errors=errors,
        causes=_add(first.causes, second.causes),
        retries=first.retries + second.retries,
        retries_max=max(first.retries_max, second.retries_max),
        retried=_add(first.retried, second.retried),
        duration_sum_ms=first.duration_sum_ms + second.duration_sum_ms,
        duration_squares_ms2=first.duration_squares_ms2 + second.duration_squares_ms2,
        buckets=histogram.merge(first.buckets, second.buckets),
        above=_add(first.above, second.above),
        memory_max=max(first.memory_max, second.memory_max),
        memory_bytes_max=max(first.memory_bytes_max, second.memory_bytes_max),
        memory_limit_bytes_max=max(first.memory_limit_bytes_max, second.memory_limit_bytes_max),
        cpu_max=max(first.cpu_max, second.cpu_max),
        cpu_readings=first.cpu_readings + second.cpu_readings,
        cpu_per_mille=first.cpu_per_mille + second.cpu_per_mille,
        concurrency_max=max(first.concurrency_max, second.concurrency_max),
        users_failing=users,
        users=distinct.merge(first.users, second.users, users_kept),
        slowest=slowest.merge(first.slowest, second.slowest),
        recent=completions.merge(first.recent, second.recent),
        first_failure_at=_either(min, first.first_failure_at, second.first_failure_at),
        last_failure_at=_either(max, first.last_failure_at, second.last_failure_at),
        measures=reported,
        timings=timed,
        by_users=by_users.merge(first.by_users, second.by_users),
        overflow=first.overflow
        + second.overflow
        + labels.moved(errors, first.errors, second.errors, labels.OTHER_CODE, int)
        + labels.moved(reported, first.measures, second.measures, labels.OTHER, _values)
        + labels.moved(timed, first.timings, second.timings, labels.OTHER, _values),
    )


def merge_all(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    return reduce(merge, tallies, EMPTY)


def _add(first: Mapping[K, int], second: Mapping[K, int]) -> Mapping[K, int]:
    if not first or not second:
        return first or second
    total = dict(first)
    for key, count in second.items():
        total[key] = total.get(key, 0) + count
    return total


def _values(some: Measure | Timing) -> int:
    return some.count


def _either(pick: Callable[[int, int], int], one: int | None, two: int | None) -> int | None:
    if one is None or two is None:
        return two if one is None else one
    return pick(one, two)
