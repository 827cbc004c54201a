"""Whether a rollback came about: its checks over the looks of the next minutes. Pure.

Each check is ok, failed or unknown; one that can't say yet is pending, until DEADLINE_SECONDS have
passed. What is settled stays.
"""

from __future__ import annotations

from dataclasses import replace

from functions.rollouts.after.checks import RULES, TRAFFIC
from functions.rollouts.after.rollback import Check, Rollback, Status
from functions.rollouts.after.seen import DEADLINE_SECONDS, Seen, of_candidate


def verified(rollback: Rollback, seen: Seen) -> Rollback:
    """The rollback with what is known now; itself when nothing new is."""
    found = replace(rollback, last_candidate_at=_last_candidate(rollback, seen))
    known = {check.name: check for check in rollback.checks}
    checks = tuple(
        known[name] if name in known and known[name].settled else _checked(name, found, seen)
        for name in _asked(rollback, seen)
    )
    if checks == rollback.checks and found == rollback:
        return rollback
    return replace(found, checks=checks, checked_at=seen.now)


def _asked(rollback: Rollback, seen: Seen) -> list[str]:
    """Traffic is looked at where it is moved, or is to be."""
    known = [check.name for check in rollback.checks]
    wanted = [name for name in RULES if name != TRAFFIC or seen.traffic is not None]
    return [name for name in RULES if name in wanted or name in known]


def _checked(name: str, rollback: Rollback, seen: Seen) -> Check:
    status, english, french, figures = RULES[name](rollback, seen)
    if status is Status.PENDING:
        if seen.now < rollback.at + DEADLINE_SECONDS:
            return Check(name)
        english, french = TRAFFIC_OPEN if name == TRAFFIC else NOTHING_KNOWN
        status = Status.UNKNOWN
    return Check(name, status, seen.now, english, french, figures)


NOTHING_KNOWN = (
    "Nothing could be said within ten minutes: too little was served.",
    "Rien n'a pu être établi en dix minutes : trop peu a été servi.",
)

TRAFFIC_OPEN = (
    "Cloud Run has not sent all traffic to the stable revision within ten minutes: users have the "
    "version before by the flag alone. It is tried for a day, and you are told how it ends.",
    "Cloud Run n'a pas envoyé tout le trafic à la révision stable en dix minutes : seul le drapeau "
    "rend la version précédente aux utilisateurs. Palier insiste pendant un jour, et vous saurez "
    "comment cela finit.",
)


def _last_candidate(rollback: Rollback, seen: Seen) -> float:
    windows = of_candidate(rollback, seen)
    ends = [float(window.end) for window in windows if window.end > rollback.at]
    return max([rollback.last_candidate_at, *ends])
