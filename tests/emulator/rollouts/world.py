"""A small world on the Firestore emulator: a flag, a rollout, and slots as instances write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from functions.changes import Change, Decision, Outcome, View, commit_change
from functions.clock import ManualClock
from functions.documents import Document, Scope, Store, Write
from functions.flags.flag import Flag
from functions.flags.manage.flags import create_flag
from functions.identity import Actor, Permission
from functions.metrics.observation import Observation
from functions.metrics.store import SlotKey, slot_write
from functions.metrics.tally import merge_all, of
from functions.metrics.windows import slot_start
from functions.published import SERVICES, decode_part
from functions.rollouts import commands
from functions.rollouts import store as rollout_store
from functions.rollouts.commands import Asked, Creation, Deciding
from functions.rollouts.plan import Criteria, Plan, Stage
from functions.rollouts.rollout import Rollout
from functions.stories import prompt
from functions.stories.measures import MEASURES
from functions.stories.versions import NewVersion, Parameters, StoryVersion

FLAG = "stories.version"
SERVICE = "stories"
CONTROL = "1.2.0"
CANDIDATE = "1.3.0"
OPERATOR = Actor.operator("test")
ASKED = Asked("operator:test", "a test")

QUICK = Plan(
    "quick",
    (Stage(10, 20, 120), Stage(50, 20, 120), Stage(100, 20, 120)),
    watch_seconds=30,
    criteria=Criteria(requests=20),
)


def definition(default: str = CONTROL, *others: str) -> dict[str, Any]:
    names = (default, *(others or (CANDIDATE,)))
    return {
        "state": "ENABLED",
        "variants": {name: name for name in names},
        "defaultVariant": default,
        "targeting": {"if": [{"==": [{"var": "team"}, "red"]}, default]},
    }


def connect(project: str) -> Store:
    """A store of its own on a database of the emulator."""
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return Store(firestore.Client(project=project, credentials=credentials))


def _servable(deciding: Deciding, flag: Flag) -> Deciding:
    """The same, with its variants as versions of the story function that this bundle can serve."""

    def with_versions(view: View) -> Decision:
        records = {name: _version(name) for name in flag.definition["variants"]}
        made = deciding(view)
        return replace(made, parts={**made.parts, SERVICES: {SERVICE: records}})

    return with_versions


def _version(name: str) -> dict[str, Any]:
    made = NewVersion(
        version=name,
        prompt="tale-1",
        model="gpt-test",
        parameters=Parameters(max_output_tokens=900),
    )
    return StoryVersion(**made.model_dump(), prompt_hash=prompt.load("tale-1").hash).to_record()


@dataclass
class World:
    """What tests do to an environment, in one line each."""

    store: Store
    clock: ManualClock = field(default_factory=ManualClock)
    scope: Scope = field(default_factory=lambda: Scope("main", "staging"))

    def change(self, deciding: Deciding, permission: Permission = Permission.ROLL_OUT) -> Outcome:
        change = Change(self.scope, OPERATOR, permission, "a test")
        return commit_change(self.store, self.clock, change, deciding)

    def environment(self) -> None:
        """The document that makes it one of the application's environments."""
        application = Write.set(f"applications/{self.scope.application}", {"name": "World"})
        self.store.commit([application, Write.create(self.scope.path, {})])

    def flag(self, key: str = FLAG, *others: str) -> Flag:
        made = Flag(key, definition(CONTROL, *others))
        self.change(_servable(create_flag(made), made), Permission.EDIT_FLAGS)
        return made

    def created(
        self,
        identifier: str = "r1",
        plan: Plan = QUICK,
        flag: str = FLAG,
        candidate: str = CANDIDATE,
        **more: Any,
    ) -> Rollout:
        """`more`: what else a Creation takes."""
        creation = Creation(identifier, flag, candidate, plan, SERVICE, **more)
        deciding = commands.create(creation, ASKED, measured={SERVICE: MEASURES})
        result: Rollout = self.change(deciding).result
        return result

    def started(
        self, identifier: str = "r1", plan: Plan = QUICK, flag: str = FLAG, **more: Any
    ) -> None:
        """Asked to start: the next tick makes the first split."""
        self.created(identifier, plan, flag, **more)
        self.change(commands.start(identifier, ASKED))

    def rollout(self, identifier: str = "r1") -> Rollout:
        return rollout_store.find(self.store, self.scope, identifier).rollout

    def read_flag(self, key: str = FLAG) -> Flag:
        document = self.store.get(self.scope.doc("flags", key))
        assert document
        return Flag.from_document(document.data)

    def published(self, key: str = FLAG) -> dict[str, Any]:
        """The definition that clients get."""
        pointer = self.pointer().data
        part = self.store.get(self.scope.doc("parts", pointer["parts"]["flags"]))
        assert part
        found: dict[str, Any] = decode_part(part.data)["document"]["flags"][key]
        return found

    def pointer(self) -> Document:
        document = self.store.get(self.scope.doc("published", "current"))
        assert document
        return document

    def generation(self) -> int:
        return int(self.pointer().data["generation"])

    def events(self, identifier: str = "r1") -> list[dict[str, Any]]:
        return rollout_store.events(self.store, self.scope, identifier)

    def kinds(self, identifier: str = "r1") -> list[str]:
        return [event["kind"] for event in self.events(identifier)]

    def audited(self) -> list[str]:
        entries = self.store.query("applications/main/audit", order_by="sequence")
        return [entry.data["action"] for entry in entries]

    def serve(
        self,
        version: str,
        requests: int,
        failures: int = 0,
        *,
        cause: str = "candidate",
        generation: int | None = None,
        at: float | None = None,
        instance: str = "i1",
        measures: Mapping[str, float] | None = None,
    ) -> None:
        """A slot of 10 s in which a version served so much; failures by different users. Each
        request reports the same `measures`."""
        now = self.clock.now() if at is None else at
        start = slot_start(now)
        served_by = generation or self.generation()

        def observed(number: int) -> Observation:
            failed = number < failures
            return Observation(
                SERVICE,
                version,
                served_by,
                at=now,
                duration_ms=900,
                code="OPENAI_ERROR" if failed else "OK",
                cause=cause if failed else "none",
                user_hash=f"{version}-{start}-{number:04d}",
                measures=measures or {},
            )

        counted = merge_all(of(observed(number)) for number in range(requests))
        key = SlotKey(self.scope, start, SERVICE, version, served_by)
        self.store.commit([slot_write(key, instance, counted, now)])
