"""Plan, then confirm: a change that shows first what it will do, and then does exactly that.

The plan carries a token over all that it was based on, its basis. With the token the change is
made; when the basis has become another one in between, it is refused. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from functions.errors import GenerationConflict
from functions.published import canonical

LENGTH = 32
"""Hexadecimal characters of a token. It grants nothing: it only says what somebody has seen."""


def token(basis: Any) -> str:
    """The token of a basis: plain JSON, such as keys with their revisions and what was asked."""
    return hashlib.sha256(canonical(basis).encode("utf-8", "surrogatepass")).hexdigest()[:LENGTH]


def require(given: str, basis: Any) -> None:
    """Raises GenerationConflict unless the token was given for this very basis."""
    if not hmac.compare_digest(given.encode(), token(basis).encode()):
        raise GenerationConflict(
            "What the plan was made of has changed since: nothing was done.",
            remedy="Ask for the plan again (without `confirm`), look at it, and confirm that.",
        )
