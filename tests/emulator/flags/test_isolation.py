"""A key of one environment never reads another: five published ones, each with its own keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from functions.clock import ManualClock
from functions.documents import Scope, Store
from functions.flags.clients import flagd, manifest, ofrep
from functions.flags.clients.hot import HotRoutes
from functions.flags.clients.limits import Limits
from functions.flags.clients.usage import Usage
from functions.flags.keys import ApiKey, Kind, new_key
from functions.flags.snapshot import SnapshotCache
from tests.emulator.flags.conftest import publish

ENVIRONMENTS = ("production", "staging", "development", "testing", "demo")
SCOPES = [Scope("main", name) for name in ENVIRONMENTS] + [Scope("other", "production")]
KINDS = (Kind.SECRET, Kind.PUBLISHABLE)


def named(scope: Scope) -> str:
    return f"{scope.application}-{scope.environment}"


class Environments:
    """`keys` by scope and kind; the flag `where` has the name of its environment as its value."""

    def __init__(self, store: Store) -> None:
        self.keys = {(scope, kind): new_key(kind, scope) for scope in SCOPES for kind in KINDS}
        for scope in SCOPES:
            publish(store, self._parts(scope), scope)
        clock = ManualClock()
        snapshots, usage = SnapshotCache(store, clock), Usage(store, clock)
        hot = HotRoutes(
            lambda _environ, _start: [],
            lambda: snapshots,
            lambda: usage,
            clock,
            limits=Limits(per_second=0),
        )
        self.client = Client(hot)

    def _parts(self, scope: Scope) -> dict[str, Any]:
        flag = {"state": "ENABLED", "variants": {"x": named(scope)}, "defaultVariant": "x"}
        only = f"only-{named(scope)}"
        document = {"flags": {"where": flag, only: flag}}
        keys = [self.keys[scope, kind] for kind in KINDS]
        return {
            "flags": {"document": document, "client": ["where", only]},
            "keys": {key.id: key.record() for key in keys},
        }

    def answers(self, key: ApiKey, flag: str = "where") -> Iterator[TestResponse]:
        """What each of the routes says to a key."""
        headers = {"Authorization": f"Bearer {key.text()}"}
        yield self.client.post(f"{ofrep.BASE}/{flag}", data=b"{}", headers=headers)
        yield self.client.post(ofrep.BASE, data=b"{}", headers=headers)
        yield self.client.get(flagd.PATH, headers=headers)
        yield self.client.get(manifest.PATH, headers=headers)


@pytest.fixture
def environments(store: Store) -> Environments:
    return Environments(store)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_reads_its_own(environments: Environments, kind: Kind) -> None:
    foreign = {scope: [named(each) for each in SCOPES if each != scope] for scope in SCOPES}
    for scope in SCOPES:
        for answer in environments.answers(environments.keys[scope, kind]):
            assert answer.status_code == 200 or (kind, answer.status_code) == (
                Kind.PUBLISHABLE,
                403,
            )
            assert answer.status_code == 403 or named(scope) in answer.text
            assert not any(name in answer.text for name in foreign[scope])


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_with_another_name_opens_nothing(environments: Environments, kind: Kind) -> None:
    for scope, other in permutations(SCOPES, 2):
        key = environments.keys[scope, kind]
        pretending = ApiKey(kind, other, key.id, key.secret)
        for answer in environments.answers(pretending):
            assert answer.status_code == 401
            assert named(other) not in answer.text
            assert named(scope) not in answer.text


def test_a_publishable_key_does_not_become_a_secret_one(environments: Environments) -> None:
    for scope in SCOPES:
        key = environments.keys[scope, Kind.PUBLISHABLE]
        for answer in environments.answers(ApiKey(Kind.SECRET, scope, key.id, key.secret)):
            assert answer.status_code == 401


def test_the_secret_of_one_key_opens_no_other(environments: Environments) -> None:
    for scope, other in permutations(SCOPES, 2):
        mine = environments.keys[scope, Kind.SECRET]
        theirs = environments.keys[other, Kind.SECRET]
        for answer in environments.answers(ApiKey(Kind.SECRET, other, theirs.id, mine.secret)):
            assert answer.status_code == 401


def test_flags_of_elsewhere_are_unknown(environments: Environments) -> None:
    for scope, other in permutations(SCOPES, 2):
        key = environments.keys[scope, Kind.SECRET]
        single = next(environments.answers(key, f"only-{named(other)}"))
        assert single.status_code == 404
        assert json.loads(single.data)["errorCode"] == "FLAG_NOT_FOUND"


def test_an_environment_that_is_not_there(environments: Environments) -> None:
    key = new_key(Kind.SECRET, Scope("main", "nowhere"))
    for answer in environments.answers(key):
        assert answer.status_code == 401
