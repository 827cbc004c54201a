"""What became of one attempt to tell a channel. Pure.

2xx              it has it
400, 413, 422    the message itself is not taken: never tried again
410              the channel is gone: switched off
anything else    later: the receiver's trouble, or something that a person can put right
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

THE_MESSAGE_S_FAULT = frozenset({400, 413, 422})
LONGEST_WAIT_SECONDS = 3600.0
"""No receiver may silence a channel for longer."""

LONGEST_REASON = 200
SECONDS = re.compile(r"[0-9]{1,7}")
UNSHOWN = re.compile(r"[^\x20-\x7e\xa0-\u024f]+")


class Became(StrEnum):
    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"
    GONE = "gone"


@dataclass(frozen=True)
class Outcome:
    """
    reason   what the receiver said, for people; no secret in it
    wait     seconds that it asked to be left alone for
    """

    became: Became
    reason: str = ""
    wait: float | None = None


TAKEN = Outcome(Became.TAKEN)


@dataclass(frozen=True)
class Answer:
    """What a receiver answered over HTTP. `text` is the beginning of the body."""

    status: int
    text: str = ""
    retry_after: str = ""


def of_answer(answer: Answer, secrets: Iterable[str] = ()) -> Outcome:
    """`secrets` are cut out of what the receiver said."""
    status = answer.status
    if 200 <= status < 300:
        return TAKEN
    reason = without(secrets, f"{status} {_phrase(status)}: {answer.text}")
    if status in THE_MESSAGE_S_FAULT:
        return Outcome(Became.NEVER, reason)
    if status == HTTPStatus.GONE:
        return Outcome(Became.GONE, reason)
    if 300 <= status < 400:
        return Outcome(Became.LATER, f"{status}: redirections are not followed")
    return Outcome(Became.LATER, reason, _wait(answer.retry_after))


def without(secrets: Iterable[str], text: str) -> str:
    """The text in a line, cut, and without what must not be read in it."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    return UNSHOWN.sub(" ", text).strip(" :")[:LONGEST_REASON]


def _wait(text: str) -> float | None:
    """Retry-After in seconds. As a date it says nothing that one's own pauses don't."""
    if not SECONDS.fullmatch(text.strip()):
        return None
    return min(LONGEST_WAIT_SECONDS, float(text))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
