"""What flagd's documents and jsonlogic.com say of the operators, case by case.

The cases are our own, after https://flagd.dev/reference/custom-operations/ and
https://jsonlogic.com/operations.html. An operator is shown by the variant that it names: `yes` and
`no` stand for what counts as true or false; MISSING for null, which leads to the default variant.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from functions.flags.compile import compile_flags

MISSING = "default"
VARIANTS = {name: name for name in ("true", "false", "default", "a", "b", "c")}


def variant(rule: Any, **context: Any) -> str:
    flag = {
        "state": "ENABLED",
        "variants": VARIANTS,
        "defaultVariant": "default",
        "targeting": rule,
    }
    found = compile_flags({"flags": {"flag": flag}}).evaluate("flag", context, "string")
    if found.variant == "default":
        assert found.reason == "DEFAULT"
    return found.error_code or str(found.variant)


SEM_VER: list[tuple[Any, str, Any, str]] = [
    ("2.0.0", "=", "2.0.0", "true"),
    ("2.0.0", "!=", "2.0.1", "true"),
    ("2.0.0", "=", "2.0.1", "false"),
    ("1.9.9", "<", "1.10.0", "true"),
    ("1.10.0", "<=", "1.10.0", "true"),
    ("10.0.0", ">", "9.0.0", "true"),
    ("10.0.0", ">=", "11.0.0", "false"),
    # a range: the same major, the same minor
    ("1.9.0", "^", "1.2.3", "true"),
    ("1.0.0", "^", "1.2.3", "true"),
    ("2.0.0", "^", "1.2.3", "false"),
    ("0.3.0", "^", "0.2.0", "true"),
    ("1.2.9", "~", "1.2.3", "true"),
    ("1.3.0", "~", "1.2.3", "false"),
    ("2.2.3", "~", "1.2.3", "false"),
    # pre-releases come before the release, in the order of semver.org
    ("1.0.0-alpha", "<", "1.0.0-alpha.1", "true"),
    ("1.0.0-alpha.1", "<", "1.0.0-alpha.beta", "true"),
    ("1.0.0-alpha.beta", "<", "1.0.0-beta", "true"),
    ("1.0.0-beta.2", "<", "1.0.0-beta.11", "true"),
    ("1.0.0-rc.1", "<", "1.0.0", "true"),
    ("1.0.0-rc.1", "=", "1.0.0", "false"),
    # build metadata says nothing
    ("1.0.0+5", "=", "1.0.0+6", "true"),
    ("1.0.0+5", "<", "1.0.0+6", "false"),
    ("1.0.0-a+5", "=", "1.0.0-a", "true"),
    # a leading v, missing parts, numbers
    ("v1.2.3", "=", "1.2.3", "true"),
    ("V1.2.3", "=", "v1.2.3", "true"),
    ("1", "=", "1.0.0", "true"),
    ("1.2", "=", "1.2.0", "true"),
    ("1.2-beta", "<", "1.2", "true"),
    ("v2", "^", "2.7.1", "true"),
    (2, ">", "1.9", "true"),
    (1.2, "=", "1.2.0", "true"),
    (1.0, "=", "1", "true"),
    # what is no version, or no comparison, is null
    ("1.2.3.4", "=", "1.2.3", MISSING),
    ("1.02.3", "=", "1.2.3", MISSING),
    ("latest", "=", "1.2.3", MISSING),
    ("", "=", "1.2.3", MISSING),
    (None, "=", "1.2.3", MISSING),
    (True, "=", "1.0.0", MISSING),
    ("1.2.3", "=", "x", MISSING),
    ("1.2.3", "==", "1.2.3", MISSING),
    ("1.2.3", "", "1.2.3", MISSING),
]


@pytest.mark.parametrize(("left", "comparison", "right", "expected"), SEM_VER)
def test_sem_ver(left: Any, comparison: str, right: Any, expected: str) -> None:
    assert variant({"sem_ver": [{"var": "v"}, comparison, right]}, v=left) == expected
    assert variant({"sem_ver": [left, comparison, {"var": "v"}]}, v=right) == expected


@pytest.mark.parametrize("arguments", [[], ["1.0.0"], ["1.0.0", "="], ["1", "=", "1", "1"], "1"])
def test_sem_ver_takes_three(arguments: Any) -> None:
    assert variant({"sem_ver": arguments}) == MISSING


AFFIXES: list[tuple[str, list[Any], str]] = [
    ("starts_with", ["palier", "pal"], "true"),
    ("starts_with", ["palier", "Pal"], "false"),
    ("starts_with", ["palier", ""], "true"),
    ("starts_with", ["日本語", "日"], "true"),
    ("ends_with", ["palier", "lier"], "true"),
    ("ends_with", ["palier", "pal"], "false"),
    ("starts_with", [123, "1"], MISSING),
    ("starts_with", ["123", 1], MISSING),
    ("ends_with", [None, "x"], MISSING),
    ("ends_with", [["x"], "x"], MISSING),
    ("ends_with", ["x"], MISSING),
    ("starts_with", ["x", "x", "x"], MISSING),
    ("starts_with", [], MISSING),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), AFFIXES)
def test_starts_with_and_ends_with(name: str, arguments: list[Any], expected: str) -> None:
    assert variant({name: arguments}) == expected
    if arguments:
        assert variant({name: [{"var": "text"}, *arguments[1:]]}, text=arguments[0]) == expected


JSONLOGIC: list[tuple[Any, str]] = [
    ({"==": [1, 1]}, "true"),
    ({"==": [1, "1"]}, "true"),
    ({"==": [0, False]}, "true"),
    ({"===": [1, 1]}, "true"),
    ({"===": [1, "1"]}, "false"),
    ({"!=": [1, 2]}, "true"),
    ({"!=": [1, "1"]}, "false"),
    ({"!==": [1, "1"]}, "true"),
    ({"!": [True]}, "false"),
    ({"!": True}, "false"),
    ({"!": [[]]}, "true"),
    ({"!!": [[]]}, "false"),
    ({"!!": ["0"]}, "true"),
    ({"!!": [0]}, "false"),
    ({"!!": [""]}, "false"),
    ({"or": [True, False]}, "true"),
    ({"or": [False, "a"]}, "a"),
    ({"or": [False, 0, "a"]}, "a"),
    ({"and": [True, "a", "b"]}, "b"),
    ({"and": [True, None, "b"]}, MISSING),
    ({"if": [True, "a", "b"]}, "a"),
    ({"if": [False, "a", "b"]}, "b"),
    ({"if": [False, "a", False, "b", "c"]}, "c"),
    ({"if": [False, "a", True, "b", "c"]}, "b"),
    ({"?:": [False, "a", "b"]}, "b"),
    ({"if": ["a"]}, "a"),
    ({"if": []}, MISSING),
    ({">": [2, 1]}, "true"),
    ({">=": [1, 1]}, "true"),
    ({"<": [1, 2]}, "true"),
    ({"<=": [1, 1]}, "true"),
    ({"<": [1, 2, 3]}, "true"),
    ({"<": [1, 1, 3]}, "false"),
    ({"<": [1, 4, 3]}, "false"),
    ({"<=": [1, 1, 3]}, "true"),
    ({"in": ["Spring", "Springfield"]}, "true"),
    ({"in": ["i", "team"]}, "false"),
    ({"in": ["b", ["a", "b"]]}, "true"),
    ({"in": [1, [1, 2]]}, "true"),
    ({"in": ["1", [1, 2]]}, "false"),
    ({"in": [None, ["a", None]]}, "true"),
    ({"in": [["a"], [["a"]]]}, "true"),
    ({"in": ["a", None]}, "false"),
    ({"cat": ["", "a"]}, "a"),
    ({"cat": "b"}, "b"),
    ({"substr": ["abc", 0, 1]}, "a"),
    ({"substr": ["abc", -1]}, "c"),
    ({"substr": ["abc", 1, -1]}, "b"),
    ({"===": [{"+": [4, 2]}, 6]}, "true"),
    ({"===": [{"+": "3.5"}, 3.5]}, "true"),
    ({"===": [{"-": [4, 2]}, 2]}, "true"),
    ({"===": [{"-": [2]}, -2]}, "true"),
    ({"===": [{"*": [2, 2, 2]}, 8]}, "true"),
    ({"===": [{"/": [4, 2]}, 2]}, "true"),
    ({"===": [{"%": [101, 2]}, 1]}, "true"),
    ({"===": [{"max": [1, 2, 3]}, 3]}, "true"),
    ({"===": [{"min": [1, 2, 3]}, 1]}, "true"),
    ({"===": [{"merge": [[1, 2], 3, [4]]}, [1, 2, 3, 4]]}, "true"),
    ({"===": [{"map": [[1, 2], {"*": [{"var": ""}, 2]}]}, [2, 4]]}, "true"),
    ({"===": [{"filter": [[1, 2, 3], {"%": [{"var": ""}, 2]}]}, [1, 3]]}, "true"),
    (
        {
            "===": [
                {"reduce": [[1, 2], {"+": [{"var": "current"}, {"var": "accumulator"}]}, 0]},
                3,
            ]
        },
        "true",
    ),
    ({"all": [[1, 2], {">": [{"var": ""}, 0]}]}, "true"),
    ({"all": [[], True]}, "false"),
    ({"some": [[-1, 1], {">": [{"var": ""}, 0]}]}, "true"),
    ({"none": [[-1, -2], {">": [{"var": ""}, 0]}]}, "true"),
    ({"none": [[], True]}, "true"),
    ({"var": ["nobody", "a"]}, "a"),
    ({"===": [{"var": ""}, None]}, "false"),
    ({"===": [{"missing": ["x", "y"]}, ["y"]]}, "true"),
    ({"===": [{"missing_some": [1, ["x", "y"]]}, []]}, "true"),
    ({"===": [{"missing_some": [2, ["x", "y"]]}, ["y"]]}, "true"),
    ({"log": "a"}, "a"),
]


@pytest.mark.parametrize(("rule", "expected"), JSONLOGIC)
def test_jsonlogic(rule: Any, expected: str) -> None:
    assert variant(rule, x="here") == expected


@pytest.mark.parametrize(
    "values", list(itertools.permutations([1, "1", None, [], {}, True, 0.5], 2))
)
def test_nothing_in_a_comparison_ends_the_evaluation(values: tuple[Any, Any]) -> None:
    for name in ("==", "!=", "===", "!==", "<", "<=", ">", ">=", "in"):
        assert variant({name: [{"var": "a"}, {"var": "b"}]}, a=values[0], b=values[1]) in (
            "true",
            "false",
        )
