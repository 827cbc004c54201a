"""How often each flag gave each variant, day by day, and when it was last evaluated. Pure.

    ENV/evaluations/{YYYY-MM-DD}   the sum of what instances wrote down of that day, in UTC
    ENV/evaluations/last           when each flag was last evaluated, and since when that is counted

Both are sums of the documents that instances write (counts.py), each of which is counted for the
day of its first evaluation: it holds a minute, or what waited since an instance fell asleep.
"""

from __future__ import annotations

import datetime
import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.flags.counts import CODE_DEFAULT, ERROR, Counts, Served, variant_of
from functions.published import timestamp

COLLECTION = "evaluations"
LAST = "last"
DAY_SECONDS = 86_400
KEPT_DAYS = 180

MAXIMUM_BYTES = 900_000
"""Compressed. Firestore's documents hold 1 MiB."""

ANY = ERROR
"""The label of evaluations whose variants are no longer told apart: an error without a code."""

Sums = dict[str, dict[str, int]]
"""By flag and label, to be added to."""


@dataclass(frozen=True)
class LastEvaluated:
    """`since` is when counting began, None before; `at` when each flag was last evaluated."""

    since: float | None = None
    at: Mapping[str, float] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        return {
            "since": None if self.since is None else timestamp(self.since),
            "at": _compressed({key: int(at) for key, at in self.at.items()}),
        }

    @staticmethod
    def from_document(data: Mapping[str, Any] | None) -> LastEvaluated:
        if data is None:
            return LastEvaluated()
        since = data["since"]
        return LastEvaluated(since.timestamp() if since else None, _parsed(data["at"]))

    def of(self, keys: Collection[str]) -> LastEvaluated:
        """Of these flags only."""
        return LastEvaluated(self.since, {key: at for key, at in self.at.items() if key in keys})

    def after(self, served: Sequence[Served], now: float) -> LastEvaluated:
        """With what was served since. A clock that is ahead is not believed."""
        at = dict(self.at)
        for each in served:
            last_at = min(each.last_at, now)
            for key in each.counts:
                at[key] = max(at.get(key, 0), last_at)
        began = min((each.first_at for each in served), default=now)
        return LastEvaluated(min(began, now) if self.since is None else self.since, at)


@dataclass(frozen=True)
class Day:
    """What one flag gave on one day. `total` is all of it, also what is no longer told apart."""

    day: str
    total: int
    variants: Mapping[str, int]
    code_default: int
    errors: Mapping[str, int]

    def to_view(self) -> dict[str, Any]:
        return {
            "day": self.day,
            "total": self.total,
            "variants": dict(self.variants),
            "code_default": self.code_default,
            "errors": dict(self.errors),
        }


def day_of(seconds: float) -> str:
    """The name of a day, in UTC."""
    return timestamp(seconds).date().isoformat()


def days_until(now: float, number: int) -> list[str]:
    """So many days, the newest (today) first."""
    return [day_of(now - ago * DAY_SECONDS) for ago in range(number)]


def sums_by_day(served: Iterable[Served], now: float) -> dict[str, Sums]:
    """What was served, by day, flag and label."""
    days: dict[str, Sums] = {}
    for each in served:
        add(days.setdefault(day_of(min(each.first_at, now)), {}), each.counts)
    return days


def add(sums: Sums, counts: Counts) -> None:
    """Adds counts to sums, which are changed."""
    for key, counted in counts.items():
        known = sums.setdefault(key, {})
        for label, number in counted.items():
            known[label] = known.get(label, 0) + number


def day_document(day: str, sums: Counts) -> dict[str, Any]:
    """The document of a day. One that would be too large tells no variants apart."""
    counts = _compressed(sums)
    if len(counts) > MAXIMUM_BYTES:
        counts = _compressed({key: {ANY: sum(labels.values())} for key, labels in sums.items()})
    noon = datetime.datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()
    return {
        "day": day,
        "counts": counts,
        "expires_at": timestamp(noon + KEPT_DAYS * DAY_SECONDS),
    }


def sums_of(data: Mapping[str, Any] | None) -> Sums:
    """What a day's document holds; {} when there is none."""
    found: Sums = _parsed(data["counts"]) if data else {}
    return found


def day_of_flag(day: str, labels: Mapping[str, int]) -> Day:
    """What was counted of one flag on one day."""
    variants: dict[str, int] = {}
    errors: dict[str, int] = {}
    for label, number in labels.items():
        variant = variant_of(label)
        if variant:
            variants[variant] = number
        elif label not in (ANY, CODE_DEFAULT):
            errors[label.removeprefix(ERROR)] = number
    return Day(day, sum(labels.values()), variants, labels.get(CODE_DEFAULT, 0), errors)


def totals(days: Iterable[Counts], keys: Sequence[str]) -> dict[str, int]:
    """How often these flags were evaluated, over all of the days."""
    found = dict.fromkeys(keys, 0)
    for counts in days:
        for key in keys:
            found[key] += sum(counts.get(key, {}).values())
    return found


def _compressed(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":"), sort_keys=True).encode())


def _parsed(body: bytes) -> Any:
    return json.loads(zlib.decompress(body))
