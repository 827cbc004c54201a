"""schemathesis over what the functions say of themselves: nothing undocumented, nothing of 5xx."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from google.cloud import firestore
from schemathesis.engine import events, from_schema

from functions.documents import Store
from tests.emulator.instances import Serve, instances
from tests.emulator.steering import Town
from tests.servers.hostile_openai import HostileOpenAI, story
from tests.tokens import id_token

EXAMPLES = 12
ALERTS = ["alerts", "rules", "alert_tests", "incidents", "people", "channels", "telling"]
OBJECTIVES = ["objectives", "scores", "scorecard", "collection"]
ROOMS = ["metrics", "versions", "users", "rollouts", "registry", "description"]
ROLLOUTS = ["rollout plans", "rollouts explained", "backtests", "completion", "rollbacks"]
TRAFFIC = ["serving", "deployment"]
OTHER_ROOMS = [*ROOMS, *ALERTS, *OBJECTIVES, *ROLLOUTS, *TRAFFIC]
REFUSING = ["400", "401", "403", "404", "405", "409", "413"]
"""What answers a request that is not as described."""


def settings(**headers: str) -> Any:
    return schemathesis.Config.from_dict(
        {
            "seed": 1,
            "headers": headers,
            "generation": {"deterministic": True, "max-examples": EXAMPLES, "database": "none"},
            "phases": {"stateful": {"enabled": False}},
            "checks": {
                "positive_data_acceptance": {"enabled": False},  # a schema can't say all
                "ignored_auth": {"enabled": False},  # of this release fails over WSGI by itself
                "negative_data_rejection": {"expected-statuses": REFUSING},
            },
        }
    )


@dataclass
class Result:
    """`answers` counts by operation and status those to the method that is described."""

    failures: list[str] = field(default_factory=list)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    def never_done(self) -> set[str]:
        """Operations that never did what they are for."""
        done = {label for label, status in self.answers if status < 300}
        return {label for label, _ in self.answers} - done


def run(schema: Any) -> Result:
    """Every check on every operation, one after the other and always the same."""
    result = Result()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            result.failures.append(f"{event.label}: {event.info.format()}")
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.ScenarioFinished):
            _note(result, event)
    return result


def _note(result: Result, event: events.ScenarioFinished) -> None:
    recorder = event.recorder
    for interaction in recorder.interactions.values():
        if interaction.response and recorder.label.startswith(interaction.request.method + " "):
            result.answers[recorder.label, interaction.response.status_code] += 1
    for check in itertools.chain.from_iterable(recorder.checks.values()):
        if check.failure_info:
            failure = check.failure_info.failure
            told = f"{recorder.label}: {check.name}: {failure.title}: {failure.message}"
            result.failures.append(f"{told}\n{check.failure_info.code_sample}")


@dataclass
class World:
    """A town on a project of its own; `serve` starts a function."""

    serve: Serve
    town: Town
    token: str

    def admin(self) -> Any:
        headers = {"Authorization": self.token}
        return schemathesis.openapi.from_wsgi(
            "/api/admin/openapi.json",
            self.serve("admin").application,
            headers=headers,
            config=settings(**headers),
        )

    def api(self, **headers: str) -> Any:
        app = self.serve("api").application
        return schemathesis.openapi.from_wsgi("/api/openapi.json", app, config=settings(**headers))


@pytest.fixture
def world(
    store: Store, firestore_client: firestore.Client, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    project = str(firestore_client.project)
    token = f"Bearer {id_token('boss', project)}"
    with instances(project, monkeypatch) as serve:
        yield World(serve, Town(store, serve("admin"), token), token)


@pytest.mark.timeout(300)
def test_the_flags_of_admin(world: World) -> None:
    schema = world.admin().exclude(tag=OTHER_ROOMS)
    schema.hook("map_case")(world.town.steering())
    result = run(schema)
    assert result.failures == []
    assert result.never_done() == set()


@pytest.mark.timeout(300)
def test_the_other_rooms_of_admin(world: World) -> None:
    """Not led anywhere: that they hold what they say of refusals is most of it."""
    assert run(world.admin().include(tag=OTHER_ROOMS)).failures == []


@pytest.mark.timeout(300)
def test_the_flags_of_api(world: World) -> None:
    schema = world.api(**{"X-API-Key": world.town.secret}).include(tag="flags")
    schema.hook("map_case")(world.town.steering())
    result = run(schema)
    assert result.failures == []
    assert result.never_done() == set()


@pytest.mark.timeout(300)
def test_events(world: World) -> None:
    """No metric is declared: that they hold what they say of refusals is what is seen."""
    assert run(world.api(**{"X-API-Key": world.town.secret}).include(tag="events")).failures == []


@pytest.mark.timeout(300)
def test_stories_and_health(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with HostileOpenAI([story()]) as model:
        monkeypatch.setenv("PALIER_OPENAI_URL", model.address)
        result = run(world.api(Authorization=world.token).exclude(tag=["flags", "events"]))
    assert result.failures == []
    one = "/v1/stories/{story_id}"
    assert result.never_done() == {f"GET {one}", f"DELETE {one}", f"POST {one}/rating"}
