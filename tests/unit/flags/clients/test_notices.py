"""What apps are told of rollbacks, for their users."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from functions.flags.content import Snapshot
from functions.flags.keys import ApiKey
from tests.unit.flags.clients.world import SERVER_ONLY, Api, flag

PATH = "/v1/notices"
AT = 1_800_000_000.0
WORDS = {"en": "Taken back.", "fr": "Retirée."}


def notice(identifier: str, key: str, service: str = "", at: float = AT) -> dict[str, Any]:
    return {
        "id": identifier,
        "flag": key,
        "service": service,
        "at": at,
        "until": at + 86_400,
        **WORDS,
    }


@pytest.fixture
def api(make_snapshot: Callable[..., Snapshot]) -> Api:
    on_off = flag({"on": True, "off": False}, "off")
    api = Api(make_snapshot, {"f": on_off, SERVER_ONLY: on_off})
    told = [
        notice("r-3", "f"),
        notice("r-2", SERVER_ONLY, "stories"),
        notice("r-1", SERVER_ONLY),
        notice("r-0", "f", at=AT - 3600),
    ]
    api.held.snapshot = replace(api.held.snapshot, notices={"notices": told})
    return api


def seen(api: Api, key: ApiKey | None = None) -> dict[str, str | None]:
    response = api.get(PATH, key)
    assert response.status_code == 200
    return {each["id"]: each["flag"] for each in json.loads(response.data)["notices"]}


def test_a_server_sees_all_with_their_flags(api: Api) -> None:
    assert seen(api) == {"r-3": "f", "r-2": SERVER_ONLY, "r-1": SERVER_ONLY, "r-0": "f"}


def test_an_app_learns_no_flag_that_is_not_for_it(api: Api) -> None:
    assert seen(api, api.publishable) == {"r-3": "f", "r-2": None, "r-0": "f"}
    body = api.get(PATH, api.publishable).get_data(as_text=True)
    assert SERVER_ONLY not in body
    assert "stories" not in body


def test_they_go_after_a_day_though_nothing_is_published(api: Api) -> None:
    before = api.get(PATH).headers["ETag"]
    assert api.get(PATH, If_None_Match=before).status_code == 304
    api.clock.advance(86_400 - 3600)
    assert set(seen(api)) == {"r-3", "r-2", "r-1"}
    assert api.get(PATH, If_None_Match=before).status_code == 200
    api.clock.advance(3600)
    assert seen(api) == {}


def test_nothing_was_ever_taken_back(make_snapshot: Callable[..., Snapshot]) -> None:
    assert seen(Api(make_snapshot, {})) == {}


def test_who_has_no_key(api: Api) -> None:
    assert api.client.get(PATH).status_code == 401
