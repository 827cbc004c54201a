"""A segment: a rule about users with a name, which flags and other segments refer to.

A rule says `{"$ref": "beta-users"}`. What changes in the segment changes in all that refer to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from functions.errors import InvalidArgument
from functions.flags.composition import TARGETING_KEY
from functions.flags.validation import (
    MAXIMUM_DESCRIPTION,
    check_content,
    check_key,
    check_rule,
    check_users,
)
from functions.published import canonical

MAXIMUM_USERS = 5_000


@dataclass(frozen=True)
class Segment:
    """`rule` says who belongs to it. Users who are named in `included` do too, those in `excluded`
    never do. `revision` rises with every edit."""

    key: str
    rule: Mapping[str, Any]
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    description: str = ""
    revision: int = 1

    def check(self) -> None:
        """Raises InvalidArgument unless the segment may be stored."""
        check_key(self.key)
        if not self.rule and not self.included:
            raise InvalidArgument(
                "A segment needs a `rule`, or users in `included`.", extra={"path": "$.rule"}
            )
        if self.rule:
            check_rule(self.rule, "$.rule")
        if len(self.description) > MAXIMUM_DESCRIPTION:
            raise InvalidArgument(f"A description has at most {MAXIMUM_DESCRIPTION} characters.")
        check_content(self.content())
        check_users(self.included, "$.included", MAXIMUM_USERS)
        check_users(self.excluded, "$.excluded", MAXIMUM_USERS)

    def compiled(self) -> Any:
        """The segment as a rule that holds for those who belong to it."""
        named = {"in": [TARGETING_KEY, list(self.included)]}
        rule: Any = dict(self.rule) if self.rule else named
        if self.rule and self.included:
            rule = {"or": [named, rule]}
        if self.excluded:
            return {"and": [{"!": [{"in": [TARGETING_KEY, list(self.excluded)]}]}, rule]}
        return rule

    def content(self) -> dict[str, Any]:
        """What people write, as JSON."""
        return {
            "rule": dict(self.rule),
            "included": list(self.included),
            "excluded": list(self.excluded),
            "description": self.description,
        }

    def switches(self) -> dict[str, bool]:
        """None: a segment is there or not."""
        return {}

    def edited(self, changes: Mapping[str, Any]) -> Segment:
        """The segment a revision later; `changes` are entries of `content`."""
        return replace(self, **_parsed(changes), revision=self.revision + 1)

    def to_view(self) -> dict[str, Any]:
        """What people with the right to see it get, as JSON."""
        return {"key": self.key, "revision": self.revision, **self.content()}

    def to_document(self) -> dict[str, Any]:
        """Rules and users are stored as text: lists in lists are refused, and an index on each
        user would cost."""
        return {
            "key": self.key,
            "revision": self.revision,
            "description": self.description,
            "content": canonical(self.content()),
        }

    @staticmethod
    def new(key: str, content: Mapping[str, Any]) -> Segment:
        return replace(Segment(key, {}), **_parsed(content))

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Segment:
        segment = Segment.new(data["key"], json.loads(data["content"]))
        return replace(segment, revision=data["revision"])


def _parsed(content: Mapping[str, Any]) -> dict[str, Any]:
    lists = ("included", "excluded")
    return {name: tuple(value) if name in lists else value for name, value in content.items()}
