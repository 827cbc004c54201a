"""The fields of a tally as JSON has them, and back. Pure.

JSON without arrays in arrays, since Firestore takes none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.metrics.by_users import ByUsers
from functions.metrics.completions import Completion
from functions.metrics.distinct import Users
from functions.metrics.measures import Measure
from functions.metrics.timings import Timing


def plain(value: Any) -> Any:
    """A field's value as it is stored."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [completion.to_text() for completion in value]
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in sorted(value.items())}
    if isinstance(value, Measure | Users):
        return value.to_text()
    if isinstance(value, Timing | ByUsers):
        return value.to_document()
    return value


def rich(name: str, value: Any) -> Any:
    """What `plain` wrote of the field of that name."""
    if name == "users_failing":
        return frozenset(value)
    if name == "users":
        return Users.from_text(value)
    if name == "recent":
        return tuple(Completion.from_text(text) for text in value)
    if name == "measures":
        return {key: Measure.from_text(text) for key, text in value.items()}
    if name == "timings":
        return {key: Timing.from_document(each) for key, each in value.items()}
    if name == "by_users":
        return {key: ByUsers.from_document(each) for key, each in value.items()}
    if name in ("buckets", "retried"):
        return {int(key): count for key, count in value.items()}
    return value
