"""What is known of a rollout, and what follows from it: the words the judge speaks in. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from functions.alerts.alarm import Alarm
from functions.metrics.performance import USUAL, Score
from functions.rollouts.baseline import Baseline
from functions.rollouts.evidence import Seen

LARGEST_FIGURE = 1e12
"""An e-value beyond it says no more, and JSON has no infinity."""

ALERT = "alert_"
CONTROL_ALERT = "control_alert_"
"""In figures, before the id of a rule that fires: on the candidate, and on the control as well."""


ALWAYS_VALID = "always-valid e-process"
SEQUENCE = "always-valid confidence sequence"
LIMIT = "comparison with a limit"
ALERTING = "alert rule"
COUNT = "count"
"""How verdicts are found: `Verdict.method`."""


class Kind(StrEnum):
    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NO_DATA = "no_data"
    PAUSE = "pause"
    ERROR = "error"
    """It could not be judged: nothing advances, and nothing is taken back for it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known now. `sentence` is for people, `figures` are the numbers that caused it.

    method           how it was found: the name of a test, or of a comparison with a limit
    value            what was measured; None where the rule measures nothing
    sample           how many requests, users or values it rests on
    window_seconds   the stretch of time that it was measured over
    """

    kind: Kind
    rule: str
    sentence: str
    figures: Mapping[str, float] = field(default_factory=dict)
    method: str = ""
    value: float | None = None
    sample: int = 0
    window_seconds: float = 0.0

    def to_document(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "rule": self.rule,
            "sentence": self.sentence,
            "figures": dict(self.figures),
            "method": self.method,
            "value": self.value,
            "sample": self.sample,
            "window_seconds": self.window_seconds,
        }

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Verdict:
        return Verdict(
            Kind(data["kind"]),
            data["rule"],
            data["sentence"],
            data["figures"],
            data.get("method", ""),
            data.get("value"),
            data.get("sample", 0),
            data.get("window_seconds", 0.0),
        )


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the rollout stands and what was seen.

    share            of the users who get the candidate, 0..1
    elapsed          seconds of this stage or watch, less its pauses
    needed           seconds that it takes at least
    since_shift      seconds since the split last changed, up or down
    raised           whether that change gave the candidate more users
    overdue          whether the deadline for a PASS has passed
    internal_before  internal failures a request, of both arms, just before the shift
    memory_before    the most memory of both arms just before the shift, 0..1
    closed           log e-values of the stages before this one
    began            when this stage or watch began, less its pauses (epoch seconds)
    resumed_at       when a person last let it go on; None when nobody has
    alarms           the alerts that fire on the candidate, the most severe first
    shared_alarms    those that fire on the control as well, with what was measured of it
    stage            index into the plan's stages
    audience         whether the candidate is for a segment only: then chance didn't choose who
                     gets it, and comparing both arms says nothing
    frozen           how the control was before the rollout; None when nobody looked
    score            how the service is scored
    budget_left      the share of the service's error budget that is left, below 0 when it is
                     overdrawn; None when nobody knows
    """

    seen: Seen
    share: float
    elapsed: float
    needed: float
    since_shift: float
    raised: bool = True
    overdue: bool = False
    internal_before: float = 0.0
    memory_before: float = 0.0
    closed: Sequence[float] = ()
    began: float = 0.0
    resumed_at: float | None = None
    alarms: Sequence[Alarm] = ()
    shared_alarms: Mapping[str, float | None] = field(default_factory=dict)
    budget_left: float | None = None
    stage: int = 0
    audience: bool = False
    frozen: Baseline | None = None
    score: Score = USUAL

    @property
    def window_seconds(self) -> float:
        """How long the stage was measured."""
        return round(self.elapsed, 1)


def alarm_figures(situation: Situation) -> dict[str, float]:
    """Every alert that fires, whatever decided: `alert_` and its rule, with its value;
    `control_alert_` with the control's where it suffers as well.

    What is only claimed is told where nothing better is known of its rule.
    """
    told: dict[str, float] = {}
    for alarm in sorted(situation.alarms, key=lambda each: not each.claimed):
        if alarm.value is None:
            continue
        told[f"{ALERT}{alarm.rule}"] = round(alarm.value, 4)
        of_control = situation.shared_alarms.get(alarm.name)
        if of_control is None:
            told.pop(f"{CONTROL_ALERT}{alarm.rule}", None)
        else:
            told[f"{CONTROL_ALERT}{alarm.rule}"] = round(of_control, 4)
    return told


def figures_of(situation: Situation) -> dict[str, float]:
    stage = situation.seen.stage
    return {
        "requests": stage.candidate.served,
        "failures": stage.candidate.failures,
        "failing_users": len(stage.candidate.users_failing),
        "requests_control": stage.control.served,
        "failures_control": stage.control.failures,
        "elapsed": round(situation.elapsed, 1),
        "stage": situation.stage,
    }


def percent(value: float) -> str:
    return f"{100 * value:.1f}".rstrip("0").rstrip(".") + " %"
