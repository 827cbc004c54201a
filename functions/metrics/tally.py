"""What happened in some stretch of time, in numbers that add up. Pure.

A Tally is what one slot, one minute or one stage holds. `merge` is associative and commutative, so
any order of merging gives the same tally. Durations are milliseconds, times are epoch
milliseconds, memory is a share of the container's limit (0 to 1). Users appear only as keyed
hashes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import reduce
from typing import Any, NamedTuple, TypeVar

from functions.metrics import histogram, measures
from functions.metrics.measures import Measure, Measures, Values

K = TypeVar("K", int, str)

OK = "OK"
NO_CAUSE = "none"
CLIENT = "client"
FAILURES = frozenset({"upstream", "candidate", "internal"})
"""The causes that make a request a failure. A client's own mistake is an error, not a failure."""

CAUSES = FAILURES | {NO_CAUSE, CLIENT}
THRESHOLDS_MS = (15_000, 20_000, 30_000)
"""Execution times with an exact counter of what took longer: those of P3, P2 and P1."""

JUST_ABOVE_DEADLINE_MS = 30_001.0
USERS_CAP = 256
RECENT = 20
RETRIES_CAP = 10
CODE = re.compile(r"[A-Z][A-Z_]{0,39}")


@dataclass(frozen=True)
class Observation:
    """One request as it ended.

    `at` is when it ended (epoch seconds), `code` is OK or the code of its error, `user_hash` a
    keyed hash, `memory` the share of the container's limit in use, `measures` what else is known
    of what it made, by name: each service has its own.
    """

    service: str
    version: str
    generation: int
    at: float
    duration_ms: float
    code: str
    cause: str
    user_hash: str
    retries: int = 0
    memory: float = 0.0
    measures: Values = field(default_factory=dict)

    def __post_init__(self) -> None:
        measures.checked(self.measures)
        if self.cause not in CAUSES:
            raise ValueError(f"{self.cause!r} is not a class of causes")
        if not CODE.fullmatch(self.code):
            raise ValueError(f"{self.code!r} is not an error code")

    @property
    def failed(self) -> bool:
        return self.cause in FAILURES


@dataclass(frozen=True)
class Note:
    """What is learned of a version later, and is no request: how its users rate what it made.

    `generation` is the one that it was made under, `at` when it was learned (epoch seconds).
    """

    service: str
    version: str
    generation: int
    at: float
    measures: Values

    def __post_init__(self) -> None:
        measures.checked(self.measures)


