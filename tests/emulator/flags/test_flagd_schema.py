"""What flagd gets of every flag that Palier lets in is valid by flagd's own JSON schema, and means
what it means here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from functions.errors import InvalidArgument
from functions.flags.clients.flagd import _synced
from functions.flags.compile import compile_flags
from functions.flags.composition import Prerequisite
from functions.flags.flag import Flag
from functions.flags.publication import Edit, published
from functions.flags.segment import Segment
from functions.flags.split import Split
from functions.flags.validation import OPERATORS, check_definition

SCRIPT = Path(__file__).parent / "flagd_schema.mjs"
VARIANTS = {"on": True, "off": False}
CONTEXTS: list[dict[str, Any]] = [
    {},
    {"targetingKey": "user-1", "a": "1.2.0", "b": 3},
    {"targetingKey": "é", "a": ["x", 2], "b": {"c": None}},
]
Problem = Callable[[Any], str | None]


@pytest.fixture(scope="module")
def problem() -> Iterator[Problem]:
    """What flagd's schema says of a document; None when it is valid."""
    with subprocess.Popen(
        ["node", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as node:
        assert node.stdin
        assert node.stdout
        source, sink = node.stdout, node.stdin

        def ask(document: Any) -> str | None:
            sink.write(json.dumps(document) + "\n")
            sink.flush()
            found: str | None = json.loads(source.readline())
            return found

        yield ask
        sink.close()


def sent(document: dict[str, Any]) -> Any:
    return json.loads(_synced(document).body)


def definition(targeting: Any, **more: Any) -> dict[str, Any]:
    return {
        "state": "ENABLED",
        "variants": VARIANTS,
        "defaultVariant": "off",
        "targeting": targeting,
        **more,
    }


PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 5),
    st.floats(-2, 2),
    st.sampled_from(
        [
            "on",
            "off",
            "a",
            "b",
            "",
            "é",
            "1.2.3",
            "v1",
            "1.0",
            ">=",
            "^",
            "$flagd",
            "$flagd.flagKey",
        ]
    ),
)
VAR = st.sampled_from([{"var": "a"}, {"var": ["b", 1]}, {"var": "$flagd.timestamp"}, {"var": 0}])


