"""A Cloud Run service as it was observed, compared with what is intended. Pure.

`traffic` is what Cloud Run was asked for, `traffic_statuses` what it does: the second follows the
first while it reconciles, and stays behind when that fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

WHOLE = 100


class Comparison(StrEnum):
    CONVERGED = "converged"
    """All traffic goes where it is meant to go."""
    CONVERGING = "converging"
    """Cloud Run was asked for it, and is at it."""
    DRIFTED = "drifted"
    """Cloud Run was asked for something else."""
    FAILED = "failed"
    """Cloud Run was asked for it, and could not do it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A share of the traffic. `revision` is a short name, "" for the latest that is ready; `tag`
    gives it an address of its own, whatever its share."""

    revision: str
    percent: int
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """
    etag        of this version of the service: an update that carries it is refused when somebody
                else has changed the service since
    asked       `traffic`
    serves      `traffic_statuses`
    latest      the newest revision that is ready, by its short name
    newest      the newest of all: what "the latest" is going to be, once Cloud Run is done
    settled     whether Cloud Run is done with what it was asked for last
    failure     why it could not do it; "" when it could
    """

    etag: str
    asked: tuple[Target, ...]
    serves: tuple[Target, ...]
    latest: str
    newest: str = ""
    settled: bool = True
    failure: str = ""

    @property
    def shares_asked(self) -> dict[str, int]:
        latest = self.latest if self.settled else self.newest
        return shares(self.asked or (Target("", WHOLE),), latest or self.latest)

    @property
    def shares(self) -> dict[str, int]:
        """Percent of the requests by revision, as they are served."""
        return shares(self.serves, self.latest)


def shares(targets: Iterable[Target], latest: str) -> dict[str, int]:
    """Percent by revision; tags alone get nothing."""
    found: dict[str, int] = {}
    for each in targets:
        if each.percent:
            name = each.revision or latest
            found[name] = found.get(name, 0) + each.percent
    return found


def compare(observed: Observed, revision: str) -> Comparison:
    """How a service stands to the intent that all its traffic go to one revision."""
    whole = {revision: WHOLE}
    if observed.shares_asked != whole:
        return Comparison.DRIFTED
    if not observed.settled:
        return Comparison.CONVERGING
    if observed.shares == whole:
        return Comparison.CONVERGED
    return Comparison.FAILED if observed.failure else Comparison.CONVERGING


def whole(asked: Iterable[Target], revision: str) -> tuple[Target, ...]:
    """What to ask for: everything to one revision. Every tag stays where it leads."""
    tags = [Target(each.revision, 0, each.tag) for each in asked if each.tag]
    return (Target(revision, WHOLE), *tags)


def said(found: Mapping[str, int]) -> str:
    """Shares in a few words, the largest first: `100 % to stories-00042-abc`."""
    by_size = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{percent} % {name}" for name, percent in by_size) or "nothing"
