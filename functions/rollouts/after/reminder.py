"""What people are reminded of: rollouts that ended without lessons learned. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.rule import P3
from functions.rollouts.rollout import Rollout
from functions.rollouts.state import Phase

DAY = 86_400.0
QUIET_SECONDS = DAY
"""People get so long before they are reminded."""

ASKED_SECONDS = 60 * DAY
"""What ended longer ago is no longer asked about."""

NAMED = 10
TAUGHT = frozenset({Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.ABORTED})


def owes(rollout: Rollout, now: float) -> bool:
    """Whether lessons of it are to be asked for: users had it, and it ended lately."""
    since = now - rollout.decided_at
    over = rollout.shift is not None and rollout.state.phase in TAUGHT
    return over and QUIET_SECONDS <= since < ASKED_SECONDS


def of_missing(rollouts: Sequence[Rollout], now: float) -> Message | None:
    """At most one message a week, whoever asks and however often."""
    if not rollouts:
        return None
    year, week, _ = datetime.datetime.fromtimestamp(now, datetime.UTC).isocalendar()
    named = ", ".join(f"{each.id} ({each.flag} → {each.candidate})" for each in rollouts[:NAMED])
    more = len(rollouts) - NAMED
    one = len(rollouts) == 1
    return Message(
        id=f"lessons-{year}-{week:02d}",
        event=Event.NEWS,
        severity=P3,
        about="rollouts/lessons",
        texts={
            ENGLISH: Text(
                f"Lessons of {len(rollouts)} rollout{'' if one else 's'} are not written down",
                f"{named}{f' and {more} more' if more > 0 else ''}. What to do: write down what "
                f"went well and what didn't (palier rollout lessons {rollouts[0].id}).",
            ),
            FRENCH: Text(
                f"Les leçons de {len(rollouts)} déploiement{'' if one else 's'} manquent",
                f"{named}{f' et {more} de plus' if more > 0 else ''}. Que faire : notez ce qui a "
                f"bien marché et ce qui a manqué (palier rollout lessons {rollouts[0].id}).",
            ),
        },
        facts={"kind": "lessons", "rollouts": len(rollouts)},
    )
