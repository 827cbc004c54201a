"""Creating and listing versions as an administrator, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.clock import SystemClock
from functions.documents import Store, Write
from functions.identity import Actor, administrator_path, membership_path
from functions.published import timestamp
from functions.stories import prompt
from functions.stories.admin_routes import blueprint
from functions.stories.publish import version_path
from functions.stories.versions import SERVICE, StoryVersion
from tests.emulator.stories.conftest import SCOPE

VERSION: dict[str, Any] = {
    "version": "1.2.0",
    "prompt": "tale-1",
    "model": "gpt-test",
    "parameters": {"max_output_tokens": 900, "temperature": 1},
}


@pytest.fixture
def client(store: Store) -> Client:
    reader = {"role": "reader", "environments": [SCOPE.environment]}
    store.commit(
        [
            Write.create(SCOPE.path, {}),
            Write.create(administrator_path("boss"), {}),
            Write.create(membership_path(SCOPE.application, "guest"), reader),
        ]
    )

    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    administration = Administration(store, SystemClock(), SCOPE, person)
    return web.make_app(
        "versions-tests", "/admin", [blueprint(lambda: administration)]
    ).test_client()


def _create(client: Client, who: str = "boss", **changes: Any) -> Any:
    body = {**VERSION, **changes, "reason": "a better ending"}
    return client.post("/v1/versions", json=body, headers={"Authorization": who})


def test_created_and_listed(client: Client) -> None:
    made = _create(client)
    assert made.status_code == 201
    assert made.get_json()["generation"] == 1
    assert made.get_json()["version"]["handler"] == "one-call-1"
    assert _create(client, version="1.3.0", prompt="tale-2").status_code == 201
    listed = client.get("/v1/versions", headers={"Authorization": "guest"}).get_json()["versions"]
    assert [version["version"] for version in listed] == ["1.3.0", "1.2.0"]
    assert listed[1]["content_hash"] == made.get_json()["version"]["content_hash"]


def test_with_a_fallback(client: Client) -> None:
    made = _create(client, fallback="gpt-small").get_json()["version"]
    plain = _create(client, version="1.3.0").get_json()["version"]
    assert made["fallback"] == "gpt-small"
    assert "fallback" not in plain
    assert made["content_hash"] != plain["content_hash"]
    listed = client.get("/v1/versions", headers={"Authorization": "guest"}).get_json()["versions"]
    assert [version.get("fallback") for version in listed] == [None, "gpt-small"]
    assert _create(client, version="1.4.0", fallback="no such name").status_code == 400


def test_which_this_bundle_can_serve(client: Client, store: Store) -> None:
    """Told here, before users of the version are: others come from a bundle that had more."""
    assert _create(client).status_code == 201
    made = StoryVersion.model_validate({**VERSION, "prompt_hash": prompt.load("tale-1").hash})
    changes: dict[str, dict[str, Any]] = {
        "2.0.0": {"handler": "from-the-future"},
        "2.1.0": {"prompt": "tale-99"},
        "2.2.0": {"prompt_hash": "0" * 64},
    }
    records = {
        version: made.model_copy(update={"version": version, **change}).to_record()
        for version, change in changes.items()
    }
    records["2.3.0"] = {**made.to_record(), "version": "2.3.0", "model": "gpt-edited"}
    store.commit(
        [
            Write.create(
                version_path(SCOPE, version),
                {"service": SERVICE, **record, "created_at": timestamp(1_800_000_000.0)},
            )
            for version, record in records.items()
        ]
    )
    told = _told(client)
    assert told.pop("1.2.0") == (True, None)
    assert not any(served for served, _ in told.values())
    for version, why in {
        "2.0.0": "lacks the handler 'from-the-future'",
        "2.1.0": "lacks the prompt 'tale-99'",
        "2.2.0": "'tale-1' has changed since version 2.2.0",
        "2.3.0": "is damaged",
    }.items():
        assert why in str(told[version][1]), version


def _told(client: Client) -> dict[str, tuple[bool, str | None]]:
    listed = client.get("/v1/versions", headers={"Authorization": "guest"}).get_json()["versions"]
    return {each["version"]: (each["served"], each["why"]) for each in listed}


def test_refused(client: Client) -> None:
    assert _create(client, "guest").status_code == 403
    assert _create(client, "stranger").status_code == 403
    assert _create(client, model="no such name").status_code == 400
    assert _create(client, prompt="tale-99").status_code == 404
    assert _create(client, handler="from-the-future").get_json()["code"] == "FAILED_PRECONDITION"
    assert _create(client).status_code == 201
    assert _create(client).get_json()["code"] == "ALREADY_EXISTS"
