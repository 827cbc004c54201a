"""What may be written as a flag, and how a flag is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.errors import InvalidArgument
from functions.flags.composition import Prerequisite
from functions.flags.flag import Flag
from functions.flags.split import Split
from functions.flags.validation import MAXIMUM_BYTES, check_definition, check_key

SOUND: dict[str, Any] = {
    "state": "ENABLED",
    "variants": {"on": True, "off": False},
    "defaultVariant": "off",
    "targeting": {
        "if": [
            {"in": [{"var": "country"}, ["CH", "FR"]]},
            "on",
            {"sem_ver": [{"var": ["version", "0.0.0"]}, ">=", "2"]},
            {"fractional": [["on", 10], ["off", 90]]},
        ]
    },
    "metadata": {"team": "stories", "limit": 3},
}


def with_rule(rule: Any) -> dict[str, Any]:
    return {**SOUND, "targeting": rule}


REFUSED: list[tuple[str, Any, str]] = [
    ("no object", ["x"], "$"),
    ("unknown field", {**SOUND, "enabled": True}, "$.enabled"),
    ("state", {**SOUND, "state": "ON"}, "$.state"),
    ("no variants", {**SOUND, "variants": {}}, "$.variants"),
    ("mixed types", {**SOUND, "variants": {"on": True, "off": 0}}, "$.variants.off"),
    ("null variant", {**SOUND, "variants": {"on": None}}, "$.variants.on"),
    ("list variant", {**SOUND, "variants": {"on": [1]}}, "$.variants.on"),
    ("huge number", {**SOUND, "variants": {"on": 2**53}}, "$.variants.on"),
    ("empty name", {**SOUND, "variants": {"": True}}, "$.variants['']"),
    ("default", {**SOUND, "defaultVariant": "maybe"}, "$.defaultVariant"),
    ("metadata", {**SOUND, "metadata": {"a": []}}, "$.metadata.a"),
    ("targeting", with_rule("on"), "$.targeting"),
    ("two operators", with_rule({"if": [], "or": []}), "$.targeting"),
    ("operator", with_rule({"matches": []}), "$.targeting.matches"),
    (
        "deep operator",
        with_rule({"if": [{"==": [{"get": "x"}]}]}),
        "$.targeting.if[0]['=='][0].get",
    ),
    ("a number for a variant", with_rule({"if": [True, 1]}), "$.targeting.if[1]"),
    ("reference", with_rule({"if": [{"$ref": 5}, "on"]}), "$.targeting.if[0]['$ref']"),
    ("outcome", with_rule({"if": [True, "maybe"]}), "$.targeting.if[1]"),
    ("else", with_rule({"if": [True, "on", "maybe"]}), "$.targeting.if[2]"),
    ("share", with_rule({"fractional": [["maybe", 1]]}), "$.targeting.fractional[0][0]"),
    ("no shares", with_rule({"fractional": [{"var": "x"}]}), "$.targeting.fractional"),
    ("weight", with_rule({"fractional": [["on", 0.5]]}), "$.targeting.fractional[0][1]"),
    ("negative", with_rule({"fractional": [["on", -1]]}), "$.targeting.fractional[0][1]"),
    ("all zero", with_rule({"fractional": [["on", 0]]}), "$.targeting.fractional"),
    ("too heavy", with_rule({"fractional": [["on", 2**31]]}), "$.targeting.fractional"),
    ("version", with_rule({"sem_ver": [{"var": "v"}, "=", "x"]}), "$.targeting.sem_ver[2]"),
    ("comparison", with_rule({"sem_ver": [{"var": "v"}, [], "1"]}), "$.targeting.sem_ver[1]"),
    ("arity", with_rule({"starts_with": ["a"]}), "$.targeting.starts_with"),
    ("affix", with_rule({"ends_with": ["a", 1]}), "$.targeting.ends_with[1]"),
    ("var", with_rule({"var": []}), "$.targeting.var"),
    ("var name", with_rule({"var": [None]}), "$.targeting.var[0]"),
    ("surrogate", with_rule({"==": ["\ud800", 1]}), "$"),
    ("not finite", {**SOUND, "variants": {"on": float("nan")}}, "$"),
    ("size", {**SOUND, "variants": {"on": "x" * MAXIMUM_BYTES}}, "$"),
]


def nested(depth: int) -> dict[str, Any]:
    rule: Any = True
    for _ in range(depth):
        rule = {"!": [rule]}
    return with_rule(rule)


def test_a_sound_definition_is_let_in() -> None:
    check_definition(SOUND)
    check_definition({"state": "DISABLED", "variants": {"a": {"x": [1]}}, "targeting": {}})
    check_definition(nested(30))


@pytest.mark.parametrize(
    ("definition", "path"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_mistake_is_named_with_its_path(definition: Any, path: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        check_definition(definition)
    assert refusal.value.extra["path"] == path
    assert refusal.value.detail.startswith(path)


def test_depth_is_refused_without_deep_recursion() -> None:
    with pytest.raises(InvalidArgument, match="nested deeper"):
        check_definition(nested(100_000))


@pytest.mark.parametrize("key", ["a", "stories.version", "A-b_c.9", "x" * 100])
def test_keys(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize("key", ["", ".a", "a/b", "é", "x" * 101, "a b", "__x__", "a\n"])
def test_keys_that_are_refused(key: str) -> None:
    with pytest.raises(InvalidArgument):
        check_key(key)


def test_a_flag_survives_storage() -> None:
    split = Split("r", "salt", "off", "on", 10)
    flag = Flag("f", SOUND, 3, "what for", "team", client=True, split=split)
    flag.check()
    assert Flag.from_document(flag.to_document()) == flag
    assert Flag.from_document(Flag("f", SOUND).to_document()) == Flag("f", SOUND)


NEEDS = (Prerequisite("other", ("on",)),)

BESIDE: list[Any] = [
    pytest.param({"off_variant": "blue"}, "$.off_variant", id="off variant"),
    pytest.param({"prerequisites": NEEDS}, "$.off_variant", id="a prerequisite without one"),
    pytest.param(
        {"prerequisites": (Prerequisite("f", ("on",)),), "off_variant": "off"},
        "$.prerequisites[0].flag",
        id="requires itself",
    ),
    pytest.param(
        {"prerequisites": NEEDS * 2, "off_variant": "off"},
        "$.prerequisites[0].flag",
        id="required twice",
    ),
    pytest.param(
        {"prerequisites": (Prerequisite("other", ()),), "off_variant": "off"},
        "$.prerequisites[0].variants",
        id="requires no variant",
    ),
    pytest.param({"targets": {"blue": ("ada",)}}, "$.targets", id="target of no variant"),
    pytest.param({"targets": {"on": ("ada",), "off": ("ada",)}}, "$.targets", id="target twice"),
    pytest.param({"permanent": True, "ends_at": 1.0}, "$.ends_at", id="permanent with an end"),
    pytest.param({"tags": ("a", "a")}, "$.tags", id="tag twice"),
    pytest.param({"tags": ("",)}, "$.tags[0]", id="empty tag"),
]


@pytest.mark.parametrize(("fields", "path"), BESIDE)
def test_a_mistake_beside_the_definition_is_named(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        replace(Flag("f", SOUND), **fields).check()
    assert refusal.value.extra["path"] == path


def test_a_flag_with_everything_survives_storage() -> None:
    flag = Flag(
        "f",
        SOUND,
        tags=("a", "b"),
        ends_at=5.0,
        prerequisites=NEEDS,
        targets={"on": ("ada",), "off": ("bo", "cy")},
        off_variant="off",
        killed=True,
        updated_at=4.0,
    )
    flag.check()
    assert Flag.from_document(flag.to_document()) == flag
    assert Flag.new("f", flag.content()).edited({"owner": "x"}).content() == {
        **flag.content(),
        "owner": "x",
    }


def test_a_split_needs_its_variants() -> None:
    with pytest.raises(InvalidArgument, match="no variant 'blue'"):
        Flag("f", SOUND).with_split(Split("r", "salt", "off", "blue", 10))


def test_what_is_published_has_the_split_within() -> None:
    flag = Flag("f", {**SOUND, "targeting": {}}).with_split(Split("r", "salt", "off", "on", 10))
    assert "fractional" in str(flag.published()["targeting"])
    assert Flag("f", SOUND).published() == SOUND
