"""Which version serves a user: what the flag says, or the person's own choice, as far as this
bundle can serve it.

Pure, but for the prompts: files of the bundle, read once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from functions.errors import FailedPrecondition, NotFound
from functions.flags.evaluation import DISABLED
from functions.stories import prompt
from functions.stories.handlers import HANDLERS, Handler
from functions.stories.model import failure
from functions.stories.model.failure import Cause, Failure
from functions.stories.prompt import Prompt
from functions.stories.versions import FLAG, PINNED, SERVICE, SWITCH, StoryVersion


class Evaluation(Protocol):
    @property
    def value(self) -> Any: ...

    @property
    def reason(self) -> str: ...


class Evaluator(Protocol):
    def evaluate(self, key: str, context: Mapping[str, Any]) -> Evaluation: ...


@dataclass(frozen=True)
class Chosen:
    """A version with all that it needs. `arm` is the name that its requests are counted under."""

    version: StoryVersion
    prompt: Prompt
    handler: Handler
    pinned: bool = False

    @property
    def arm(self) -> str:
        return self.version.version + (PINNED if self.pinned else "")


@dataclass(frozen=True)
class Unservable:
    """A version is named that this bundle can't serve."""

    arm: str
    failure: Failure


@dataclass(frozen=True)
class NothingReleased:
    """The flag names no version for this user."""


def switched_off(evaluator: Evaluator, uid: str) -> bool:
    """Whether stories are switched off for a user: by the flag's value, or because it is disabled.

    Without such a flag they are on.
    """
    switch = evaluator.evaluate(SWITCH, {"targetingKey": uid})
    return switch.value is False or switch.reason == DISABLED


def choose(
    evaluator: Evaluator, services: Mapping[str, Any], uid: str, pinned: str | None = None
) -> Chosen | Unservable | NothingReleased:
    """The version for a user: the one that they have chosen themselves (`pinned`), or the flag's.

    `services` is the published part of that name.
    """
    name = pinned or evaluator.evaluate(FLAG, {"targetingKey": uid}).value
    if not isinstance(name, str) or not name:
        return NothingReleased()
    arm = name + (PINNED if pinned else "")
    record = services.get(SERVICE, {}).get(name)
    if record is None:
        return _unservable(arm, "This version was never created.")
    try:
        return replace(assemble(StoryVersion.from_record(record)), pinned=bool(pinned))
    except FailedPrecondition as error:
        return _unservable(arm, error.detail)
    except ValueError:
        return _unservable(arm, "The record of this version is damaged.")


def assemble(version: StoryVersion) -> Chosen:
    """A version with its prompt and handler. Raises FailedPrecondition when this bundle lacks
    either, or has another text under the prompt's id."""
    handler = HANDLERS.get(version.handler)
    if handler is None:
        raise FailedPrecondition(
            f"This bundle lacks the handler {version.handler!r} of version {version.version}.",
            remedy="Deploy a bundle that has it, then release the version.",
        )
    try:
        text = prompt.load(version.prompt)
    except NotFound:
        raise FailedPrecondition(
            f"This bundle lacks the prompt {version.prompt!r} of version {version.version}.",
            remedy="Deploy a bundle that has it, then release the version.",
        ) from None
    if text.hash != version.prompt_hash:
        raise FailedPrecondition(
            f"The prompt {version.prompt!r} has changed since version {version.version} was made.",
            remedy="Restore its text, and put the new wording into a prompt of its own.",
        )
    return Chosen(version, text, handler)


def _unservable(arm: str, detail: str) -> Unservable:
    return Unservable(arm, failure.Failure("bad_version", Cause.CANDIDATE, detail))
