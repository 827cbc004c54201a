"""How what is published differs from what is stored, as it is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NAMED = 100
"""Keys that the audit trail names of each kind; an answer names all."""


@dataclass(frozen=True)
class Drift:
    """Keys of what is not published as it is stored."""

    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra or self.different)

    def to_dict(self) -> dict[str, list[str]]:
        return {"missing": self.missing, "extra": self.extra, "different": self.different}


@dataclass(frozen=True)
class Report:
    """`client` are flags that are marked for clients in one of the two. `parts` are those that were
    missing or damaged as a whole. `unreadable` names the documents that were left alone, and why.
    """

    flags: Drift
    segments: Drift
    keys: Drift
    client: list[str]
    parts: list[str]
    unreadable: Mapping[str, str]
    preview: bool

    @property
    def in_sync(self) -> bool:
        differing = (self.flags, self.segments, self.keys, self.client, self.parts)
        return not any(differing) and not self.unreadable

    def to_dict(self) -> dict[str, Any]:
        return {
            "in_sync": self.in_sync,
            "preview": self.preview,
            "repaired": {
                "flags": self.flags.to_dict(),
                "segments": self.segments.to_dict(),
                "keys": self.keys.to_dict(),
                "client": self.client,
                "parts": self.parts,
            },
            "unreadable": [
                {"document": name, "problem": problem} for name, problem in self.unreadable.items()
            ],
        }

    def to_entry(self) -> dict[str, Any]:
        """As the audit trail keeps it: shortened, since an entry has its limits."""
        drifts = {"flags": self.flags, "segments": self.segments, "keys": self.keys}
        lists = {"client": self.client, "parts": self.parts, "unreadable": list(self.unreadable)}
        return {
            **{
                kind: {how: _shortened(keys) for how, keys in drift.to_dict().items() if keys}
                for kind, drift in drifts.items()
                if drift
            },
            **{name: _shortened(keys) for name, keys in lists.items() if keys},
        }


def _shortened(keys: Sequence[str]) -> dict[str, Any]:
    return {"count": len(keys), "first": list(keys[:NAMED])}