class Completion(NamedTuple):
    """The end of one request, in the order that counts consecutive failures."""

    at_ms: int
    user: str
    failed: bool


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
    above: Mapping[str, int] = field(default_factory=dict)
    """{milliseconds of THRESHOLDS_MS: requests that took longer}, exact."""
    memory_max: float = 0.0
    users_failing: frozenset[str] = frozenset()
    """Distinct users with a failure. At USERS_CAP it is full: "at least so many"."""
    recent: tuple[Completion, ...] = ()
    """The last RECENT completions, oldest first, without clients' own mistakes."""
    first_failure_at: int | None = None
    last_failure_at: int | None = None
    measures: Measures = field(default_factory=dict)
    """What requests and notes report, by name; a name is there once somebody reported it."""

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
        """Requests that took longer than a threshold of THRESHOLDS_MS, exactly."""
        if threshold_ms not in THRESHOLDS_MS:
            raise ValueError(f"no exact counter above {threshold_ms} ms")
        return self.above.get(str(threshold_ms), 0)

    def retried_more_than(self, retries: int) -> int:
        """Requests that needed more than so many retries (below RETRIES_CAP), exactly."""
        return sum(count for tries, count in self.retried.items() if tries > retries)

    def measure(self, name: str) -> Measure:
        """What was reported under a name; an empty one when nothing was."""
        return self.measures.get(name, measures.NONE)

    @property
    def consecutive_failures(self) -> int:
        """Distinct users in the unbroken run of failures that ends with the last completion.

        It looks back over RECENT completions at most.
        """
        users: set[str] = set()
        for completion in reversed(self.recent):
            if not completion.failed:
                break
            users.add(completion.user)
        return len(users)

    def to_document(self) -> dict[str, Any]:
        """A JSON value without arrays in arrays; what is zero, empty or unknown is left out."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: _plain(value) for name, value in values.items() if value}

    @staticmethod
    def from_document(document: Mapping[str, Any]) -> Tally:
        """What `to_document` wrote. Fields of later bundles are ignored."""
        known = {item.name for item in fields(Tally)}
        return Tally(**{k: _rich(k, v) for k, v in document.items() if k in known})

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
    if observation.cause == CLIENT:
        errors = {observation.code: 1}
        return Tally(requests=1, errors=errors, causes={CLIENT: 1}, measures=reported)
    timed_out = observation.code == "TIMEOUT"
    duration = max(0.0, observation.duration_ms)
    duration = max(duration, JUST_ABOVE_DEADLINE_MS) if timed_out else duration
    rounded = round(duration)
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
        above={str(limit): 1 for limit in THRESHOLDS_MS if duration > limit},
        memory_max=1.0 if observation.code == "MEMORY_ERROR" else observation.memory,
        users_failing=frozenset({observation.user_hash} if failed else ()),
        recent=(Completion(at_ms, observation.user_hash, failed),),
        first_failure_at=at_ms if failed else None,
        last_failure_at=at_ms if failed else None,
        measures=reported,
    )


def of_note(note: Note) -> Tally:
    """The tally of a note: its measures and no request."""
    return Tally(measures=measures.of(note.measures))


def merge(first: Tally, second: Tally) -> Tally:
    """Both together. The smallest hashes stay in a full set, whatever came first."""
    users = first.users_failing | second.users_failing
    if len(users) > USERS_CAP:
        users = frozenset(sorted(users)[:USERS_CAP])
    return Tally(
        requests=first.requests + second.requests,
        failures=first.failures + second.failures,
        errors=_add(first.errors, second.errors),
        causes=_add(first.causes, second.causes),
        retries=first.retries + second.retries,
        retries_max=max(first.retries_max, second.retries_max),
        retried=_add(first.retried, second.retried),
        duration_sum_ms=first.duration_sum_ms + second.duration_sum_ms,
        duration_squares_ms2=first.duration_squares_ms2 + second.duration_squares_ms2,
        buckets=histogram.merge(first.buckets, second.buckets),
        above=_add(first.above, second.above),
        memory_max=max(first.memory_max, second.memory_max),
        users_failing=users,
        recent=tuple(sorted((*first.recent, *second.recent))[-RECENT:]),
        first_failure_at=min(_known(first.first_failure_at, second.first_failure_at), default=None),
        last_failure_at=max(_known(first.last_failure_at, second.last_failure_at), default=None),
        measures=measures.merge(first.measures, second.measures),
    )


def merge_all(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    return reduce(merge, tallies, EMPTY)


def _add(first: Mapping[K, int], second: Mapping[K, int]) -> dict[K, int]:
    total = dict(first)
    for key, count in second.items():
        total[key] = total.get(key, 0) + count
    return total


def _known(*values: int | None) -> list[int]:
    return [value for value in values if value is not None]


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [f"{at_ms}:{user}:{int(failed)}" for at_ms, user, failed in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in sorted(value.items())}
    if isinstance(value, Measure):
        return value.to_text()
    return value


def _rich(name: str, value: Any) -> Any:
    if name == "users_failing":
        return frozenset(value)
    if name == "recent":
        return tuple(_completion(text) for text in value)
    if name == "measures":
        return {key: Measure.from_text(text) for key, text in value.items()}
    if name in ("buckets", "retried"):
        return {int(key): count for key, count in value.items()}
    return value


def _completion(text: str) -> Completion:
    at_ms, user, failed = text.split(":")
    return Completion(int(at_ms), user, failed == "1")