def operations(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Anything that looks like a rule: most of it is nonsense, and refused."""
    arguments = st.lists(inner, max_size=4)
    loose = st.builds(
        lambda name, given: {name: given},
        st.sampled_from(sorted(OPERATORS)),
        st.one_of(inner, arguments, arguments),
    )
    share = st.lists(st.one_of(PLAIN, inner), min_size=1, max_size=2)
    fractional = st.builds(
        lambda key, shares: {"fractional": [*key, *shares]},
        st.lists(st.one_of(VAR, PLAIN, inner), max_size=1),
        st.lists(share, min_size=1, max_size=3),
    )
    compared = st.builds(
        lambda left, how, right: {"sem_ver": [left, how, right]},
        st.one_of(VAR, PLAIN, inner),
        st.sampled_from(["=", ">=", "^", "~"]),
        st.one_of(VAR, PLAIN),
    )
    branch = st.builds(
        lambda test, then: {"if": [test, then]}, inner, st.sampled_from(["on", "off", None])
    )
    return st.one_of(loose, fractional, compared, branch, st.lists(inner, max_size=3))


RULES = st.recursive(st.one_of(PLAIN, VAR), operations, max_leaves=8)


@settings(
    max_examples=600,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(RULES)
@example({"?:": [{"var": "a"}, "on", "off"]})
@example({"if": [{"sem_ver": [{"var": "a"}, ">=", "v1"]}, "on"]})
@example({"fractional": ["a text", ["on", 1], ["off", 3]]})
@example({"if": [{"log": {"var": "a"}}, "on"]})
@example({"log": None})
@example({"if": {"var": "a"}})
@example({"if": [{"missing": "a"}, "on"]})
def test_every_rule_that_is_let_in_is_valid(problem: Problem, rule: Any) -> None:
    flag = definition(rule if isinstance(rule, dict) else {"if": [rule, "on"]})
    try:
        check_definition(flag)
    except InvalidArgument:
        assume(False)
    document = {"flags": {"f": flag}}
    formal = sent(document)
    assert problem(formal) is None, formal
    here, there = compile_flags(document), compile_flags(formal)
    for context in CONTEXTS:
        one, other = here.evaluate("f", context), there.evaluate("f", context)
        assert (one.variant, one.reason, one.error_code) == (
            other.variant,
            other.reason,
            other.error_code,
        ), formal


NAMES = st.text(max_size=6)
VALUES = st.one_of(
    st.dictionaries(NAMES, st.booleans(), min_size=1, max_size=3),
    st.dictionaries(NAMES, st.text(max_size=5), min_size=1, max_size=3),
    st.dictionaries(NAMES, st.one_of(st.integers(), st.floats()), min_size=1, max_size=3),
    st.dictionaries(NAMES, st.dictionaries(NAMES, PLAIN, max_size=2), min_size=1, max_size=3),
)
METADATA = st.one_of(st.none(), st.dictionaries(NAMES, PLAIN, max_size=3))


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(VALUES, METADATA, st.sampled_from(["ENABLED", "DISABLED"]), st.booleans(), st.data())
def test_every_definition_that_is_let_in_is_valid(
    problem: Problem, variants: Any, metadata: Any, state: str, has_default: bool, data: Any
) -> None:
    default = data.draw(st.sampled_from(sorted(variants))) if has_default else None
    flag = {"state": state, "variants": variants, "defaultVariant": default, "targeting": None}
    try:
        check_definition({**flag, "metadata": metadata})
    except InvalidArgument:
        assume(False)
    assert problem(sent({"flags": {"f": {**flag, "metadata": metadata}}})) is None


def test_what_palier_compiles_is_valid(problem: Problem) -> None:
    """Segments, prerequisites, individual targets, a split, a kill switch: in one environment."""
    rule = {"if": [{"starts_with": [{"var": "email"}, "é"]}, "on"]}
    split = Split("r", "salt", "off", "on", 12.34)
    user = {"in": [{"var": "plan"}, ["pro"]]}
    segments = [
        Segment("staff", {"ends_with": [{"var": "email"}, "@example.com"]}, ("u1",), ("u2",)),
        Segment("named", {}, ("u3",)),
        Segment("wide", {"or": [{"$ref": "staff"}, user]}),
    ]
    flags = [
        Flag("plain", definition(None)),
        Flag("ruled", definition(rule), split=split),
        Flag("split", definition({}), split=split),
        Flag("deep", definition({"===": [{"var": "a"}, "on"]}), split=split),
        Flag("segments", definition({"if": [{"$ref": "wide"}, "on", {"$ref": "named"}, "off"]})),
        Flag("targets", definition(rule), targets={"on": ("u1", "u2"), "off": ()}, split=split),
        Flag(
            "needy",
            definition(rule),
            prerequisites=(Prerequisite("ruled", ("on",)), Prerequisite("plain", ("off",))),
            off_variant="off",
        ),
        Flag("killed", definition(rule), killed=True, off_variant="off"),
        Flag("dead", definition(rule), killed=True),
    ]
    part = published({}, Edit(flags=flags, segments=segments))
    document = sent(part["document"])
    assert set(document["flags"]) == {flag.key for flag in flags}
    assert "$evaluators" not in document
    assert "$ref" not in json.dumps(document)
    assert problem(document) is None


@pytest.mark.parametrize(
    "rule",
    [
        {"if": [{"==": [{"var": "a"}]}, "on"]},
        {"if": [{"in": ["a", {"var": "a"}, 1]}, "on"]},
        {"if": []},
        {"if": [{"<": [1, 2, 3, 4]}, "on"]},
        {"if": [{"reduce": [{"var": "a"}, {"var": "b"}]}, "on"]},
        {"if": [{"var": "$flagd.other"}, "on"]},
        {"if": [{"missing": [1]}, "on"]},
        {"if": [{"missing_some": ["1", ["a"]]}, "on"]},
        {"if": [{"sem_ver": [{"cat": ["1", ".0"]}, ">=", "1.0.0"]}, "on"]},
        {"fractional": [None, ["on", 1]]},
    ],
)
def test_what_the_schema_can_t_say_is_refused(problem: Problem, rule: Any) -> None:
    with pytest.raises(InvalidArgument, match="expected"):
        check_definition(definition(rule))
    assert problem(sent({"flags": {"f": definition(rule)}})) is not None, "no need to refuse it"
