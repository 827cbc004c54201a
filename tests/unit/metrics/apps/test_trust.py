"""Whose events are believed, and how many."""

from __future__ import annotations

from typing import Any

import pytest

from functions.documents import Scope
from functions.flags.clients.reporters import Reporter
from functions.metrics.apps.trust import Caps

SCOPE = Scope("main", "production")
SERVER = Reporter(SCOPE, "key 1", trusted=True)
PAGE = Reporter(SCOPE, "key 2", trusted=False)
ANN = Reporter(SCOPE, "user a", trusted=True, user="ann")
BEN = Reporter(SCOPE, "user b", trusted=True, user="ben")
NOW = 1_800_000_000.0

BELIEVED: list[Any] = [
    pytest.param(SERVER, {"targetingKey": "anybody"}, True, id="a server, of anybody"),
    pytest.param(PAGE, {"targetingKey": "ann"}, False, id="a publishable key"),
    pytest.param(ANN, {"targetingKey": "ann"}, True, id="a user, of themselves"),
    pytest.param(ANN, {"targetingKey": "ben"}, False, id="a user, of somebody else"),
    pytest.param(ANN, {}, False, id="a user, of nobody"),
]


@pytest.mark.parametrize(("reporter", "context", "believed"), BELIEVED)
def test_who_is_believed(reporter: Reporter, context: Any, believed: bool) -> None:
    assert Caps().believes(reporter, context, NOW) is believed


def test_a_user_is_believed_so_often_in_a_minute() -> None:
    caps = Caps(a_minute=3)
    of_ann = {"targetingKey": "ann"}
    assert [caps.believes(ANN, of_ann, NOW) for _ in range(5)] == [True] * 3 + [False] * 2
    assert caps.believes(BEN, {"targetingKey": "ben"}, NOW), "others have their own"
    assert caps.believes(ANN, of_ann, NOW + 60), "and the next minute is another"


def test_a_server_is_believed_however_often() -> None:
    caps = Caps(a_minute=3)
    assert all(caps.believes(SERVER, {}, NOW) for _ in range(10))
