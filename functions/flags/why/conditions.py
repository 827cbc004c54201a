"""Why a condition holds over one context, or doesn't: taken apart into its parts. Pure.

Every part is evaluated by the closures that evaluate the whole, so the two can't disagree. Only
what an evaluation looks at is looked at here, in its order: an `and` down to the first part that
doesn't hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from functions.flags.logic.coercion import truthy
from functions.flags.logic.jsonlogic import LAZY, Compiler
from functions.flags.segment import Segment
from functions.flags.validation import REFERENCE, at
from functions.flags.why.sentences import fact, failed, is_negated, sentence
from functions.flags.why.step import CONDITION, ERROR, SEGMENT, Step
from functions.flags.why.values import operation, shown

MAXIMUM_NESTING = 24
MAXIMUM_STEPS = 2_000
"""Beyond these, conditions are told without being taken apart."""

CHAINS = ("if", "?:")
LONGEST_SUMMARY = 200
MOST_SUMMED_UP = 3


@dataclass(frozen=True)
class Judgement:
    """What a condition gave. `holds` is None when it could not be followed: `error` is why.

    said       the reason, as a clause, for what surrounds it
    own        the same for its own step, which its parts stand below; "" for `said`
    ruled_out  it is as it says, and a `!` wants it otherwise
    """

    value: Any
    holds: bool | None
    said: str
    steps: tuple[Step, ...] = ()
    kind: str = CONDITION
    own: str = ""
    ruled_out: bool = False
    error: Exception | None = None

    @property
    def told(self) -> str:
        return self._wanted(self.said)

    def step(self, path: str) -> Step:
        told = sentence(self._wanted(self.own or self.said))
        return Step(self.kind, path, told, self.holds, self.steps)

    def opened(self, path: str) -> tuple[Step, ...]:
        """The steps below one that tells of it in words of its own."""
        return (self.step(path),) if self.kind == SEGMENT else self.steps

    def _wanted(self, said: str) -> str:
        return f"{said}, and that is ruled out" if self.ruled_out else said


def places(rule: Any, path: str) -> list[tuple[str, Any]]:
    """The arguments of an operation with their paths."""
    name, arguments = operation(rule)
    if not name:
        return []
    here = at(path, name)
    if not isinstance(rule[name], list):
        return [(here, arguments[0])]
    return [(at(here, index), each) for index, each in enumerate(arguments)]


def _referred(rule: Any) -> str:
    """The evaluator that a rule stands for; "" for a rule of its own."""
    name = rule.get(REFERENCE) if isinstance(rule, dict) and len(rule) == 1 else None
    return name if isinstance(name, str) else ""


class Conditions:
    """The conditions of one flag, and of the segments they refer to, over one context."""

    def __init__(
        self,
        key: str,
        context: Mapping[str, Any],
        evaluators: Mapping[str, Any],
        segments: Mapping[str, Segment],
        now: float,
    ) -> None:
        """`now` is what `$flagd.timestamp` says, in seconds."""
        self._key = key
        self._compiler = Compiler(evaluators)
        self._evaluators = evaluators
        self._segments = segments
        self._known: dict[str, Judgement] = {}
        self._nesting = 0
        self._left = MAXIMUM_STEPS
        added = {"flagKey": key, "timestamp": int(now)}
        self.scope = {"targetingKey": None, **context, "$flagd": added}

    @property
    def user(self) -> Any:
        return self.scope["targetingKey"]

    def value(self, rule: Any) -> Any:
        """What a rule gives. Raises what it raises."""
        return self._compiler.rule(rule, self._key).rule(self.scope)

    def judge(self, rule: Any, path: str) -> Judgement:
        """Whether a condition holds, and why."""
        self._left -= 1
        if self._nesting >= MAXIMUM_NESTING or self._left < 0:
            return self._leaf(rule)
        self._nesting += 1
        try:
            return self._taken_apart(rule, path)
        finally:
            self._nesting -= 1

    def failure(self, rule: Any, error: Exception) -> Judgement:
        """What to say of a rule that fails."""
        return Judgement(None, None, failed(self._culprit(rule), error), kind=ERROR, error=error)

    def _taken_apart(self, rule: Any, path: str) -> Judgement:
        name, arguments = operation(rule)
        if name in ("and", "or") and arguments:
            return self._several(rule, path, until=name == "or")
        if name in ("!", "!!") and len(arguments) == 1:
            [(place, inner)] = places(rule, path)
            return _negated(self.judge(inner, place), negative=name == "!")
        segment = self._segments.get(_referred(rule))
        return self._segment(segment) if segment else self._leaf(rule)

    def _leaf(self, rule: Any) -> Judgement:
        try:
            value = self.value(rule)
        except Exception as error:  # whatever it is, an evaluation met it too
            return self.failure(rule, error)
        holds = truthy(value)
        said = fact(rule, value, self.value)
        return Judgement(value, holds, said, ruled_out=not holds and is_negated(rule))

    def _several(self, rule: Any, path: str, *, until: bool) -> Judgement:
        """`and`, down to the first part that doesn't hold; `or`, down to the first that does."""
        judged: list[Judgement] = []
        steps: list[Step] = []
        for place, inner in places(rule, path):
            each = self.judge(inner, place)
            judged.append(each)
            steps.append(each.step(place))
            if each.holds is None:
                return replace(each, steps=tuple(steps))
            if each.holds is until:
                own = _structure(len(operation(rule)[1]), until=until, holds=until)
                return Judgement(each.value, until, each.told, tuple(steps), own=own)
        own = _structure(len(judged), until=until, holds=not until)
        return Judgement(
            judged[-1].value, not until, _summary(judged) or own, tuple(steps), own=own
        )

    # Segments

    def _segment(self, segment: Segment) -> Judgement:
        known = self._known.get(segment.key)
        if known is None:
            known = self._belonging(segment)
            self._known[segment.key] = replace(known, steps=())  # once is enough
        return known

    def _belonging(self, segment: Segment) -> Judgement:
        named = f"the segment {shown(segment.key)} (revision {segment.revision})"
        steps, by_name = self._by_name(segment)
        if by_name is not None:
            is_out = self.user in segment.excluded
            words = "excluded" if is_out else "included" if by_name else "not included"
            return _belongs(named, f"they are {words} by name", steps, by_name, by_name)
        ruled = self.judge(dict(segment.rule), "$.rule")
        steps = (*steps, ruled.step("$.rule"))
        if ruled.holds is None:
            return replace(ruled, said=f"in {named}, {ruled.said}", steps=steps)
        return _belongs(named, ruled.told, steps, ruled.value, ruled.holds)

    def _by_name(self, segment: Segment) -> tuple[tuple[Step, ...], bool | None]:
        """Whether the user belongs by being named, or not; None where the rule has to say."""
        steps: tuple[Step, ...] = ()
        if segment.excluded:
            is_out = self.user in segment.excluded
            steps = (_named("$.excluded", "excluded", is_out, not is_out),)
            if is_out:
                return steps, False
        if segment.included or not segment.rule:
            is_in = self.user in segment.included
            steps = (*steps, _named("$.included", "included", is_in, is_in))
            if is_in or not segment.rule:
                return steps, is_in
        return steps, None

    # Failures

    def _culprit(self, rule: Any) -> Any:
        """The innermost part that fails."""
        while True:
            inner = next(filter(self._fails, self._reached(rule)), None)
            if inner is None:
                return rule
            rule = inner

    def _reached(self, rule: Any) -> Sequence[Any]:
        """The parts of a rule that fails, as far as an evaluation comes."""
        if isinstance(rule, list):
            return rule
        if _referred(rule) in self._evaluators:
            return [self._evaluators[_referred(rule)]]
        name, arguments = operation(rule)
        if name in CHAINS:
            return self._reached_of_chain(arguments)
        if name in LAZY and name not in ("and", "or"):
            return arguments[:1]
        return arguments

    def _reached_of_chain(self, arguments: Sequence[Any]) -> Sequence[Any]:
        """A condition that fails, or what the first one that holds leads to."""
        pairs = len(arguments) // 2 * 2
        for index in range(0, pairs, 2):
            if self._fails(arguments[index]) or truthy(self.value(arguments[index])):
                return arguments[index : index + 2]
        return arguments[pairs:]

    def _fails(self, rule: Any) -> bool:
        try:
            self.value(rule)
        except Exception:  # what it is, is told of the innermost part
            return True
        return False


