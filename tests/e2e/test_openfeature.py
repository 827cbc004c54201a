"""OpenFeature's official clients: OFREP from Python and on a page, flagd's in-process provider.

The SDKs hide a provider's errors behind the default value: value, reason and error code are looked
at, each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

from functions.flags.clients import flagd
from tests.e2e import clients
from tests.e2e.world import World, until

PARIS = EvaluationContext("user-1", {"country": "FR"})
BERN = EvaluationContext("user-1", {"country": "CH"})
VISIBLE_SECONDS = 5.0
POLL_SECONDS = 0.5
Details = tuple[Any, str | None, str | None, str | None]
"""Value, reason, error code, variant."""


@pytest.fixture(scope="module", autouse=True)
def flags(world: World) -> None:
    clients.create(world)
    until(lambda: world.evaluate("of-static", {}).status_code == 200, VISIBLE_SECONDS)


Connect = Callable[[str], OpenFeatureClient]


@pytest.fixture
def connect(world: World) -> Iterator[Connect]:
    """A client of the provider for Python, with an API key."""

    def made(key: str) -> OpenFeatureClient:
        headers = {"Authorization": f"Bearer {key}"}
        api.set_provider(OFREPProvider(world.api, headers_factory=lambda: headers), "tests")
        return api.get_client("tests")

    yield made
    api.clear_providers()


def python(details: Any) -> Details:
    reason = str(details.reason) if details.reason else None
    code = details.error_code.value if details.error_code else None
    return details.value, reason, code, details.variant


def test_from_python(world: World, connect: Connect) -> None:
    client = connect(world.keys["publishable"])
    rule = client.get_boolean_details("of-rule", False, PARIS)
    assert python(rule) == (True, "TARGETING_MATCH", None, "on")
    assert rule.flag_metadata == {"team": "é"}
    other = client.get_boolean_details("of-rule", True, BERN)
    assert python(other) == (False, "DEFAULT", None, "off")
    static = client.get_string_details("of-static", "code")
    assert python(static) == ("A", "STATIC", None, "a")
    whole = client.get_integer_details("of-whole", 0, PARIS)
    assert python(whole) == (2, "STATIC", None, "small")
    decimal = client.get_float_details("of-float", 0.0, PARIS)
    assert python(decimal) == (2.0, "STATIC", None, "small")
    nested = client.get_object_details("of-object", {}, PARIS)
    assert python(nested) == ({"a": [1, None]}, "STATIC", None, "x")


def test_errors_in_python(world: World, connect: Connect) -> None:
    client = connect(world.keys["publishable"])
    for key in ("of-nothing", "of-hidden"):
        found = client.get_string_details(key, "code", PARIS)
        assert python(found) == ("code", "ERROR", "FLAG_NOT_FOUND", None), key
    mismatch = client.get_boolean_details("of-static", True, PARIS)
    assert python(mismatch) == (True, "ERROR", "TYPE_MISMATCH", None)
    failing = client.get_string_details("of-failing", "code", PARIS)
    assert python(failing) == ("code", "ERROR", "GENERAL", None)
    assert "rule failed" in str(failing.error_message)
    for key in ("of-off", "of-code"):  # this client wants a variant in every success
        found = client.get_string_details(key, "code", PARIS)
        assert python(found) == ("code", "ERROR", "GENERAL", None), key
    hidden = connect(world.keys["secret"]).get_string_details("of-hidden", "code", PARIS)
    assert python(hidden) == ("A", "STATIC", None, "a")


@pytest.mark.parametrize("key", ["staging", "forged"])
def test_a_wrong_key_in_python(world: World, connect: Connect, key: str) -> None:
    genuine = world.keys["publishable"]
    forged = genuine[:-4] + ("AAAA" if not genuine.endswith("AAAA") else "BBBB")
    client = connect(world.keys["staging"] if key == "staging" else forged)
    found = client.get_string_details("of-static", "code", PARIS)
    code = "FLAG_NOT_FOUND" if key == "staging" else "GENERAL"
    assert python(found) == ("code", "ERROR", code, None)


@pytest.fixture(scope="module")
def page(world: World) -> dict[str, Any]:
    genuine = world.keys["publishable"]
    return clients.driven(
        "ofrep_web.mjs",
        {
            "url": world.api,
            "key": genuine,
            "other": genuine.replace(".production.", ".staging."),
            "change": clients.change(world, "of-changing"),
        },
    )


def script(details: dict[str, Any]) -> Details:
    found = (details.get(name) for name in ("reason", "errorCode", "variant"))
    return (details["value"], *found)


FOUND: dict[str, Details] = {
    "rule": (True, "TARGETING_MATCH", None, "on"),
    "static": ("A", "STATIC", None, "a"),
    "float": (2, "STATIC", None, "small"),
    "object": ({"a": [1, None]}, "STATIC", None, "x"),
    "unknown": ("code", "ERROR", "FLAG_NOT_FOUND", None),
    "mismatch": (True, "ERROR", "TYPE_MISMATCH", None),
    "failing": ("code", "ERROR", "GENERAL", None),
    "code": ("code", "DEFAULT", None, None),
    "off": ("code", "DISABLED", None, None),
}
ON_THE_PAGE: dict[str, Details] = {
    **FOUND,
    "whole": (2, "STATIC", None, "small"),
    "hidden": ("code", "ERROR", "FLAG_NOT_FOUND", None),
}


@pytest.mark.parametrize("name", ON_THE_PAGE)
def test_on_a_page(page: dict[str, Any], name: str) -> None:
    assert script(page[name]) == ON_THE_PAGE[name]


def test_metadata_on_a_page(page: dict[str, Any]) -> None:
    assert page["rule"]["flagMetadata"] == {"team": "é"}


def test_another_context_is_never_answered_304(page: dict[str, Any]) -> None:
    (request,) = page["movedRequests"]
    assert request["given"], "the provider sends the ETag of the other context"
    assert request["status"] == 200
    assert script(page["moved"]) == (False, "DEFAULT", None, "off")


def test_a_change_is_seen_at_the_next_poll(page: dict[str, Any]) -> None:
    assert page["changeStatus"] == 200
    assert script(page["changed"]) == ("new", "STATIC", None, "new")
    assert page["changedFlags"] == ["of-changing"]
    print(f"a page that polls every {POLL_SECONDS} s saw a change after {page['milliseconds']} ms")
    assert page["milliseconds"] / 1000 < VISIBLE_SECONDS


def test_a_wrong_key_on_a_page(page: dict[str, Any]) -> None:
    assert page["refused"] == "ProviderFatalError"
    value, reason, code, variant = script(page["withWrongKey"])
    assert (value, reason, variant) == ("code", "ERROR", None)
    assert code in ("PROVIDER_FATAL", "PROVIDER_NOT_READY")


@pytest.fixture(scope="module")
def server(world: World) -> dict[str, Any]:
    return clients.driven(
        "flagd.mjs",
        {
            "url": f"{world.api}{flagd.PATH}",
            "key": world.keys["secret"],
            "change": clients.change(world, "of-synced"),
        },
    )


ON_A_SERVER: dict[str, Details] = {
    **FOUND,
    "default": (False, "DEFAULT", None, "off"),
    "failing": ("code", "ERROR", "PARSE_ERROR", None),  # flagd's core for JavaScript calls it so
    "hidden": ("A", "STATIC", None, "a"),
    "changed": ("new", "STATIC", None, "new"),
}


def test_flagd_s_own_schema_takes_all_flags(server: dict[str, Any]) -> None:
    assert server["valid"] is True
    assert server["contentType"] == "application/json"


@pytest.mark.parametrize("name", ON_A_SERVER)
def test_in_process(server: dict[str, Any], name: str) -> None:
    assert script(server[name]) == ON_A_SERVER[name]


def test_a_split_in_process(server: dict[str, Any]) -> None:
    assert 400 < server["half"] < 600


def test_the_sync_is_sent_when_it_changes(server: dict[str, Any]) -> None:
    assert server["statuses"][:2] == [200, 304]
    assert server["statuses"].count(200) == 2
    assert server["changedFlags"] == ["of-synced"]


def test_publishable_keys_get_no_rules(world: World) -> None:
    answer = world.ask("GET", f"{world.api}{flagd.PATH}", world.keys["publishable"])
    assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")
    assert answer.headers["Content-Type"] == "application/problem+json"
