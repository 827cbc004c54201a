"""When a rollout may start or be raised: hours of the week. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

PARIS = "Europe/Paris"


@dataclass(frozen=True, slots=True)
class Opening:
    """Open from `begins` to before `ends` (minutes since midnight, local time) on the `days` of the
    week (Monday is 0) in an IANA `zone`."""

    days: tuple[int, ...]
    begins: int
    ends: int
    zone: str = PARIS

    def to_document(self) -> dict[str, Any]:
        return asdict(self) | {"days": list(self.days)}

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Opening:
        return Opening(**{**data, "days": tuple(data["days"])})
