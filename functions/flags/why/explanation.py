"""Why a user gets what they get from a flag: layer by layer, down to the one that decides. Pure.

The outcome is the evaluator's own, on the flag as it is published. The layers are taken apart in
the order in which composition.py puts them around each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from functions.flags import split as splits
from functions.flags.compile import compile_flags
from functions.flags.composition import NO_VARIANT, REQUIRED, Prerequisite, met, without_else
from functions.flags.evaluation import (
    DEFAULT,
    DISABLED,
    ERROR,
    FLAG_NOT_FOUND,
    GENERAL,
    PARSE_ERROR,
    STATIC,
    TARGETING_MATCH,
    Evaluation,
)
from functions.flags.flag import Flag
from functions.flags.logic.jsonlogic import RuleError
from functions.flags.logic.references import ReferenceLoop
from functions.flags.publication import Edit, published
from functions.flags.segment import Segment
from functions.flags.split import Split
from functions.flags.validation import at
from functions.flags.why import step as kinds
from functions.flags.why.buckets import rollout_told
from functions.flags.why.conditions import MAXIMUM_NESTING, Conditions
from functions.flags.why.rules import Outcome, follow
from functions.flags.why.step import Step
from functions.flags.why.values import listed, shown

IN_CODE = "apps use the default in their code"
SO_IN_CODE = " Apps use the default in their code."


class Verdict(NamedTuple):
    """What a flag comes to, and the steps that led there: the last one decided."""

    variant: str | None
    reason: str
    error_code: str | None
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Explanation:
    """`evaluation` is what an app gets; `verdict` comes to the same, with the reasons."""

    evaluation: Evaluation
    verdict: Verdict

    def to_view(self) -> dict[str, Any]:
        evaluation, steps = self.evaluation, self.verdict.steps
        code = {"errorCode": evaluation.error_code} if evaluation.error_code else {}
        decided = steps[-1]
        return {
            "evaluation": {
                "value": evaluation.value,
                "variant": evaluation.variant,
                "reason": evaluation.reason,
                **code,
            },
            "decided_by": {
                "kind": decided.kind,
                "path": decided.path,
                "sentence": decided.sentence,
            },
            "steps": [step.to_view() for step in steps],
        }


def explain(
    flag: Flag,
    required: Mapping[str, Flag],
    segments: Mapping[str, Segment],
    context: Mapping[str, Any],
    now: float,
) -> Explanation:
    """`required` are the flags that this one requires, and those that they require; `segments`
    those that any of their rules refer to. `now` is what `$flagd.timestamp` says."""
    edit = Edit(flags=[*required.values(), flag], segments=[*segments.values()])
    document = published({}, edit)["document"]
    definition = document["flags"].get(flag.key)
    alone = {**document, "flags": {flag.key: definition} if definition else {}}
    evaluation = compile_flags(alone, now=lambda: now).evaluate(flag.key, context)
    conditions = Conditions(flag.key, context, document.get("$evaluators", {}), segments, now)
    if evaluation.error_code == PARSE_ERROR and not _is_readable(definition or {}, conditions):
        said = f"The rules can't be read: {evaluation.detail}{SO_IN_CODE}"
        step = Step(kinds.ERROR, "$.targeting", said)
        return Explanation(evaluation, _error(PARSE_ERROR, (), step))
    return Explanation(evaluation, _Layers(required, conditions).verdict(flag))


def _is_readable(definition: Mapping[str, Any], conditions: Conditions) -> bool:
    try:
        conditions.value(definition.get("targeting"))
    except (ReferenceLoop, RecursionError):
        return False
    except Exception:  # a rule that fails is told of where it is met
        return True
    return True


class _Layers:
    """The layers of a flag and of those that it requires, each taken apart once."""

    def __init__(self, required: Mapping[str, Flag], conditions: Conditions) -> None:
        self._required = required
        self._conditions = conditions
        self._told: set[str] = set()
        self._nesting = 0

    def verdict(self, flag: Flag) -> Verdict:
        ended = _ended(flag)
        if ended:
            return ended
        steps: list[Step] = []
        for index, each in enumerate(flag.prerequisites):
            step, error = self._prerequisite(each, f"$.prerequisites[{index}]")
            if error:
                return _failed(steps, step, error)
            if not step.holds:
                return _concluded(flag, flag.off_variant, steps, step, "the off variant ")
            steps.append(step)
        target = self._target(flag)
        if target:
            variant, step = target
            if step.holds:
                return Verdict(variant, TARGETING_MATCH, None, (*steps, step))
            steps.append(step)
        return self._ruled(flag, steps)

    def _prerequisite(self, each: Prerequisite, path: str) -> tuple[Step, Exception | None]:
        wanted = listed([shown(name) for name in each.variants], "or")
        said = f"The flag {shown(each.flag)} must give {wanted}"
        inside = self._inside(each.flag)
        try:
            given = self._conditions.value({"$ref": REQUIRED + each.flag})
            is_met = bool(self._conditions.value(met(each)))
        except Exception as error:  # whatever it is, an evaluation met it too
            why = f" {inside[-1].sentence.removesuffix(SO_IN_CODE)}" if inside else ""
            return Step(kinds.ERROR, path, f"{said}, but fails.{why}", None, inside), error
        gives = "no variant" if given in (None, NO_VARIANT) else shown(variant_name(given))
        if is_met:
            said = (
                f"{said}, and does." if len(each.variants) == 1 else f"{said}, and gives {gives}."
            )
        else:
            said = f"{said}, but gives this user {gives}."
        return Step(kinds.PREREQUISITE, path, said, is_met, inside), None

    def _inside(self, key: str) -> tuple[Step, ...]:
        """The steps of a flag that is required; once is enough."""
        flag = self._required.get(key)
        if flag is None or key in self._told or self._nesting >= MAXIMUM_NESTING:
            return ()
        self._told.add(key)
        self._nesting += 1
        try:
            return self.verdict(flag).steps
        finally:
            self._nesting -= 1

    def _target(self, flag: Flag) -> tuple[str, Step] | None:
        """None for a flag without individual targets."""
        user = self._conditions.user
        targets = {name: users for name, users in flag.targets.items() if users}
        if not targets:
            return None
        for variant, users in targets.items():
            if user in users:
                said = f"The user {shown(user)} is named to get {shown(variant)}."
                return variant, Step(kinds.TARGET, at("$.targets", variant), said, True)
        said = f"The user {shown(user)} is not named to get any variant."
        if user is None:
            said = "Without a targetingKey, no user can be named to get a variant."
        return "", Step(kinds.TARGET, "$.targets", said, False)

    def _ruled(self, flag: Flag, steps: list[Step]) -> Verdict:
        """What the flag's own rules say, the split below them, and the default at last."""
        own = flag.definition.get("targeting")
        if own and flag.split:
            own = without_else(own, flag.split)
        outcome = follow(self._conditions, own, "$.targeting") if own else Outcome(None)
        steps = [*steps, *outcome.steps]
        if outcome.error and outcome.last:
            return _failed(steps, outcome.last, outcome.error)
        if outcome.value is not None and outcome.last:
            return _concluded(flag, outcome.value, steps, outcome.last, others=outcome.to_others)
        said = outcome.said
        if outcome.last:
            steps.append(outcome.last)
            said = "No variant was chosen."
        if flag.split:
            return self._split(flag, flag.split, steps, said)
        return _default(flag, steps, said, DEFAULT if own or steps else STATIC)

    def _split(self, flag: Flag, split: Split, steps: list[Step], said: str) -> Verdict:
        variant = self._conditions.value(splits.rule(split))
        audience = split.audience_of(lambda key: bool(self._conditions.value({"$ref": key})))
        told = rollout_told(split, self._conditions.user, audience)
        told = " ".join(filter(None, (said, told)))
        step = Step(kinds.SPLIT, "$.split", told)
        if variant is None:
            return _default(flag, [*steps, step], "", DEFAULT)
        what = "the candidate " if variant == split.candidate else "the control "
        return _concluded(flag, variant, steps, step, what)


