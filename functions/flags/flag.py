"""A flag as Palier stores it: flagd's definition, and what is known about it beside.

Firestore refuses lists within lists, which rules are full of: the definition is stored as text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from functions.errors import InvalidArgument
from functions.flags.split import Split, compose
from functions.flags.validation import check_definition, check_key
from functions.published import canonical

MAXIMUM_DESCRIPTION = 1_000
MAXIMUM_OWNER = 200


@dataclass(frozen=True)
class Flag:
    """`revision` rises with every edit. `client`: publishable API keys may evaluate it.

    `split` belongs to a running rollout, which moves it without a new revision. It is put under
    the flag's own rules when published.
    An archived flag is kept and no longer published.
    """

    key: str
    definition: Mapping[str, Any]
    revision: int = 1
    description: str = ""
    owner: str = ""
    client: bool = False
    archived: bool = False
    split: Split | None = None

    def check(self) -> None:
        """Raises InvalidArgument unless the flag may be stored."""
        check_key(self.key)
        check_definition(self.definition)
        if len(self.description) > MAXIMUM_DESCRIPTION or len(self.owner) > MAXIMUM_OWNER:
            raise InvalidArgument(
                f"A description has at most {MAXIMUM_DESCRIPTION} characters, "
                f"an owner {MAXIMUM_OWNER}."
            )
        if self.split:
            self._check_split(self.split)

    def with_split(self, split: Split | None) -> Flag:
        """The flag with another split. Raises InvalidArgument when a variant is missing."""
        if split:
            self._check_split(split)
        return replace(self, split=split)

    def published(self) -> dict[str, Any]:
        """The definition that clients get: flagd's, the split compiled down."""
        return compose(self.definition, self.split)

    def to_document(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "revision": self.revision,
            "definition": canonical(self.definition),
            "description": self.description,
            "owner": self.owner,
            "client": self.client,
            "archived": self.archived,
            "split": self.split.to_dict() if self.split else None,
        }

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Flag:
        split = data.get("split")
        return Flag(
            key=data["key"],
            definition=json.loads(data["definition"]),
            revision=data["revision"],
            description=data.get("description", ""),
            owner=data.get("owner", ""),
            client=data.get("client", False),
            archived=data.get("archived", False),
            split=Split.from_dict(split) if split else None,
        )

    def to_view(self) -> dict[str, Any]:
        """What people with the right to see it get, as JSON."""
        return {**self.to_document(), "definition": dict(self.definition)}

    def _check_split(self, split: Split) -> None:
        for variant in (split.control, split.candidate):
            if variant not in self.definition["variants"]:
                raise InvalidArgument(
                    f"The flag {self.key!r} has no variant {variant!r}, which the rollout "
                    f"{split.rollout!r} uses.",
                    extra={"path": "$.variants", "rollout": split.rollout},
                )
