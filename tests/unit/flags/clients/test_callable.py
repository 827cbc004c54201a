"""The callable's decision: what a Firebase client gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.errors import InvalidArgument
from functions.flags.clients.callable import evaluate_for_callable
from functions.flags.clients.tally import Tally
from functions.flags.content import Snapshot

BY_USER = {"if": [{"==": [{"var": "targetingKey"}, "uid-1"]}, "on", "off"]}
FLAGS: dict[str, Any] = {
    "mine": {"state": "ENABLED", "variants": {"on": True, "off": False}, "targeting": BY_USER},
    "broken": {"state": "ENABLED", "variants": {"on": 1}, "targeting": {"nonsense": []}},
    "server": {"state": "ENABLED", "variants": {"on": 1}, "defaultVariant": "on"},
}
ON = {"value": True, "variant": "on", "reason": "TARGETING_MATCH"}
OFF = {"value": False, "variant": "off", "reason": "TARGETING_MATCH"}
UNKNOWN = {"value": None, "variant": None, "reason": "ERROR", "errorCode": "FLAG_NOT_FOUND"}


@pytest.fixture
def snapshot(make_snapshot: Callable[..., Snapshot]) -> Snapshot:
    return make_snapshot(FLAGS, ["mine", "broken"])


def test_all_that_clients_may_see(snapshot: Snapshot) -> None:
    flags = evaluate_for_callable(snapshot, Tally(), None, None)["flags"]
    assert list(flags) == ["mine", "broken"]
    assert flags["mine"] == OFF
    assert flags["broken"]["errorCode"] == "PARSE_ERROR"


def test_the_signed_in_user_is_the_targeting_key(snapshot: Snapshot) -> None:
    data = {"flags": ["mine"], "context": {"targetingKey": "somebody else"}}
    assert evaluate_for_callable(snapshot, Tally(), data, "uid-1") == {"flags": {"mine": ON}}
    data = {"flags": ["mine"], "context": {"targetingKey": "uid-1"}}
    assert evaluate_for_callable(snapshot, Tally(), data, None) == {"flags": {"mine": ON}}


def test_a_flag_for_servers_is_unknown(snapshot: Snapshot) -> None:
    found = evaluate_for_callable(snapshot, Tally(), {"flags": ["server", "nobody", "nobody"]}, "u")
    assert found == {"flags": {"server": UNKNOWN, "nobody": UNKNOWN}}


def test_what_is_counted(snapshot: Snapshot) -> None:
    tally = Tally()
    for data in (None, {"flags": ["mine", "mine", "server", "nobody"]}):
        evaluate_for_callable(snapshot, tally, data, "uid-1")
    assert tally.take() == {"mine": {"on": 2}, "broken": {"!PARSE_ERROR": 1}}


@pytest.mark.parametrize(
    "data",
    [
        "x",
        [],
        {"flag": "mine"},
        {"flags": "mine"},
        {"flags": [1]},
        {"flags": ["x"] * 501},
        {"context": []},
        {"context": {"targetingKey": 1}},
    ],
)
def test_what_is_refused(snapshot: Snapshot, data: Any) -> None:
    with pytest.raises(InvalidArgument):
        evaluate_for_callable(snapshot, Tally(), data, None)


def test_user_hashes_are_keyed(snapshot: Snapshot, make_snapshot: Callable[..., Snapshot]) -> None:
    assert snapshot.user_hash("uid-1") == make_snapshot({}).user_hash("uid-1")
    assert snapshot.user_hash("uid-1") != snapshot.user_hash("uid-2")
    assert len(snapshot.user_hash("\ud800")) == 16
