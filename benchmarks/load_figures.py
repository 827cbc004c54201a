"""What a run under load comes to: the overhead beside the model, memory, leaks. Pure."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.process import MEGABYTE, Held, megabytes_a_minute
from benchmarks.row import Row
from benchmarks.story_clients import Answered

FULL_MINUTES = 10.0
COUNTED_SHARE = 0.8
"""The beginning is left out: buffers are made there, and the clients come one by one."""

CONNECTIONS_A_CLIENT = 1.25
"""To the model: the one of a call that has just ended may still be closing when the next begins."""

FAILED_SHARE = 0.01
"""With more failures than that it is no measurement of stories."""

Work = Sequence[tuple[float, float]]
"""From when to when the model was at work for a story; some of it may overlap."""


@dataclass(frozen=True)
class Run:
    """What was seen: answers to `at_once` clients, the model's work by mark and its connections,
    what the server held second by second, and what it held at rest, before the load and after."""

    minutes: float
    at_once: int
    answers: Sequence[Answered]
    work: Mapping[str, Work]
    connections: int
    most_connections: int
    samples: Sequence[Held]
    before: Held
    after: Held
    pinned: bool

    @property
    def counted(self) -> list[Answered]:
        """The good answers of the last COUNTED_SHARE of the run."""
        last = max(each.began for each in self.answers)
        begin = last - self.minutes * 60 * COUNTED_SHARE
        return [each for each in self.answers if each.good and each.began >= begin]

    @property
    def counted_samples(self) -> Sequence[Held]:
        return self.samples[int(len(self.samples) * (1 - COUNTED_SHARE)) :]

    @property
    def failed(self) -> list[Answered]:
        return [each for each in self.answers if not each.good]


def figures(run: Run) -> Iterator[Row]:
    """Raises RuntimeError when too many requests failed to call it a measurement."""
    if len(run.failed) > FAILED_SHARE * len(run.answers):
        first = run.failed[0]
        raise RuntimeError(
            f"{len(run.failed)} of {len(run.answers)} requests for a story failed; the first with "
            f"{first.status}: {first.problem}"
        )
    p95 = 1_000 * _share(0.95, (overhead(each, run.work[each.mark]) for each in run.counted))
    yield Row("stories.overhead_p95_ms", p95, "ms", "<=", 50, _of_time(run))
    if run.minutes >= FULL_MINUTES:
        rise = megabytes_a_minute(run.counted_samples)
        yield Row("stories.memory_mb_per_minute", rise, "MB", "<=", 1, _of_memory(run))
    yield Row("stories.leaked", leaked(run), "items", "==", 0, _of_leaks(run))


def overhead(answered: Answered, work: Work) -> float:
    """Seconds in which the client waited and the model wasn't at work for it."""
    busy, until = 0.0, answered.began
    for began, ended in sorted(work):
        busy += max(0.0, ended - max(until, began))
        until = max(until, ended)
    return answered.ended - answered.began - busy


def parts(answered: Answered, work: Work) -> dict[str, float]:
    """The same, divided: before the model was asked first, between its answers, and after them."""
    before = min(began for began, _ in work) - answered.began
    after = answered.ended - max(ended for _, ended in work)
    between = overhead(answered, work) - before - after
    return {"before": before, "between": between, "after": after}


def leaked(run: Run) -> int:
    """Threads and sockets held at rest after the load that were not held at rest before it, and
    connections to the model beyond those that so many clients can need at once."""
    return (
        max(0, run.after.threads - run.before.threads)
        + max(0, run.after.sockets - run.before.sockets)
        + max(0, run.most_connections - round(CONNECTIONS_A_CLIENT * run.at_once))
    )


def _of_time(run: Run) -> str:
    counted = run.counted
    median = 1_000 * _share(0.5, (overhead(each, run.work[each.mark]) for each in counted))
    where = ", ".join(
        f"{1_000 * _share(0.95, found):.0f} {name}" for name, found in _by_part(run).items()
    )
    firsts = [each.first - each.began for each in counted if each.first is not None]
    piece = f", the first piece after {1_000 * _share(0.5, firsts):.0f} ms" if firsts else ""
    spent = run.samples[-1].cpu - run.samples[0].cpu
    seconds = run.samples[-1].at - run.samples[0].at
    failures = dict(Counter(each.status for each in run.failed))
    return (
        f"{run.at_once} at once, {len(counted):,} stories in {COUNTED_SHARE:.0%} of "
        f"{run.minutes:g} min, {len(firsts):,} streamed{piece}; median {median:.0f} ms; "
        f"p95 of its parts {where}; {spent / seconds:.0%} of a core, "
        f"{1_000 * spent / len(run.answers):.0f} ms a story"
        f"{'' if run.pinned else '; not pinned to a core'}"
        f"{f'; failed, by status: {failures}' if failures else ''}"
    )


def _by_part(run: Run) -> dict[str, list[float]]:
    found = [parts(each, run.work[each.mark]) for each in run.counted]
    return {name: [each[name] for each in found] for name in ("before", "between", "after")}


def _of_memory(run: Run) -> str:
    first, last = run.counted_samples[0], run.counted_samples[-1]
    return (
        f"resident {first.resident / MEGABYTE:.0f} to {last.resident / MEGABYTE:.0f} MB over the "
        f"last {COUNTED_SHARE:.0%} of {run.minutes:g} min"
    )


def _of_leaks(run: Run) -> str:
    sockets = statistics.median(each.sockets for each in run.counted_samples)
    rise = megabytes_a_minute(run.counted_samples)
    return (
        f"at rest before and after: {run.before.threads} and {run.after.threads} threads, "
        f"{run.before.sockets} and {run.after.sockets} sockets ({sockets:.0f} under load); at most "
        f"{run.most_connections} connections to the model at once, {run.connections:,} in all for "
        f"{len(run.answers):,} stories; memory {rise:+.1f} MB a minute"
    )


def _share(share: float, values: Iterator[float] | Sequence[float]) -> float:
    """The value that so many are below (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
