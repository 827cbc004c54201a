"""Health checks of the candidate that go badly one after the other. Pure.

A prober asks both versions whether they are well, and reports it as the measure `health`.
"""

from __future__ import annotations

from functions.rollouts.harm import AFTER_SHIFT_SECONDS, INTERNAL, LIVE_SECONDS
from functions.rollouts.plan import Plan
from functions.rollouts.verdict import LIMIT, Kind, Situation, Verdict

RULE = "health"
IN_A_ROW = 3


def health(_plan: Plan, situation: Situation) -> Verdict | None:
    """Three in a row went badly. The control is well: FAIL. It is not: soon after a shift, FAIL to
    the split before, since both may share a process; later, or when nobody asked it, PAUSE."""
    candidate, control = situation.seen.unwell
    if candidate is None or candidate < IN_A_ROW:
        return None
    figures = {"unwell": float(candidate)}
    if control is not None:
        figures["unwell_control"] = float(control)
    if control is not None and control < IN_A_ROW:
        return _verdict(
            Kind.FAIL,
            RULE,
            f"Rolled back: the last {candidate} health checks of the new version went badly; the "
            "old one is well.",
            figures,
        )
    if control is not None and situation.since_shift <= AFTER_SHIFT_SECONDS and situation.raised:
        return _verdict(
            Kind.FAIL,
            INTERNAL,
            "Taken back to the split before: soon after it was changed, health checks of both "
            "versions went badly.",
            figures,
        )
    beside = "and of the old one too" if control is not None else "and the old one wasn't checked"
    return _verdict(
        Kind.PAUSE,
        RULE,
        f"Paused: the last {candidate} health checks of the new version went badly, {beside}. A "
        "person should look.",
        figures,
    )


def _verdict(kind: Kind, rule: str, sentence: str, figures: dict[str, float]) -> Verdict:
    unwell = int(figures["unwell"])
    return Verdict(kind, rule, sentence, figures, LIMIT, unwell, unwell, LIVE_SECONDS)
