"""After success everybody who had the candidate keeps it, and nobody's own rule is overruled."""

from __future__ import annotations

from typing import Any

import pytest

from functions.flags.compile import compile_flags
from functions.flags.composition import with_split
from functions.flags.split import Split
from functions.rollouts.promotion import demoted, promoted

OLD, NEW, OTHER = "1.2.0", "1.3.0", "beta"
RED = {"==": [{"var": "team"}, "red"]}
RULES: dict[str, Any] = {
    "none": None,
    "empty": {},
    "a rule without else": {"if": [RED, OTHER]},
    "a rule with the control as else": {"if": [RED, OTHER, OLD]},
    "a rule with null as else": {"if": [RED, OTHER, None]},
    "a rule for the control": {"if": [RED, OLD]},
    "a rule with the candidate as else": {"if": [RED, OLD, NEW]},
    "a rule with another else": {"if": [RED, OLD, OTHER]},
    "a split of its own": {"fractional": [[OLD, 50], [OTHER, 50]]},
    "a rule within a rule": {"if": [RED, {"if": [{"==": [{"var": "age"}, 7]}, OTHER, OLD]}]},
}


def definition(targeting: Any) -> dict[str, Any]:
    variants = {name: name for name in (OLD, NEW, OTHER)}
    made: dict[str, Any] = {"state": "ENABLED", "variants": variants, "defaultVariant": OLD}
    return made if targeting is None else {**made, "targeting": targeting}


def served(of: dict[str, Any], context: dict[str, Any]) -> Any:
    return compile_flags({"flags": {"f": of}}).evaluate("f", context).value


CONTEXTS = [
    {"targetingKey": f"user-{number}", "team": team, "age": age}
    for number in range(20)
    for team in ("red", "blue")
    for age in (7, 8)
]


@pytest.mark.parametrize("targeting", RULES.values(), ids=RULES.keys())
def test_everybody_keeps_what_the_whole_split_gave(targeting: Any) -> None:
    flag = definition(targeting)
    whole = with_split(flag, Split("r", "r", OLD, NEW, 100.0))
    after = promoted(flag, OLD, NEW)
    for context in CONTEXTS:
        assert served(after, context) == served(whole, context)


def test_without_a_key_users_get_the_new_default() -> None:
    assert served(promoted(definition(None), OLD, NEW), {}) == NEW


@pytest.mark.parametrize("targeting", RULES.values(), ids=RULES.keys())
def test_what_nobody_edited_comes_back_exactly(targeting: Any) -> None:
    flag = definition(targeting)
    assert demoted(promoted(flag, OLD, NEW), OLD, NEW, flag) == flag


@pytest.mark.parametrize("before", [None, definition({"if": [RED, OTHER, NEW]})])
def test_edits_since_are_kept(before: Any) -> None:
    """Also where nobody noted what it was; then nobody is left with the candidate as an `else`."""
    edited = promoted(definition({"if": [RED, OLD, NEW]}), OLD, NEW)
    assert demoted(edited, OLD, NEW, before) == definition({"if": [RED, OLD, OLD]})
