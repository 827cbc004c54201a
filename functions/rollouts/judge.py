"""Is the candidate healthy? Values in, a verdict out; no clock and no store. Pure.

Rules are asked in this order; the first that has something to say decides:

    1. evidence   so many more of the candidate's users fail than the split explains: FAIL at once
    2. internal   crashes or exhaustion that began with a shift, in either arm: FAIL, to the
                  previous split; both arms share a process
    3. upstream   what both versions depend on is failing in both arms: PAUSE
    4. disaster   a large part of the candidate's requests fails: FAIL at once
    5. limits     errors, slowness or memory beyond the plan's limits in consecutive checks: FAIL
    6. alarms     an alert on the candidate that rolls back fires: FAIL, or one that pauses: PAUSE
    7. ratio      not as many users arrived as the split explains: PAUSE
    8. criteria   what the stage still needs: NO_DATA or INCONCLUSIVE, past its deadline PAUSE
    9.            otherwise PASS

4 to 6 take back only what the control doesn't suffer as well; a shared trouble pauses instead.
Only PASS advances. Users are counted by keyed hashes, each once a stage.
"""

from __future__ import annotations

from dataclasses import replace

from functions.rollouts.alarmed import alarms
from functions.rollouts.criteria import criteria, healthy
from functions.rollouts.harm import disaster, evidence, internal, limits, upstream
from functions.rollouts.plan import Plan
from functions.rollouts.sample_ratio import sample_ratio
from functions.rollouts.verdict import Situation, Verdict, alarm_figures

RULES = (evidence, internal, upstream, disaster, limits, alarms, sample_ratio, criteria)


def judge(plan: Plan, situation: Situation) -> Verdict:
    """The verdict of the first rule that has something to say, with every alert that fires."""
    verdict = _first(plan, situation)
    alerts = alarm_figures(situation)
    return replace(verdict, figures={**verdict.figures, **alerts}) if alerts else verdict


def _first(plan: Plan, situation: Situation) -> Verdict:
    for rule in RULES:
        verdict = rule(plan, situation)
        if verdict:
            return verdict
    return healthy(plan, situation)
