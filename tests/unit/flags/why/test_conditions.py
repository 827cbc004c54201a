"""What is said of every operator: a condition, whether it holds over CONTEXT, and the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from functions.flags.logic.jsonlogic import LAZY
from functions.flags.logic.operators import EAGER
from functions.flags.segment import Segment
from functions.flags.why.conditions import Conditions
from functions.flags.why.sentences import sentence

CONTEXT: Mapping[str, Any] = {
    "targetingKey": "user-1",
    "plan": "free",
    "age": 17,
    "email": "ada@example.com",
    "app": "2.3.9",
    "roles": ["editor"],
    "tags": [],
    "beta": True,
    "zero": 0,
    "yes": "yes",
    "n": 12,
    "text1": "1",
    "home": "DE",
    "ship": "FR",
    "orders": [{"total": 5}, {"total": 250}],
    "user": {"city": "Paris"},
    "odd name": 1,
    "long": "y" * 3000,
}
SEGMENTS = {
    "beta-users": Segment("beta-users", {"==": [{"var": "beta"}, True]}, revision=3),
    "named": Segment("named", {}, ("user-1",), revision=2),
    "others": Segment("others", {"==": [{"var": "plan"}, "pro"]}, ("user-2",), revision=4),
    "without": Segment("without", {"==": [{"var": "beta"}, True]}, (), ("user-1",), revision=5),
    "broken": Segment("broken", {"==": [{"/": [1, {"var": "zero"}]}, 1]}, revision=1),
}


def var(name: str) -> dict[str, str]:
    return {"var": name}


OVER_100 = {">": [var("total"), 100]}

TABLE: Mapping[str, tuple[Any, bool | None, str]] = {
    "equal": ({"==": [var("plan"), "free"]}, True, 'plan is "free"'),
    "unequal": ({"==": [var("plan"), "pro"]}, False, 'plan is "free", not "pro"'),
    "constant first": ({"==": ["pro", var("plan")]}, False, 'plan is "free", not "pro"'),
    "missing": ({"==": [var("nope"), "pro"]}, False, 'nope is not given, so it is not "pro"'),
    "null": ({"==": [var("nope"), None]}, True, "nope is not given"),
    "loosely": ({"==": [var("text1"), 1]}, True, 'text1 is "1", which equals 1'),
    "strictly": ({"===": [var("text1"), 1]}, False, 'text1 is "1", not 1'),
    "not equal": ({"!=": [var("plan"), "pro"]}, True, 'plan is "free", not "pro"'),
    "ruled out": ({"!=": [var("plan"), "free"]}, False, 'plan is "free", and that is ruled out'),
    "strictly not": ({"!==": [var("n"), 12]}, False, "n is 12, and that is ruled out"),
    "two attributes": (
        {"==": [var("home"), var("ship")]},
        False,
        'home is "DE", not the same as ship ("FR")',
    ),
    "beside a missing one": (
        {"==": [var("home"), var("nope")]},
        False,
        'home is "DE", not the same as nope (not given)',
    ),
    "default": ({"==": [{"var": ["nope", "pro"]}, "pro"]}, True, 'nope is "pro" by default'),
    "lists": (
        {"==": [var("roles"), ["editor"]]},
        False,
        'roles is ["editor"], and a list or an object equals only itself',
    ),
    "less": ({"<": [var("age"), 18]}, True, "age is 17, less than 18"),
    "at least": ({">=": [var("age"), 18]}, False, "age is 17, not at least 18"),
    "flipped": ({"<": [18, var("age")]}, False, "age is 17, not more than 18"),
    "as zero": (
        {"<=": [var("nope"), 18]},
        True,
        "nope is not given and counts as 0, at most 18",
    ),
    "between": ({"<=": [18, var("age"), 65]}, False, "age is 17, not between 18 and 65"),
    "within": (
        {">": [18, var("age"), 0]},
        True,
        "age is 17, between 0 and 18 (both excluded)",
    ),
    "two numbers": ({">": [var("age"), var("n")]}, True, "age is 17, more than n (12)"),
    "one of": ({"in": [var("home"), ["DE", "FR"]]}, True, 'home is "DE", one of "DE" and "FR"'),
    "one of many": (
        {"in": [var("home"), ["AT", "BE", "CH", "ES", "FR", "IT", "PT"]]},
        False,
        'home is "DE", not one of "AT", "BE", "CH", "ES", "FR" and 2 more',
    ),
    "one of one": ({"in": [var("plan"), ["pro"]]}, False, 'plan is "free", not "pro"'),
    "contains": (
        {"in": ["admin", var("roles")]},
        False,
        'roles is ["editor"], which does not contain "admin"',
    ),
    "in text": ({"in": [var("home"), "DE,FR"]}, True, 'home is "DE", in "DE,FR"'),
    "in a list": ({"in": [var("home"), [var("ship")]]}, False, 'home is "DE", not in ["FR"]'),
    "starts": (
        {"starts_with": [var("email"), "ada"]},
        True,
        'email is "ada@example.com", which starts with "ada"',
    ),
    "ends": (
        {"ends_with": [var("nope"), ".org"]},
        False,
        'nope is not given, so it does not end with ".org"',
    ),
    "version": (
        {"sem_ver": [var("app"), ">=", "2.4.0"]},
        False,
        'app is "2.3.9", not version 2.4.0 or later',
    ),
    "major": (
        {"sem_ver": [var("app"), "^", "2.0.0"]},
        True,
        'app is "2.3.9", of the same major version as 2.0.0',
    ),
    "other version": (
        {"sem_ver": [var("app"), "!=", "2.3.9"]},
        False,
        'app is "2.3.9", the same version as 2.3.9, and that is ruled out',
    ),
    "no version": (
        {"sem_ver": [var("plan"), "<", "2.4.0"]},
        False,
        'plan is "free", which is no version',
    ),
    "true": (var("beta"), True, "beta is true"),
    "counts as true": (var("yes"), True, 'yes is "yes", which counts as true'),
    "counts as false": (var("zero"), False, "zero is 0, which counts as false"),
    "absent": (var("nope"), False, "nope is not given"),
    "not": ({"!": [var("beta")]}, False, "beta is true, and that is ruled out"),
    "not absent": ({"!": var("nope")}, True, "nope is not given"),
    "not not": ({"!": [{"!": [var("beta")]}]}, True, "beta is true"),
    "truth": ({"!!": [var("yes")]}, True, 'yes is "yes", which counts as true'),
    "and": (
        {"and": [var("beta"), {"==": [var("plan"), "pro"]}, var("nope")]},
        False,
        'plan is "free", not "pro"',
    ),
    "all of and": (
        {"and": [var("beta"), {"==": [var("plan"), "free"]}]},
        True,
        'beta is true, and plan is "free"',
    ),
    "or": ({"or": [var("nope"), var("beta")]}, True, "beta is true"),
    "none of or": (
        {"or": [var("nope"), var("zero")]},
        False,
        "nope is not given, and zero is 0, which counts as false",
    ),
    "too many": ({"or": [var("nope")] * 4}, False, "none of its 4 conditions holds"),
    "not all": (
        {"!": [{"and": [var("beta"), var("nope")]}]},
        True,
        "nope is not given",
    ),
    "missing keys": ({"missing": ["email", "fax"]}, True, "fax is not given"),
    "no missing keys": ({"missing": [["email", "age"]]}, False, "email and age are given"),
    "missing some": (
        {"missing_some": [1, ["phone", "fax"]]},
        True,
        "fewer than 1 of phone and fax are given",
    ),
    "some": (
        {"some": [var("orders"), OVER_100]},
        True,
        'orders is [{"total": 5}, {"total": 250}], which has an item for which total is more '
        "than 100",
    ),
    "all": (
        {"all": [var("orders"), OVER_100]},
        False,
        'orders is [{"total": 5}, {"total": 250}], which does not have only items for which total '
        "is more than 100",
    ),
    "none": (
        {"none": [var("roles"), {"==": [var(""), "editor"]}]},
        False,
        'roles is ["editor"], which has an item for which it is "editor", and that is ruled out',
    ),
    "nested": (
        {"some": [var("tags"), {"and": [{"==": [var("a"), 1]}, {"!": [var("b")]}]}]},
        False,
        "tags is [], which does not have an item for which a is 1 and not (b is true)",
    ),
    "sum": ({">": [{"+": [var("n"), var("age")]}, 20]}, True, "n + age is 29, more than 20"),
    "difference": ({"==": [{"-": [var("n"), 2]}, 10]}, True, "n - 2 is 10"),
    "product": ({"<": [{"*": [var("n"), 2]}, 10]}, False, "n * 2 is 24, not less than 10"),
    "quotient": ({">": [{"/": [var("n"), 2]}, 10]}, False, "n / 2 is 6, not more than 10"),
    "remainder": ({"==": [{"%": [var("n"), 10]}, 3]}, False, "the remainder of n / 10 is 2, not 3"),
    "smallest": ({"==": [{"min": [var("n"), 9]}, 9]}, True, "the smallest of n and 9 is 9"),
    "largest": ({"==": [{"max": [var("n"), 9]}, 9]}, False, "the largest of n and 9 is 12, not 9"),
    "text": (
        {"==": [{"cat": [var("home"), "-", var("ship")]}, "DE-FR"]},
        True,
        'the joined text of home, "-" and ship is "DE-FR"',
    ),
    "first": (
        {"==": [{"substr": [var("email"), 0, 3]}, "ada"]},
        True,
        'the first 3 characters of email is "ada"',
    ),
    "last": (
        {"==": [{"substr": [var("email"), -3]}, "org"]},
        False,
        'the last 3 characters of email is "com", not "org"',
    ),
    "joined lists": (
        {"in": ["x", {"merge": [var("roles"), var("tags")]}]},
        False,
        'the joined list of roles and tags is ["editor"], which does not contain "x"',
    ),
    "log": ({"==": [{"log": var("plan")}, "pro"]}, False, 'plan is "free", not "pro"'),
    "filter": (
        {"filter": [var("orders"), OVER_100]},
        True,
        'the items of orders for which total is more than 100 is [{"total": 250}], which counts '
        "as true",
    ),
    "map": (
        {"map": [var("orders"), var("total")]},
        True,
        "total of each item of orders is [5, 250], which counts as true",
    ),
    "reduce": (
        {"==": [{"reduce": [var("orders"), {"+": [var("accumulator"), 1]}, 0]}, 2]},
        True,
        'the items of orders, summed up by {"+": [{"var": "accumulator"}, 1]} is 2',
    ),
    "choice": (
        {"==": [{"if": [var("beta"), "a", "b"]}, "a"]},
        True,
        '("a" if beta is true, otherwise "b") is "a"',
    ),
    "other choice": (
        {"?:": [var("zero"), "a", ""]},
        False,
        '("a" if zero is true, otherwise "") is "", which counts as false',
    ),
    "fractional": (
        {"==": [{"fractional": ["x", ["a", 1]]}, "b"]},
        False,
        'a split of the users is "a", not "b"',
    ),
    "always": (True, True, "it always holds"),
    "never": (False, False, "it never holds"),
    "value": ("x", True, '"x" counts as true'),
    "as JSON": ({"==": [1, 1]}, True, '{"==": [1, 1]} gives true'),
    "unusual": (
        {"==": [{"substr": ["abc", 1, 1]}, "b"]},
        True,
        '{"substr": ["abc", 1, 1]} is "b"',
    ),
    "time": (
        {"<": [var("$flagd.timestamp"), 1_900_000_000]},
        True,
        "the time is 2027-01-15 08:00:00 UTC, before 2030-03-17 17:46:40 UTC",
    ),
    "key": ({"==": [var("$flagd.flagKey"), "f"]}, True, 'the flag\'s key is "f"'),
    "user": ({"==": [var("targetingKey"), "bo"]}, False, 'the user is "user-1", not "bo"'),
    "path": ({"==": [var("user.city"), "Paris"]}, True, 'user.city is "Paris"'),
    "odd name": ({"==": [var("odd name"), 1]}, True, '"odd name" is 1'),
    "long": (
        {"==": [var("long"), "x"]},
        False,
        f'long is "{"y" * 60}…" (3,000 characters), not "x"',
    ),
    "segment": (
        {"$ref": "beta-users"},
        True,
        'the user belongs to the segment "beta-users" (revision 3)',
    ),
    "not the segment": (
        {"!": [{"$ref": "named"}]},
        False,
        'the user belongs to the segment "named" (revision 2), and that is ruled out',
    ),
    "division": ({"==": [{"/": [1, var("zero")]}, 1]}, None, "1 / zero divides by zero"),
    "no operator": ({"and": [{"nope": [1]}]}, None, 'there is no operator "nope"'),
    "no segment": ({"$ref": "nobody"}, None, 'there is no segment "nobody"'),
    "broken segment": (
        {"$ref": "broken"},
        None,
        'in the segment "broken" (revision 1), 1 / zero divides by zero',
    ),
}  # fmt: skip


def conditions(context: Mapping[str, Any] = CONTEXT) -> Conditions:
    evaluators = {key: segment.compiled() for key, segment in SEGMENTS.items()}
    return Conditions("f", context, evaluators, SEGMENTS, 1_800_000_000)


@pytest.mark.parametrize(("rule", "holds", "said"), TABLE.values(), ids=TABLE)
def test_a_condition(rule: Any, holds: bool | None, said: str) -> None:
    judged = conditions().judge(rule, "$")
    assert (judged.holds, judged.told) == (holds, said)


def operators_of(rule: Any) -> Iterator[str]:
    if isinstance(rule, dict) and len(rule) == 1:
        yield from rule
    for each in rule.values() if isinstance(rule, dict) else rule if isinstance(rule, list) else ():
        yield from operators_of(each)


def test_every_operator_is_in_the_table() -> None:
    shown = {name for rule, _, _ in TABLE.values() for name in operators_of(rule)}
    assert {*EAGER, *LAZY} <= shown


@pytest.mark.parametrize(
    ("key", "holds", "said", "steps"),
    [
        pytest.param(
            "beta-users",
            True,
            "because beta is true",
            [("$.rule", True, "beta is true.")],
            id="by rule",
        ),
        pytest.param(
            "named",
            True,
            "because they are included by name",
            [("$.included", True, "The user is included by name.")],
            id="by name",
        ),
        pytest.param(
            "others",
            False,
            'because plan is "free", not "pro"',
            [
                ("$.included", False, "The user is not included by name."),
                ("$.rule", False, 'plan is "free", not "pro".'),
            ],
            id="not by rule",
        ),
        pytest.param(
            "without",
            False,
            "because they are excluded by name",
            [("$.excluded", False, "The user is excluded by name.")],
            id="excluded",
        ),
    ],
)
def test_a_segment(key: str, holds: bool, said: str, steps: list[tuple[str, bool, str]]) -> None:
    step = conditions().judge({"$ref": key}, "$.targeting.if[0]").step("$.targeting.if[0]")
    revision = SEGMENTS[key].revision
    does = "belongs" if holds else "does not belong"
    told = f'The user {does} to the segment "{key}" (revision {revision}), {said}.'
    assert (step.kind, step.holds, step.sentence) == ("segment", holds, told)
    assert [(each.path, each.holds, each.sentence) for each in step.steps] == steps


def test_a_segment_is_taken_apart_once() -> None:
    judged = conditions().judge({"and": [{"$ref": "named"}, {"$ref": "named"}]}, "$")
    assert [len(step.steps) for step in judged.steps] == [1, 0]


def test_what_is_nested_too_deeply_is_told_as_a_whole() -> None:
    rule: Any = var("beta")
    for _ in range(120):
        rule = {"and": [rule]}
    judged = conditions().judge(rule, "$")
    assert judged.holds
    assert str(judged.steps).count("Step(") == 24


@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param("the user is old", "The user is old.", id="prose"),
        pytest.param("plan is old", "plan is old.", id="name"),
    ],
)
def test_a_sentence_keeps_the_name_of_an_attribute(said: str, told: str) -> None:
    assert sentence(said) == told
