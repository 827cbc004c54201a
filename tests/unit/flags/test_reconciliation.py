"""What is stored against what is published: what differs, what is repaired, what is left alone."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.errors import PalierError
from functions.flags.composition import Prerequisite
from functions.flags.drift import Drift, Report
from functions.flags.flag import Flag
from functions.flags.publication import FLAG, SEGMENT, Edit, published
from functions.flags.reconciliation import (
    NO_FLAGS,
    Left,
    Reconciled,
    key_drift,
    reconciled,
    shaped,
)
from functions.flags.segment import Segment
from functions.flags.split import Split


def flag(key: str, targeting: Any = None, **more: Any) -> Flag:
    definition = {
        "state": "ENABLED",
        "variants": {"on": True, "off": False},
        "defaultVariant": "off",
        **({"targeting": targeting} if targeting else {}),
    }
    return Flag(key, definition, off_variant="off", **more)


IN_S = {"if": [{"$ref": "s"}, "on"]}
FLAGS = {
    each.key: each
    for each in (
        flag("a", client=True, description="one"),
        flag("b", IN_S, split=Split("r-1", "salt", "off", "on", 10)),
        flag("c", prerequisites=(Prerequisite("a", ("on",)),)),
        flag("gone", archived=True),
    )
}
SEGMENTS = {"s": Segment("s", {"==": [{"var": "plan"}, "pro"]})}
SOUND = published({}, Edit(flags=[*FLAGS.values()], segments=[*SEGMENTS.values()]))


def repair(part: Any, flags: Any = None, segments: Any = None, left: Left | None = None) -> Any:
    return reconciled(
        shaped(part),
        FLAGS if flags is None else flags,
        SEGMENTS if segments is None else segments,
        left or {},
    )


def damaged(change: Callable[[Any], Any]) -> Any:
    part = copy.deepcopy(SOUND)
    change(part)
    return part


def test_nothing_differs() -> None:
    found = repair(SOUND)
    assert found == Reconciled(SOUND, Drift(), Drift(), [], {})


DAMAGES: list[Any] = [
    pytest.param(lambda p: p["document"]["flags"].pop("b"), Drift(["b"]), Drift(), [], id="lost"),
    pytest.param(
        lambda p: p["document"]["flags"].update(x={"state": "ENABLED", "variants": {"a": 1}}),
        Drift(extra=["x"]),
        Drift(),
        [],
        id="a flag that nobody stored",
    ),
    pytest.param(
        lambda p: p["document"]["flags"]["b"].update(defaultVariant="on"),
        Drift(different=["b"]),
        Drift(),
        [],
        id="altered",
    ),
    pytest.param(
        lambda p: p["document"]["flags"].update(b="nonsense"),
        Drift(["b"]),
        Drift(),
        [],
        id="a flag that is none",
    ),
    pytest.param(lambda p: p.pop("descriptions"), Drift(different=["a"]), Drift(), [], id="text"),
    pytest.param(lambda p: p.pop("splits"), Drift(different=["b"]), Drift(), [], id="splits"),
    pytest.param(lambda p: p.pop("requires"), Drift(different=["c"]), Drift(), [], id="requires"),
    pytest.param(lambda p: p.update(client=["b"]), Drift(), Drift(), ["a", "b"], id="client"),
    pytest.param(
        lambda p: p["document"]["$evaluators"].update({"flag:a": "on"}),
        Drift(different=["a"]),
        Drift(),
        [],
        id="what others are told of a flag",
    ),
    pytest.param(
        lambda p: p["document"].pop("$evaluators"),
        Drift(different=["a"]),
        Drift(["s"]),
        [],
        id="no evaluators",
    ),
    pytest.param(
        lambda p: p["document"]["$evaluators"].update(s={"var": "x"}, t={"var": "x"}),
        Drift(),
        Drift([], ["t"], ["s"]),
        [],
        id="segments",
    ),
    pytest.param(lambda p: p.clear(), Drift(["a", "b", "c"]), Drift(["s"]), [], id="all"),
]


@pytest.mark.parametrize(("change", "flags", "segments", "client"), DAMAGES)
def test_what_differs_is_told_and_repaired(
    change: Any, flags: Drift, segments: Drift, client: list[str]
) -> None:
    found = repair(damaged(change))
    assert (found.flags, found.segments, found.client) == (flags, segments, client)
    assert found.part == SOUND
    assert not found.left


RUBBISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "document",
                    "flags",
                    "$evaluators",
                    "client",
                    "requires",
                    "descriptions",
                    "splits",
                    "a",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(RUBBISH)
def test_whatever_was_published_it_is_repaired(part: Any) -> None:
    assert repair(part).part == SOUND


def test_what_can_not_be_read_keeps_its_published_form() -> None:
    stored = {key: each for key, each in FLAGS.items() if key != "a"}
    part = damaged(lambda p: p["document"]["flags"]["b"].update(defaultVariant="on"))
    found = repair(part, stored, left={(FLAG, "a"): "It can't be read."})
    assert found.part == SOUND
    assert found.flags == Drift(different=["b"])
    assert found.left == {(FLAG, "a"): "It can't be read."}


def test_what_refers_to_a_segment_that_is_gone_keeps_it() -> None:
    found = repair(SOUND, segments={})
    assert found.part == SOUND
    assert list(found.left) == [(SEGMENT, "s")]
    assert "flag b" in found.left[SEGMENT, "s"]


def test_what_would_be_broken_is_not_published() -> None:
    found = repair(None, segments={})
    assert set(found.part["document"]["flags"]) == {"a", "c"}
    assert list(found.left) == [(FLAG, "b")]


def test_a_required_flag_that_is_gone_stays() -> None:
    stored = {key: each for key, each in FLAGS.items() if key != "a"}
    found = repair(SOUND, stored)
    assert found.part == SOUND
    assert list(found.left) == [(FLAG, "a")]


def test_what_was_stored_past_the_checks_is_left_alone() -> None:
    wrong = replace(FLAGS["b"], definition={"state": "ENABLED", "variants": {}})
    found = repair(SOUND, {**FLAGS, "b": wrong})
    assert found.part == SOUND
    assert "$.variants" in found.left[FLAG, "b"]


def test_when_nothing_sound_can_be_made() -> None:
    """A flag that is as it was published would be too deep with a segment as it is stored."""

    def deep(inner: Any) -> Any:
        for _ in range(29):
            inner = {"!": [inner]}
        return inner

    stored = {"b": flag("b", {"if": [deep({"$ref": "s"}), "on"]})}
    part = published({}, Edit(flags=[stored["b"]], segments=[Segment("s", {"var": "x"})]))
    ways = {"s": "t", "t": "u", "u": "v"}
    chain = {key: Segment(key, deep({"$ref": to})) for key, to in ways.items()}
    with pytest.raises(PalierError, match="flag b"):
        repair(part, stored, {**chain, "v": Segment("v", deep(1))})


def test_keys() -> None:
    record = {"hash": "h", "kind": "secret", "expires_at": None}
    ends, ended = {**record, "expires_at": 200.0}, {**record, "expires_at": 50.0}
    found = {"same": record, "moment": ends, "other": ends, "extra": record, "old": ended, "x": 1}
    stored = {
        "same": record,
        "moment": {**record, "expires_at": 200.0004},
        "other": record,
        "new": record,
        "past": ended,
    }
    assert key_drift(found, stored, 100.0) == Drift(["new"], ["extra", "x"], ["other"])


def test_a_report_for_the_trail_is_short() -> None:
    keys = [f"f{n:05d}" for n in range(10_000)]
    report = Report(Drift(keys, keys), Drift(), Drift(), [], ["flags"], {"flags/x": "why"}, False)
    told = report.to_entry()
    assert told["flags"]["missing"]["count"] == 10_000
    assert told["unreadable"] == {"count": 1, "first": ["flags/x"]}
    assert len(str(told)) < 5_000
    assert len(report.to_dict()["repaired"]["flags"]["extra"]) == 10_000


def test_nothing_is_nothing() -> None:
    assert reconciled(shaped(None), {}, {}, {}).part == NO_FLAGS
