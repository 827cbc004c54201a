"""What became of one attempt to tell a channel. Pure.

2xx              it has it
400, 413, 422    the message itself is not taken: never tried again
410              the channel is gone: switched off
anything else    later: the receiver's trouble, or something that a person can put right
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

THE_MESSAGE_S_FAULT = frozenset({400, 413, 422})
LONGEST_WAIT_SECONDS = 3600.0
"""No receiver may silence a channel for longer."""

LONGEST_REASON = 200
PLAIN_WORDS = frozenset(
    {
        "action_prohibited",
        "channel_is_archived",
        "channel_not_found",
        "invalid_blocks",
        "invalid_payload",
        "invalid_token",
        "no_active_hooks",
        "no_service",
        "no_team",
        "no_text",
        "posting_to_general_channel_denied",
        "team_disabled",
        "too_many_attachments",
        "user_not_found",
    }
)
"""What Slack answers with. Of other bodies nothing is kept: an error page may repeat the address,
or a part of it, in any spelling."""

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
    reason   why, for people, in words of ours: what a receiver says may repeat a secret
    wait     seconds that it asked to be left alone for
    ours     nothing was sent, by a fault of ours with this message: it says nothing of the channel
    """

    became: Became
    reason: str = ""
    wait: float | None = None
    ours: bool = False


TAKEN = Outcome(Became.TAKEN)


@dataclass(frozen=True)
class Answer:
    """What a receiver answered over HTTP. `text` is the beginning of the body."""

    status: int
    text: str = ""
    retry_after: str = ""


def of_answer(answer: Answer) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return TAKEN
    said = answer.text.strip()
    reason = in_a_line(f"{status} {_phrase(status)}: {said if said in PLAIN_WORDS else ''}")
    if status in THE_MESSAGE_S_FAULT:
        return Outcome(Became.NEVER, reason)
    if status == HTTPStatus.GONE:
        return Outcome(Became.GONE, reason)
    if 300 <= status < 400:
        return Outcome(Became.LATER, f"{status}: redirections are not followed")
    return Outcome(Became.LATER, reason, _wait(answer.retry_after))


def in_a_line(text: str) -> str:
    """Cut, and without what can't be read."""
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
