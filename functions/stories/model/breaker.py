"""When a model is not asked for a while, because it keeps failing. Pure: states and what follows.

    closed     asked; opens when of enough recent calls too large a share has failed
    open       not asked, until `open_seconds` have passed
    half open  one call is let through: it closes or opens again

Only failures that another model might not share count: upstream trouble, limits of rate, and
waiting in vain. Of a call that was waited for in silence nobody knows whether the model hangs or
whether the call asked for more than fits: such calls count only while nobody at all gets an answer.
So versions that share a model don't pay for the one whose prompt runs long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple


@dataclass(frozen=True)
class Rule:
    """Of the calls that ended in the last `window_seconds`, `share` must have failed, of at least
    `least`."""

    window_seconds: float = 30.0
    least: int = 10
    share: float = 0.5
    open_seconds: float = 10.0
    probe_seconds: float = 60.0
    """A probe that says nothing for so long has been lost."""


RULE = Rule()


class Call(NamedTuple):
    """`silent`: it failed, and it may be its own fault."""

    ended_at: float
    failed: bool
    silent: bool = False


Ticket = int
"""Which era a call was let through in. What ends in a later one says nothing any more."""


@dataclass(frozen=True)
class Breaker:
    """Of one model in one process. `opened_at` None: closed. `probing_since`: a probe is out."""

    recent: Sequence[Call] = ()
    opened_at: float | None = None
    probing_since: float | None = None
    era: Ticket = 0


CLOSED = Breaker()


def admit(breaker: Breaker, now: float, rule: Rule = RULE) -> tuple[Ticket | None, Breaker]:
    """The ticket of a call that may be sent now, None when it may not; what is known afterwards."""
    if breaker.opened_at is None:
        return breaker.era, breaker
    if now < breaker.opened_at + rule.open_seconds:
        return None, breaker
    probing = breaker.probing_since
    if probing is not None and now <= probing + rule.probe_seconds:
        return None, breaker
    half_open = replace(breaker, probing_since=now, era=breaker.era + 1)
    return half_open.era, half_open


def ended(
    breaker: Breaker,
    ticket: Ticket,
    now: float,
    failed: bool | None,
    rule: Rule = RULE,
    *,
    silent: bool = False,
) -> Breaker:
    """What is known once a call that was admitted has ended. `failed` None: it says nothing of the
    model, such as a call that was cancelled. `silent`: it failed because it was waited for in vain,
    and nothing could have come before its end."""
    if ticket != breaker.era:
        return breaker
    if breaker.opened_at is not None:
        return _probed(breaker, now, failed)
    if failed is None:
        return breaker
    since = now - rule.window_seconds
    kept = (call for call in breaker.recent if call.ended_at > since)
    recent = (*kept, Call(now, failed, silent))
    if _keeps_failing(recent, rule):
        return Breaker(opened_at=now, era=breaker.era + 1)
    return replace(breaker, recent=recent)


def _keeps_failing(recent: Sequence[Call], rule: Rule) -> bool:
    answers = any(not call.failed for call in recent)
    counted = [call for call in recent if not (answers and call.silent)]
    failures = sum(call.failed for call in counted)
    return len(counted) >= rule.least and failures >= rule.share * len(counted)


def _probed(breaker: Breaker, now: float, failed: bool | None) -> Breaker:
    era = breaker.era + 1
    if failed is None:
        return replace(breaker, probing_since=None, era=era)
    return Breaker(opened_at=now if failed else None, era=era)