def _concluded(
    flag: Flag,
    value: Any,
    steps: Sequence[Step],
    step: Step,
    what: str = "",
    *,
    others: bool = False,
) -> Verdict:
    """The verdict when a step gives a value; the step says so."""
    if value is None:
        return _default(flag, [*steps, step], "", DEFAULT)
    name = variant_name(value)
    if not name or flag.definition["variants"].get(name) is None:
        said = f"It leads to {shown(value)}, which is no variant of this flag: {IN_CODE}."
        return _error(GENERAL, steps, replace(step.and_so(said), kind=kinds.ERROR))
    who = "Everybody else" if others else "The user"
    last = step.and_so(f"{who} gets {what}{shown(name)}.")
    return Verdict(name, TARGETING_MATCH, None, (*steps, last))


def variant_name(value: Any) -> str:
    """The name of a variant, of what a rule gives; "" when there is none of such a name."""
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return str(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return ""


def _ended(flag: Flag) -> Verdict | None:
    """The verdict on a flag that is the same for everybody, whatever its layers say."""
    if flag.archived:
        said = f"The flag is archived and no longer published: {IN_CODE}."
        step = Step("archived", "$.archived", said, True)
        return Verdict(None, ERROR, FLAG_NOT_FOUND, (step,))
    if flag.definition["state"] == "DISABLED":
        step = Step("disabled", "$.state", f"The flag is disabled: {IN_CODE}.", True)
        return Verdict(None, DISABLED, None, (step,))
    if not flag.killed:
        return None
    name = flag.off_variant
    if name is None:
        said = f"The kill switch is on, and there is no off variant: {IN_CODE}."
    else:
        said = f"The kill switch is on: everybody gets the off variant {shown(name)}."
    step = Step("kill switch", "$.killed", said, True)
    return Verdict(name, DISABLED if name is None else STATIC, None, (step,))


def _default(flag: Flag, steps: Sequence[Step], said: str, reason: str) -> Verdict:
    name = flag.definition.get("defaultVariant") or None
    who = "Everybody gets" if reason == STATIC else "The user gets"
    why = "The flag has no rules." if reason == STATIC else said
    if name is None:
        told = f"There is no default variant: {IN_CODE}."
        reason = DEFAULT
    else:
        told = f"{who} the default variant {shown(name)}."
    step = Step(kinds.DEFAULT, "$.defaultVariant", f"{why} {told}".strip())
    if name is not None and name not in flag.definition["variants"]:
        told = f"The default variant {shown(name)} is none of the flag's variants: {IN_CODE}."
        return _error(GENERAL, steps, Step(kinds.ERROR, "$.defaultVariant", told))
    return Verdict(name, reason, None, (*steps, step))


def _failed(steps: Sequence[Step], step: Step, error: Exception) -> Verdict:
    code = PARSE_ERROR if isinstance(error, RuleError) else GENERAL
    return _error(code, steps, step.and_so(SO_IN_CODE.strip()))


def _error(code: str, steps: Sequence[Step], step: Step) -> Verdict:
    return Verdict(None, ERROR, code, (*steps, step))
