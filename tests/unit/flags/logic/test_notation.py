"""Rules in the notation of flagd's schema. That the schema takes them, and that they mean the same,
is shown in tests/emulator/flags/test_flagd_schema.py."""

from __future__ import annotations

from typing import Any

import pytest

from functions.errors import InvalidArgument
from functions.flags.logic.notation import formal
from functions.flags.validation import check_rule

A = {"var": "a"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"cat": A}, {"cat": [A]}),
        ({"if": A}, {"if": [A]}),
        ({"?:": [A, "on", "off"]}, {"if": [A, "on", "off"]}),
        ({"log": A}, {"if": [A]}),
        ({"missing": "a"}, {"missing": ["a"]}),
        ({"sem_ver": [A, "^", "v1"]}, {"sem_ver": [A, "^", "1.0.0"]}),
        ({"sem_ver": [1.5, "=", A]}, {"sem_ver": ["1.5.0", "=", A]}),
        ({"sem_ver": ["2.0-rc.1+x", "=", A]}, {"sem_ver": ["2.0.0-rc.1+x", "=", A]}),
        ({"fractional": ["salt", ["on", 1]]}, {"fractional": [{"cat": ["salt"]}, ["on", 1]]}),
        ({"and": [A, {"or": [{"+": "1"}, A]}]}, {"and": [A, {"or": [{"+": ["1"]}, A]}]}),
    ],
)
def test_what_is_written_out(rule: Any, expected: Any) -> None:
    assert formal(rule) == expected
    assert formal(expected) == expected, "once is enough"


@pytest.mark.parametrize(
    "rule",
    [
        "on",
        None,
        A,
        {"!": A},
        {"!!": "x"},
        {"var": ["a", 1]},
        {"$ref": "segment"},
        {"in": [A, ["x", "y"]]},
        {"fractional": [["on", 1], ["off", 1]]},
        {"if": [{"==": [A, 1]}, "on", {"fractional": [{"cat": ["s", A]}, ["on", 1]]}]},
    ],
)
def test_what_stays_is_the_same_object(rule: Any) -> None:
    assert formal(rule) is rule


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"==": [A]}, "$.rule['==']: expected a list of 2"),
        ({"<": [A]}, "$.rule['<']: expected a list of 2 to 3"),
        ({"and": []}, "$.rule.and: expected a list of at least 1"),
        ({"*": [A]}, "$.rule['*']: expected a list of at least 2"),
        ({"var": "$flagd.other"}, "expected $flagd.flagKey or $flagd.timestamp"),
        ({"missing": ["a", 1]}, "$.rule.missing[1]: expected the name of an attribute"),
        ({"missing_some": [1, "a"]}, "$.rule.missing_some: expected [number, [names]]"),
        ({"sem_ver": [{"cat": [A]}, "=", "1"]}, "$.rule.sem_ver[0]: expected a semantic version"),
        ({"fractional": [5, ["on", 1]]}, "$.rule.fractional[0]: expected a share, or a value"),
    ],
)
def test_what_it_has_no_notation_for(rule: Any, expected: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check_rule(rule, "$.rule")
    assert expected in refused.value.detail