def _negated(inner: Judgement, *, negative: bool) -> Judgement:
    if inner.holds is None:
        return inner
    holds = inner.holds != negative
    return replace(inner, value=holds, holds=holds, ruled_out=negative and not holds)


def _named(path: str, words: str, is_named: bool, holds: bool) -> Step:
    said = f"The user is {'' if is_named else 'not '}{words} by name."
    return Step(CONDITION, path, said, holds)


def _belongs(
    named: str, because: str, steps: tuple[Step, ...], value: Any, holds: bool
) -> Judgement:
    said = f"the user {'belongs' if holds else 'does not belong'} to {named}"
    return Judgement(value, holds, said, steps, SEGMENT, own=f"{said}, because {because}")


def _summary(judged: Sequence[Judgement]) -> str:
    """What all of them have said, if that is not too much."""
    said = ", and ".join(each.told for each in judged)
    return said if len(judged) <= MOST_SUMMED_UP and len(said) <= LONGEST_SUMMARY else ""


def _structure(count: int, *, until: bool, holds: bool) -> str:
    """What became of an `or` (`until`) or an `and` of so many conditions."""
    if count == 1:
        return f"its only condition {'holds' if holds else 'does not hold'}"
    if until:
        return f"{'one' if holds else 'none'} of its {count} conditions holds"
    return f"{'all' if holds else 'not all'} of its {count} conditions hold"
