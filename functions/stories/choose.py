"""Which version serves a user: what the flag says, as far as this bundle can serve it.

Pure, but for the prompts: files of the bundle, read once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions.errors import FailedPrecondition, NotFound
from functions.stories import failure, prompt
from functions.stories.failure import Cause, Failure
from functions.stories.handlers import HANDLERS, Handler
from functions.stories.prompt import Prompt
from functions.stories.versions import FLAG, SERVICE, StoryVersion


class Evaluation(Protocol):
    @property
    def value(self) -> Any: ...


class Evaluator(Protocol):
    def evaluate(self, key: str, context: Mapping[str, Any]) -> Evaluation: ...


@dataclass(frozen=True)
class Chosen:
    """A version with all that it needs."""

    version: StoryVersion
    prompt: Prompt
    handler: Handler


@dataclass(frozen=True)
class Unservable:
    """The flag names a version that this bundle can't serve."""

    version: str
    failure: Failure


@dataclass(frozen=True)
class NothingReleased:
    """The flag names no version for this user."""


def choose(
    evaluator: Evaluator, services: Mapping[str, Any], uid: str
) -> Chosen | Unservable | NothingReleased:
    """The version for a user. `services` is the published part of that name."""
    name = evaluator.evaluate(FLAG, {"targetingKey": uid}).value
    if not isinstance(name, str) or not name:
        return NothingReleased()
    record = services.get(SERVICE, {}).get(name)
    if record is None:
        return _unservable(name, "The active version was never created.")
    try:
        return assemble(StoryVersion.from_record(record))
    except FailedPrecondition as error:
        return _unservable(name, error.detail)
    except ValueError:
        return _unservable(name, "The record of the active version is damaged.")


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


def _unservable(version: str, detail: str) -> Unservable:
    return Unservable(version, failure.Failure("bad_version", Cause.CANDIDATE, detail))
