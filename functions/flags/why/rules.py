"""What a flag's rules lead to over one context, and by which way: a chain of rules down to the one
that applies, and what this one gives. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from functions.flags.why.buckets import split_told
from functions.flags.why.conditions import CHAINS, MAXIMUM_NESTING, Conditions, places
from functions.flags.why.step import ERROR, RULE, SPLIT, Step
from functions.flags.why.values import operation, shown
from functions.flags.why.words import expression

LABEL = "Rule "


@dataclass(frozen=True)
class Outcome:
    """The value that rules lead to, the steps on the way, and the last one, which gives the value.

    Without a last step none of the rules applied, as `said` tells. `error` is why they failed.
    `to_others`: the value is for everybody to whom no rule applies.
    """

    value: Any
    steps: tuple[Step, ...] = ()
    last: Step | None = None
    said: str = ""
    error: Exception | None = None
    to_others: bool = False


@dataclass
class Branches:
    """Of a chain, with the chains in its last `else`: (path, condition), (path, what it leads to);
    and that last `else`, if there is one."""

    pairs: list[tuple[tuple[str, Any], tuple[str, Any]]] = field(default_factory=list)
    otherwise: tuple[str, Any] | None = None

    @staticmethod
    def of(rule: Any, path: str) -> Branches:
        branches = Branches()
        while True:
            arguments = places(rule, path)
            branches.pairs += zip(arguments[::2], arguments[1::2], strict=False)
            if len(arguments) % 2 == 0:
                return branches
            path, rule = arguments[-1]
            if operation(rule)[0] not in CHAINS:
                branches.otherwise = path, rule
                return branches


def follow(conditions: Conditions, rule: Any, path: str) -> Outcome:
    """What a rule leads to."""
    return _follow(conditions, rule, path, LABEL)


def _follow(conditions: Conditions, rule: Any, path: str, label: str) -> Outcome:
    """`label` is what its rules are called, before their number: `Rule 2.` inside of rule 2."""
    name, arguments = operation(rule)
    if name in CHAINS and label.count(".") < MAXIMUM_NESTING:
        return _chain(conditions, Branches.of(rule, path), label)
    if name == "fractional" and arguments:
        return _split(conditions, rule, path)
    return _given(conditions, rule, path)


def _chain(conditions: Conditions, branches: Branches, label: str) -> Outcome:
    steps: list[Step] = []
    count = len(branches.pairs)
    for number, ((place, condition), (then_place, then)) in enumerate(branches.pairs, 1):
        name = _named(label, number, count)
        judged = conditions.judge(condition, place)
        opened = judged.opened(place)
        if judged.error:
            said = f"{name} can't be followed: {judged.said}."
            return _failed(steps, Step(ERROR, place, said, None, opened), judged.error)
        does = "applies" if judged.holds else "does not apply"
        steps.append(Step(RULE, place, f"{name} {does}: {judged.told}.", judged.holds, opened))
        if judged.holds:
            return _then(conditions, then, then_place, steps, f"{label}{number}.")
    said = _none_of(count, label)
    if branches.otherwise is None:
        return Outcome(None, tuple(steps), None, said)
    place, last = branches.otherwise
    steps.append(Step(RULE, place, said or "The rules are the same for everybody."))
    return replace(_then(conditions, last, place, steps, label), to_others=True)


def _then(conditions: Conditions, then: Any, path: str, steps: list[Step], label: str) -> Outcome:
    """What follows on the last of the steps."""
    if not operation(then)[0] and not isinstance(then, list):
        return Outcome(then, tuple(steps[:-1]), steps[-1])
    inner = _follow(conditions, then, path, label)
    return replace(inner, steps=(*steps, *inner.steps))


def _split(conditions: Conditions, rule: Any, path: str) -> Outcome:
    """A split that the rules make themselves."""
    arguments = operation(rule)[1]
    try:
        variant = conditions.value(rule)
        values = [conditions.value(each) for each in arguments]
    except Exception as error:  # whatever it is, an evaluation met it too
        said = f"The split can't be made: {conditions.failure(rule, error).said}."
        return _failed([], Step(ERROR, path, said), error)
    said = split_told(arguments, values, conditions.scope, variant)
    return Outcome(variant, (), Step(SPLIT, path, said))


def _given(conditions: Conditions, rule: Any, path: str) -> Outcome:
    """A rule that is a value, or gives one by itself."""
    judged = conditions.judge(rule, path)
    opened = judged.opened(path)
    if judged.error:
        said = f"The rule can't be followed: {judged.said}."
        return _failed([], Step(ERROR, path, said, None, opened), judged.error)
    if isinstance(judged.value, bool):
        said = f"The rule gives {shown(judged.value)}: {judged.told}."
    else:
        said = f"The rule gives {shown(judged.value)}, from {expression(rule)}."
    return Outcome(judged.value, (), Step(RULE, path, said, None, opened))


def _failed(steps: list[Step], last: Step, error: Exception) -> Outcome:
    return Outcome(None, tuple(steps), last, "", error)


def _none_of(count: int, label: str) -> str:
    if count < 2:
        return f"{_named(label, 1, 1)} does not apply." if count else ""
    return f"None of the {count:,} {'rules' if label == LABEL else 'inner rules'} applies."


def _named(label: str, number: int, count: int) -> str:
    return "The rule" if label == LABEL and count == 1 else f"{label}{number}"
