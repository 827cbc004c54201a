"""Reading what the moderation endpoint sent back. Pure: bytes in, judgements or a failure out."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from functions.stories.model import failure
from functions.stories.model.calling import Moderated
from functions.stories.model.failure import Failure

NAME = re.compile(r"[a-z][a-z/_-]{0,39}")


def read_body(
    body: bytes, texts: int, request_id: str | None = None
) -> tuple[Moderated, ...] | Failure:
    """What is said of each of so many texts, in their order."""
    try:
        content = json.loads(body)
        results = tuple(_moderated(result) for result in content["results"])
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, OverflowError):
        return failure.broken("OpenAI's moderation isn't as it should be.", request_id)
    if len(results) != texts:
        return failure.broken("OpenAI's moderation left out a text.", request_id)
    return results


def _moderated(result: Any) -> Moderated:
    """Raises ValueError and its like: what can't be read must not pass for harmless."""
    flagged, scores = result["flagged"], result["category_scores"]
    if not isinstance(flagged, bool):
        raise TypeError("flagged")
    named: dict[str, float] = {}
    for category, value in scores.items():
        name = _named(category)
        named[name] = max(named.get(name, 0.0), _score(value))
    return Moderated(flagged, named)


def _named(category: str) -> str:
    """Errors and logs tell the category: nothing but a name gets there."""
    return category if NAME.fullmatch(category) else "other"


def _score(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("score")
    if not math.isfinite(value):  # it would be below every threshold
        raise ValueError("score")
    return float(value)
