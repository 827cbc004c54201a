"""What people may ask of a rollout. Each is a decision for `changes.commit_change`.

A command carries the stage that was seen, and is refused when the rollout has moved on. What takes
users back (rollback, abort, reset) carries no expectation and is allowed in every phase that hasn't
ended, so it wins over all others.
"""

from functions.rollouts.commands.asked import Asked, Deciding
from functions.rollouts.commands.begin import approve, start
from functions.rollouts.commands.course import Completed, complete, increase, pause, promote, resume
from functions.rollouts.commands.create import UNMEASURED, Creation, create
from functions.rollouts.commands.end import abort, override_quarantine, reset, rollback
from functions.rollouts.surroundings import Measured
from functions.rollouts.target import Releasable, anything

__all__ = [
    "UNMEASURED",
    "Asked",
    "Completed",
    "Creation",
    "Deciding",
    "Measured",
    "Releasable",
    "abort",
    "anything",
    "approve",
    "complete",
    "create",
    "increase",
    "override_quarantine",
    "pause",
    "promote",
    "reset",
    "resume",
    "rollback",
    "start",
]
