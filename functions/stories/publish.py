"""Creating a version: recorded, published, and made a variant of the flag, in one change. The flag
that switches all stories off comes into being with the first.

The flag is edited in the same change, because a version that is no variant yet can't be rolled out,
and nobody creates one for another purpose. Who gets it is not touched: the first version of all
becomes the default, every later one waits for a rollout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from functions.changes import Decision, Entry, View
from functions.documents import Document, Scope, Write
from functions.errors import AlreadyExists, FailedPrecondition
from functions.flags.flag import Flag
from functions.flags.manage.publish import publish, save_flag
from functions.flags.publication import Edit
from functions.published import SERVICES, timestamp
from functions.stories import choose, prompt
from functions.stories.versions import FLAG, SERVICE, SWITCH, NewVersion, StoryVersion

PAGE = 300
NOT_PUBLISHED = ("schema", "service", "created_at")
"""What a version's document holds beside its record."""

DESCRIPTION = "The version of the story function that serves a user."
SWITCH_DESCRIPTION = "Whether stories are made. Kill it to stop them all."


def create_version(new: NewVersion) -> Callable[[View], Decision]:
    """The decision of a change that needs the permission EDIT_VERSIONS.

    Its result is the version as a record. Raises NotFound (no such prompt), FailedPrecondition (no
    such handler in this bundle; the flag is archived), AlreadyExists.
    """

    def decide(view: View) -> Decision:
        version = _complete(new)
        path, flag_path = version_path(view.scope, new.version), view.scope.doc("flags", FLAG)
        switch_path = view.scope.doc("flags", SWITCH)
        found = view.get_many([path, flag_path, switch_path])
        services = view.part(SERVICES)
        published = services.setdefault(SERVICE, {})
        if found[path] or new.version in published:
            raise AlreadyExists(
                f"Version {new.version} exists already, and a version never changes.",
                remedy="Give it the next number.",
            )
        record = version.to_record()
        published[new.version] = record
        flag = _with_variant(found[flag_path], new.version)
        created = {"service": SERVICE, **record, "created_at": timestamp(view.now)}
        saved, writes = save_flag(view, found[flag_path], flag)
        flags = [saved]
        if found[switch_path] is None:
            switch, written = save_flag(view, None, _switch())
            flags.append(switch)
            writes = [*writes, *written]
        return Decision(
            writes=[Write.create(path, created), *writes],
            parts={SERVICES: services, **publish(view, Edit(flags=flags))},
            entries=[Entry("version.create", f"{SERVICE}@{new.version}", after=record)],
            result=record,
        )

    return decide


def services(view: View) -> dict[str, Any]:
    """The published part of that name, made anew of the versions that are stored."""
    made: dict[str, Any] = {}
    for page in view.pages(view.scope.collection("versions"), PAGE):
        for document in page:
            kept = document.data.items()
            record = {name: value for name, value in kept if name not in NOT_PUBLISHED}
            made.setdefault(document.data["service"], {})[record["version"]] = record
    return made


def releasable(view: View, flag: str, candidate: str) -> None:
    """For whoever lets people have a variant of a flag, by a rollout, an edit, a schedule or a
    copy: a version must be one that this bundle can serve.

    Raises FailedPrecondition.
    """
    if flag == FLAG:
        check_releasable(view.part(SERVICES), candidate)


def check_releasable(services: dict[str, Any], version: str) -> None:
    """Raises FailedPrecondition unless this bundle can serve a published version.

    For whoever starts a rollout of the flag: `services` is the published part of that name.
    """
    record = services.get(SERVICE, {}).get(version)
    if record is None:
        raise FailedPrecondition(
            f"Version {version} of the story function was never created.",
            remedy="Create it first.",
        )
    try:
        made = StoryVersion.from_record(record)
    except ValueError:
        raise FailedPrecondition(
            f"The record of version {version} of the story function is damaged.",
            remedy="Create the version anew, under the next number.",
        ) from None
    choose.assemble(made)


def version_path(scope: Scope, version: str) -> str:
    return scope.doc("versions", f"{SERVICE}@{version}")


def _complete(new: NewVersion) -> StoryVersion:
    text = prompt.load(new.prompt)
    version = StoryVersion.model_validate({**new.model_dump(), "prompt_hash": text.hash})
    choose.assemble(version)
    return version


def _with_variant(document: Document | None, version: str) -> Flag:
    """The flag with the version as one more variant; the default only when it is the first."""
    if document is None:
        definition = _first_definition(version)
        flag = Flag(FLAG, definition, description=DESCRIPTION, permanent=True)
    else:
        flag = Flag.from_document(document.data)
        if flag.archived:
            raise FailedPrecondition(f"The flag {FLAG} is archived: restore it first.")
        variants = {**flag.definition["variants"], version: version}
        definition = {**flag.definition, "variants": variants}
        flag = flag.edited({"definition": definition})
    flag.check()
    return flag


def _switch() -> Flag:
    """The kill switch: made with the first version, for whoever needs it in a hurry."""
    variants = {"on": True, "off": False}
    definition = {"state": "ENABLED", "variants": variants, "defaultVariant": "on"}
    flag = Flag(
        SWITCH, definition, description=SWITCH_DESCRIPTION, off_variant="off", permanent=True
    )
    flag.check()
    return flag


def _first_definition(version: str) -> dict[str, Any]:
    return {"state": "ENABLED", "variants": {version: version}, "defaultVariant": version}
