"""A flag as Palier stores it: flagd's definition, and what is known about it beside.

Firestore refuses lists within lists, which rules are full of: the definition is stored as text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from functions.errors import InvalidArgument
from functions.flags import composition
from functions.flags.composition import Prerequisite
from functions.flags.split import Split
from functions.flags.validation import (
    MAXIMUM_DESCRIPTION,
    check_content,
    check_definition,
    check_key,
    check_users,
    refuse,
)
from functions.published import canonical

MAXIMUM_OWNER = 200
MAXIMUM_TAGS = 20
MAXIMUM_TAG = 50
MAXIMUM_PREREQUISITES = 10
MAXIMUM_TARGETS = 1_000


@dataclass(frozen=True)
class Flag:
    """What people write is `content`; the rest is where the flag stands.

    client         publishable API keys may evaluate it
    permanent      it is to stay; a flag that isn't has an end, and is stale when that has passed
    ends_at        when it is to be gone (epoch seconds), or None
    prerequisites  other flags that must give a user certain variants, else the off variant
    targets        variant → users who get it, whatever the rules say
    off_variant    for whom a prerequisite isn't met, and for everybody while the flag is killed
    revision       rises with every edit
    archived       kept, and no longer published
    split          belongs to a running rollout, which moves it without a new revision
    updated_at     when anything of it last changed (epoch seconds)
    """

    key: str
    definition: Mapping[str, Any]
    revision: int = 1
    description: str = ""
    owner: str = ""
    client: bool = False
    tags: tuple[str, ...] = ()
    permanent: bool = False
    ends_at: float | None = None
    prerequisites: tuple[Prerequisite, ...] = ()
    targets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    off_variant: str | None = None
    archived: bool = False
    killed: bool = False
    split: Split | None = None
    updated_at: float = 0.0

    def check(self) -> None:
        """Raises InvalidArgument unless the flag may be stored.

        What it refers to is checked where it is published.
        """
        check_key(self.key)
        check_definition(self.definition)
        check_content(self.content())
        self._check_description()
        self._check_targets()
        self._check_prerequisites()
        if self.off_variant is not None and self.off_variant not in self.definition["variants"]:
            refuse("$.off_variant", "the name of a variant, or null", self.off_variant)
        if self.permanent and self.ends_at is not None:
            refuse("$.ends_at", "null, since the flag is permanent", self.ends_at)
        if self.split:
            self._check_split(self.split)

    def with_split(self, split: Split | None) -> Flag:
        """The flag with another split. Raises InvalidArgument when a variant is missing."""
        if split:
            self._check_split(split)
        return replace(self, split=split)

    def published(self) -> dict[str, Any]:
        """The definition that clients get: flagd's, with all else compiled down."""
        if self.killed:
            return composition.killed(self.definition, self.off_variant)
        definition = composition.with_split(self.definition, self.split)
        definition = composition.with_targets(definition, self.targets)
        return composition.with_prerequisites(definition, self.prerequisites, self.off_variant)

    def content(self) -> dict[str, Any]:
        """What people write, as JSON: what is edited, copied, scheduled and restored."""
        return {
            "definition": dict(self.definition),
            "description": self.description,
            "owner": self.owner,
            "client": self.client,
            "tags": list(self.tags),
            "permanent": self.permanent,
            "ends_at": self.ends_at,
            "prerequisites": [each.to_dict() for each in self.prerequisites],
            "targets": {variant: list(users) for variant, users in self.targets.items()},
            "off_variant": self.off_variant,
        }

    def switches(self) -> dict[str, bool]:
        """What a revision changes beside its content."""
        return {"archived": self.archived, "killed": self.killed}

    def edited(self, changes: Mapping[str, Any]) -> Flag:
        """The flag a revision later; `changes` are entries of `content`, what is absent stays."""
        return replace(self, **_parsed(changes), revision=self.revision + 1)

    def to_view(self) -> dict[str, Any]:
        """What people with the right to see it get, as JSON."""
        return {
            "key": self.key,
            "revision": self.revision,
            **self.content(),
            **self.switches(),
            "split": self.split.to_dict() if self.split else None,
            "updated_at": self.updated_at,
        }

    def to_document(self) -> dict[str, Any]:
        content = self.content()
        return {
            **self.to_view(),
            "definition": canonical(content["definition"]),
            "targets": canonical(content["targets"]),
        }

    @staticmethod
    def new(key: str, content: Mapping[str, Any]) -> Flag:
        return replace(Flag(key, {}), **_parsed(content))

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Flag:
        content = {name: data[name] for name in CONTENT if name in data}
        for name in ("definition", "targets"):
            content[name] = json.loads(data.get(name) or "{}")
        split = data.get("split")
        return replace(
            Flag.new(data["key"], content),
            revision=data["revision"],
            archived=data.get("archived", False),
            killed=data.get("killed", False),
            split=Split.from_dict(split) if split else None,
            updated_at=data.get("updated_at", 0.0),
        )

    def _check_description(self) -> None:
        if len(self.description) > MAXIMUM_DESCRIPTION or len(self.owner) > MAXIMUM_OWNER:
            raise InvalidArgument(
                f"A description has at most {MAXIMUM_DESCRIPTION} characters, "
                f"an owner {MAXIMUM_OWNER}."
            )
        if len(self.tags) > MAXIMUM_TAGS or len(set(self.tags)) < len(self.tags):
            refuse("$.tags", f"at most {MAXIMUM_TAGS} tags, each once", list(self.tags))
        for index, tag in enumerate(self.tags):
            if not 1 <= len(tag) <= MAXIMUM_TAG:
                refuse(f"$.tags[{index}]", f"a tag of 1 to {MAXIMUM_TAG} characters", tag)

    def _check_targets(self) -> None:
        seen: list[str] = []
        for variant, users in self.targets.items():
            if variant not in self.definition["variants"]:
                refuse("$.targets", "the names of variants", variant)
            seen += users
        check_users(seen, "$.targets", MAXIMUM_TARGETS)

    def _check_prerequisites(self) -> None:
        if len(self.prerequisites) > MAXIMUM_PREREQUISITES:
            refuse("$.prerequisites", f"at most {MAXIMUM_PREREQUISITES}", len(self.prerequisites))
        keys = [each.flag for each in self.prerequisites]
        for index, each in enumerate(self.prerequisites):
            path = f"$.prerequisites[{index}]"
            if each.flag == self.key or keys.count(each.flag) > 1:
                refuse(f"{path}.flag", "another flag, named once", each.flag)
            if not each.variants:
                refuse(f"{path}.variants", "at least one variant", list(each.variants))
        if self.prerequisites and self.off_variant is None:
            refuse(
                "$.off_variant", "the variant for whom a prerequisite isn't met", self.off_variant
            )

    def _check_split(self, split: Split) -> None:
        for variant in (split.control, split.candidate):
            if variant not in self.definition["variants"]:
                raise InvalidArgument(
                    f"The flag {self.key!r} has no variant {variant!r}, which the rollout "
                    f"{split.rollout!r} uses.",
                    extra={"path": "$.variants", "rollout": split.rollout},
                )


CONTENT: Sequence[str] = tuple(Flag("", {}).content())
"""The names of what people write."""


def _parsed(content: Mapping[str, Any]) -> dict[str, Any]:
    parsed = dict(content)
    if "tags" in parsed:
        parsed["tags"] = tuple(parsed["tags"])
    if "prerequisites" in parsed:
        parsed["prerequisites"] = tuple(map(Prerequisite.from_dict, parsed["prerequisites"]))
    if "targets" in parsed:
        parsed["targets"] = {name: tuple(users) for name, users in parsed["targets"].items()}
    return parsed
