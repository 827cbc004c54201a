"""Why a user gets what they get: what decided, in which words; and that an explanation comes to
what the evaluator comes to, whatever the flag and the context.

PALIER_EXAMPLES=20000 looks at that many flags, instead of a few.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.flags.clients.context import checked_context
from functions.flags.compile import compile_flags
from functions.flags.composition import Prerequisite
from functions.flags.flag import Flag
from functions.flags.publication import Edit, published
from functions.flags.segment import Segment
from functions.flags.split import Split
from functions.flags.why.explanation import explain
from functions.flags.why.step import Step
from tests.unit.flags.logic.strategies import (
    VARIANTS,
    contexts,
    evaluators,
    plain_targetings,
    targetings,
    texts,
    variant_names,
)

NOW = 1_800_000_000.5
DOCS = Path(__file__).parents[4] / "docs"
EXAMPLES = int(os.environ.get("PALIER_EXAMPLES", "0"))
pytestmark = [pytest.mark.timeout(7200)] if EXAMPLES else []
USERS = ("user-1", "user-2", "user-3", "a", "")

users = st.lists(st.sampled_from(USERS), max_size=2, unique=True).map(tuple)
simple = st.sampled_from(
    [
        {"if": [{"$ref": "e0"}, "on", {"==": [{"var": "a"}, "b"]}, "off"]},
        {"if": [{"and": [{"$ref": "e2"}, {"!": [{"var": "b"}]}]}, "on", "off"]},
        {"if": [{"or": [{"$ref": "e 1"}, {"in": ["a", {"var": "list"}]}]}, "é", None]},
        {"if": [{"!": [{"$ref": "e0"}]}, {"fractional": [["on", 30], ["off", 70]]}, "1"]},
        {"?:": [{"var": "a"}, {"if": [{"var": "b"}, "on"]}, True]},
        {"if": [{"var": "a"}, "on", {"?:": [{">": [{"/": [1, {"var": "b"}]}, 0]}, "off", "on"]}]},
        {"==": [{"var": "a"}, {"var": "b"}]},
        {"$ref": "e0"},
        {},
    ]
)


@st.composite
def segments(draw: st.DrawFn) -> dict[str, Segment]:
    made = {}
    for key, rule in draw(evaluators).items():
        included = draw(users)
        as_rule = rule if isinstance(rule, dict) else {"!!": [rule]}
        made[key] = Segment(key, as_rule, included, draw(users), revision=3)
    return made


@st.composite
def flags(draw: st.DrawFn, key: str, requirable: tuple[str, ...]) -> Flag:
    definition = {
        "state": draw(st.sampled_from(["ENABLED"] * 9 + ["DISABLED"])),
        "variants": VARIANTS,
        "defaultVariant": draw(st.one_of(st.none(), variant_names)),
        "targeting": draw(st.one_of(simple, plain_targetings, targetings)),
    }
    required = draw(st.lists(st.sampled_from(requirable), unique=True)) if requirable else []
    accepted = st.lists(variant_names, min_size=1, max_size=4, unique=True).map(tuple)
    control, candidate = draw(variant_names), draw(variant_names)
    percentage = draw(st.sampled_from([0, 0.5, 50, 99.99, 100]))
    split = Split("r-1", draw(st.sampled_from("st")), control, candidate, percentage)
    return Flag(
        key,
        definition,
        prerequisites=tuple(Prerequisite(each, draw(accepted)) for each in required),
        targets={draw(variant_names): draw(users)} if draw(st.booleans()) else {},
        off_variant=draw(st.one_of(st.none(), variant_names)),
        archived=draw(st.sampled_from([False] * 9 + [True])),
        killed=draw(st.sampled_from([False] * 9 + [True])),
        split=split if draw(st.booleans()) else None,
    )


asked = st.tuples(flags("c", ("a", "b", "gone")), flags("b", ("a",)), flags("a", ()))
user_contexts = st.tuples(contexts, st.one_of(st.none(), st.sampled_from(USERS), texts)).map(
    lambda pair: {**pair[0], "targetingKey": pair[1]}
)


def everything(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from everything(step.steps)


@settings(
    max_examples=EXAMPLES or 60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
    database=None,
)
@given(asked, segments(), user_contexts, st.booleans())
def test_an_explanation_comes_to_what_is_evaluated(
    made: tuple[Flag, Flag, Flag],
    segments: dict[str, Segment],
    context: dict[str, Any],
    anonymous: bool,
) -> None:
    if anonymous:
        del context["targetingKey"]
    checked_context(context)
    flag, *required = made
    part = published({}, Edit(flags=made, segments=list(segments.values())))
    evaluator = compile_flags(part["document"], now=lambda: NOW)
    expected = evaluator.evaluate(flag.key, context)
    explanation = explain(flag, {each.key: each for each in required}, segments, context, NOW)
    verdict = explanation.verdict
    assert verdict[:3] == (expected.variant, expected.reason, expected.error_code)
    assert explanation.evaluation == expected
    steps = list(everything(verdict.steps))
    assert all(step.sentence.endswith(".") and step.path.startswith("$") for step in steps)
    assert max(len(step.sentence) for step in steps) < 2_000
    json.dumps(explanation.to_view())


# What decided, in words

PRO = {"==": [{"var": "plan"}, "pro"]}
BETA = Segment("beta-users", {"==": [{"var": "plan"}, "beta"]}, ("user-1",), revision=3)
SPLIT = Split("r-7dbbff2042f4", "salt", "off", "on", 10)


def flag(key: str = "f", targeting: Any = None, **more: Any) -> Flag:
    definition = {
        "state": more.pop("state", "ENABLED"),
        "variants": {"on": True, "off": False},
        "defaultVariant": more.pop("default", "off"),
        **({"targeting": targeting} if targeting else {}),
    }
    return Flag(key, definition, **more)


LIBRARY = flag("library", {"if": [PRO, "on"]})
READER = flag(
    "reader", {"if": [True, "on"]}, prerequisites=(Prerequisite("library", ("on",)),),
    off_variant="off",
)  # fmt: skip
CODE = "apps use the default in their code."

TABLE: Mapping[str, tuple[Flag, dict[str, Any], str, str, str]] = {
    "archived": (
        flag(archived=True), {}, "archived", "$.archived",
        f"The flag is archived and no longer published: {CODE}",
    ),
    "disabled": (
        flag(state="DISABLED"), {}, "disabled", "$.state", f"The flag is disabled: {CODE}",
    ),
    "killed": (
        flag(killed=True, off_variant="off", split=SPLIT), {}, "kill switch", "$.killed",
        'The kill switch is on: everybody gets the off variant "off".',
    ),
    "killed to the code": (
        flag(killed=True), {}, "kill switch", "$.killed",
        f"The kill switch is on, and there is no off variant: {CODE}",
    ),
    "prerequisite": (
        READER, {"plan": "free"}, "prerequisite", "$.prerequisites[0]",
        'The flag "library" must give "on", but gives this user "off". The user gets the off '
        'variant "off".',
    ),
    "target": (
        flag(targets={"on": ("ada",)}, split=SPLIT), {"targetingKey": "ada"}, "target",
        "$.targets.on", 'The user "ada" is named to get "on".',
    ),
    "only rule": (
        flag(targeting={"if": [PRO, "on"]}), {"plan": "pro"}, "rule", "$.targeting.if[0]",
        'The rule applies: plan is "pro". The user gets "on".',
    ),
    "second rule": (
        flag(targeting={"if": [PRO, "on", {"$ref": "beta-users"}, "off"]}), {"plan": "beta"},
        "rule", "$.targeting.if[2]",
        'Rule 2 applies: the user belongs to the segment "beta-users" (revision 3). The user gets '
        '"off".',
    ),
    "rule in an else": (
        flag(targeting={"if": [PRO, "on", {"if": [{"var": "beta"}, "off"]}]}), {"beta": True},
        "rule", "$.targeting.if[2].if[0]", 'Rule 2 applies: beta is true. The user gets "off".',
    ),
    "rule in a rule": (
        flag(targeting={"if": [{"var": "beta"}, {"if": [PRO, "on", "off"]}]}), {"beta": True},
        "rule", "$.targeting.if[1].if[2]", 'Rule 1.1 does not apply. Everybody else gets "off".',
    ),
    "else": (
        flag(targeting={"if": [PRO, "on", {"var": "beta"}, "on", "off"]}), {}, "rule",
        "$.targeting.if[4]", 'None of the 2 rules applies. Everybody else gets "off".',
    ),
    "no rule": (
        flag(targeting={"if": [PRO, "on"]}), {}, "default", "$.defaultVariant",
        'The rule does not apply. The user gets the default variant "off".',
    ),
    "no rules": (
        flag(), {}, "default", "$.defaultVariant",
        'The flag has no rules. Everybody gets the default variant "off".',
    ),
    "no default": (
        flag(targeting={"if": [PRO, "on"]}, default=None), {}, "default", "$.defaultVariant",
        f"The rule does not apply. There is no default variant: {CODE}",
    ),
    "candidate": (
        flag(split=SPLIT), {"targetingKey": "user-7"}, "split", "$.split",
        'The rollout r-7dbbff2042f4 gives "on" to 10 % of the users: buckets 0 to 999 of 10,000. '
        'This user is in bucket 905. The user gets the candidate "on".',
    ),
    "control": (
        flag(targeting={"if": [PRO, "on", "off"]}, split=SPLIT), {"targetingKey": "user-18"},
        "split", "$.split",
        'The rule does not apply. The rollout r-7dbbff2042f4 gives "on" to 10 % of the users: '
        "buckets 0 to 999 of 10,000. This user is in bucket 7,496. The user gets the control "
        '"off".',
    ),
    "nobody in particular": (
        flag(split=SPLIT), {}, "split", "$.split",
        "The rollout r-7dbbff2042f4 picks users by their targetingKey, which is not given. The "
        'user gets the control "off".',
    ),
    "own split": (
        flag(targeting={"fractional": [["on", 1], ["off", 3]]}), {"targetingKey": "user-7"},
        "split", "$.targeting",
        'The rules split the users by their targetingKey: buckets 1 to 3 of 4 (75 %) get "off". '
        'This user is in bucket 3. The user gets "off".',
    ),
    "split in a rule": (
        flag(targeting={"if": [PRO, {"fractional": [{"var": "email"}, ["on", 1], ["off", 1]]}]}),
        {"plan": "pro", "email": "a@b.c"}, "split", "$.targeting.if[1]",
        'The rules split the users by email: bucket 0 of 2 (50 %) gets "on". This user is in '
        'bucket 0. The user gets "on".',
    ),
    "split by nothing": (
        flag(targeting={"fractional": [["on", 1], ["off", 3]]}), {}, "default", "$.defaultVariant",
        'No variant was chosen. The user gets the default variant "off".',
    ),
    "value": (
        flag(targeting={"if": [True, {"var": "plan"}]}), {"plan": "on"}, "rule",
        "$.targeting.if[1]", 'The rule gives "on", from plan. The user gets "on".',
    ),
    "no variant": (
        flag(targeting={"if": [True, {"var": "plan"}]}), {"plan": "pro"}, "error",
        "$.targeting.if[1]",
        'The rule gives "pro", from plan. It leads to "pro", which is no variant of this flag: '
        f"{CODE}",
    ),
    "failure": (
        flag(targeting={"if": [PRO, "on", {">": [{"/": [1, {"var": "n"}]}, 0]}, "on"]}), {"n": 0},
        "error", "$.targeting.if[2]",
        "Rule 2 can't be followed: 1 / n divides by zero. Apps use the default in their code.",
    ),
    "no segment": (
        flag(targeting={"if": [{"$ref": "nobody"}, "on"]}), {}, "error", "$.targeting.if[0]",
        "The rule can't be followed: there is no segment \"nobody\". Apps use the default in "
        "their code.",
    ),
    "failing prerequisite": (
        flag(prerequisites=(Prerequisite("broken", ("on",)),), off_variant="off"), {"n": 0},
        "error", "$.prerequisites[0]",
        'The flag "broken" must give "on", but fails. The rule can\'t be followed: 1 / n divides '
        "by zero. Apps use the default in their code.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "context", "kind", "path", "said"), TABLE.values(), ids=TABLE)
def test_what_decided(
    asked: Flag, context: dict[str, Any], kind: str, path: str, said: str
) -> None:
    broken = flag("broken", {"if": [{"/": [1, {"var": "n"}]}, "on"]})
    required = {each.key: each for each in (LIBRARY, broken)}
    view = explain(asked, required, {BETA.key: BETA}, context, NOW).to_view()
    assert view["decided_by"] == {"kind": kind, "path": path, "sentence": said}
    last = view["steps"][-1]
    assert view["decided_by"] == {name: last[name] for name in view["decided_by"]}


def test_a_flag_that_is_required_is_explained_within() -> None:
    [met, rule] = explain(READER, {"library": LIBRARY}, {}, {"plan": "pro"}, NOW).verdict.steps
    assert (met.kind, met.holds) == ("prerequisite", True)
    assert met.sentence == 'The flag "library" must give "on", and does.'
    [inside] = met.steps
    assert inside.sentence == 'The rule applies: plan is "pro". The user gets "on".'
    assert rule.kind == "rule"


def test_flags_that_require_each_other_are_no_rules() -> None:
    first = flag("a", prerequisites=(Prerequisite("b", ("on",)),), off_variant="off")
    second = flag("b", prerequisites=(Prerequisite("a", ("on",)),), off_variant="off")
    explanation = explain(first, {"b": second}, {}, {}, NOW)
    assert explanation.evaluation.error_code == explanation.verdict.error_code == "PARSE_ERROR"
    assert explanation.verdict.steps[-1].kind == "error"


def test_a_number_beyond_what_can_be_written_is_no_variant() -> None:
    rule = {"if": [True, {"*": [10**400] * 20}]}
    explanation = explain(flag(targeting=rule), {}, {}, {}, NOW)
    assert explanation.evaluation.error_code == explanation.verdict.error_code == "GENERAL"


def test_what_is_long_stays_in_bounds() -> None:
    rules = [each for number in range(1_500) for each in ({"==": [{"var": "a"}, number]}, "on")]
    rule = {"if": [{"or": [{"or": [{"var": "b"}] * 50}] * 60}, "on", *rules]}
    explanation = explain(flag(targeting=rule), {}, {}, {"a": "x" * 600}, NOW)
    assert len(json.dumps(explanation.to_view())) < 1_000_000


def test_the_example_of_the_documents() -> None:
    """The guide shows the answer to what it asks."""
    guide = (DOCS / "how-to" / "flags.md").read_text()
    section = guide.partition("## Why does a user get this?")[2].partition("\n## ")[0]
    question = json.loads(section.partition("-d '")[2].partition("'")[0])
    answer = json.loads(section.partition("```json")[2].partition("```")[0])
    adult = {"and": [PRO, {">=": [{"var": "age"}, 18]}]}
    reader = flag(
        "new-reader",
        {"if": [adult, "on", {"$ref": "beta-users"}, "on"]},
        prerequisites=(Prerequisite("new-library", ("on",)),),
        off_variant="off",
    )
    library = flag("new-library", {"if": [{"in": [{"var": "country"}, ["DE", "FR"]]}, "on"]})
    segments = {"beta-users": BETA}
    explained = explain(reader, {"new-library": library}, segments, question["context"], NOW)
    assert answer == {"key": "new-reader", "revision": 1, "generation": 5, **explained.to_view()}
