"""Which flags have had their time, and why. Pure.

    ended     the day has passed by which the flag was to be gone
    settled   for 30 days what is published has given everybody the same, and nobody changed it;
              a split of 100 % is one, although who has no targeting key gets the default
    unused    for 30 days nobody has evaluated it, and nobody changed it

Permanent and archived flags are never stale. A killed flag is never settled: what everybody gets
then is the switch's doing, nobody has decided yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from functions.flags.counts import SYNCED
from functions.flags.flag import Flag
from functions.flags.outcomes import outcomes
from functions.published import timestamp

PATIENCE_SECONDS = 30 * 86_400


class Kind(StrEnum):
    ENDED = "ended"
    SETTLED = "settled"
    UNUSED = "unused"


@dataclass(frozen=True)
class Reason:
    """`since` is when it began to hold (epoch seconds); `sentence` says it to people."""

    kind: Kind
    since: float
    sentence: str

    def to_view(self) -> dict[str, Any]:
        return {"kind": str(self.kind), "since": self.since, "sentence": self.sentence}


@dataclass(frozen=True)
class Stale:
    """A flag that has had its time. `last_evaluated_at` is None when it never was, as far as is
    known."""

    flag: Flag
    reasons: tuple[Reason, ...]
    last_evaluated_at: float | None = None

    @property
    def key(self) -> str:
        return self.flag.key

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(str(reason.kind) for reason in self.reasons)


def find_stale(
    flags: Iterable[Flag],
    last_evaluated: Mapping[str, float],
    counting_since: float | None,
    now: float,
) -> list[Stale]:
    """The stale ones among `flags`, in their order.

    `last_evaluated` is by key, as `with_required` gives it; `counting_since` None: nothing was ever
    counted.
    """
    found = []
    for flag in flags:
        reasons = tuple(_reasons(flag, last_evaluated, counting_since, now))
        if reasons:
            found.append(Stale(flag, reasons, last_evaluated.get(flag.key)))
    return found


def requirements(flags: Iterable[Flag]) -> dict[str, list[str]]:
    """The prerequisites of each flag that isn't archived."""
    return {
        flag.key: [each.flag for each in flag.prerequisites]
        for flag in flags
        if flag.prerequisites and not flag.archived
    }


def with_required(
    last_evaluated: Mapping[str, float], requires: Mapping[str, Iterable[str]]
) -> dict[str, float]:
    """The times with those of prerequisites: a flag is evaluated, uncounted, with those that
    require it. `requires` is what `requirements` gives."""
    times = dict(last_evaluated)
    waiting = [key for key in requires if key in times]
    while waiting:
        key = waiting.pop()
        for required in requires.get(key, ()):
            if times.get(required, float("-inf")) < times[key]:
                times[required] = times[key]
                waiting.append(required)
    return times


def _reasons(
    flag: Flag, last_evaluated: Mapping[str, float], counting_since: float | None, now: float
) -> Iterable[Reason]:
    if flag.permanent or flag.archived:
        return
    if flag.ends_at is not None and flag.ends_at <= now:
        yield Reason(Kind.ENDED, flag.ends_at, f"It was to be gone by {_date(flag.ends_at)}.")
    # Flags of older bundles don't say when they changed: not since there was anything to count.
    changed_at = flag.updated_at or counting_since
    if changed_at is None or changed_at > now - PATIENCE_SECONDS or flag.split:
        return
    if not flag.killed:
        yield from _settled(flag, changed_at)
    if counting_since is not None:
        yield from _unused(flag, last_evaluated, max(changed_at, counting_since), now)


def _settled(flag: Flag, changed_at: float) -> Iterable[Reason]:
    published = flag.published()
    for who, possible in (
        ("Everybody gets", outcomes(published)),
        ("Everybody with a targeting key gets", outcomes(published, unhashed=False)),
    ):
        if possible is not None and len(possible) == 1:
            [variant] = possible
            what = "the default in their code" if variant is None else f"the variant {variant!r}"
            sentence = f"{who} {what}, at least since {_date(changed_at)}."
            yield Reason(Kind.SETTLED, changed_at, sentence)
            return


def _unused(
    flag: Flag, last_evaluated: Mapping[str, float], counted_since: float, now: float
) -> Iterable[Reason]:
    """flagd and its in-process providers evaluate by themselves: while they fetch the flags, nobody
    knows of any that it is unused."""
    known = [last_evaluated[key] for key in (flag.key, SYNCED) if key in last_evaluated]
    since = max([counted_since, *known])
    if since > now - PATIENCE_SECONDS:
        return
    at = last_evaluated.get(flag.key)
    last = "It has not been evaluated" if at is None else f"It was last evaluated on {_date(at)}"
    after = f" since {_date(counted_since)}" if at is None else ""
    yield Reason(Kind.UNUSED, since, f"{last}{after}.")


def _date(seconds: float) -> str:
    return timestamp(seconds).date().isoformat()
