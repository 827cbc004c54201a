"""What of a flag must stay while a rollout splits it. Pure.

The split gives everybody else the control by its name, so that another default changes nothing to
be seen at first. A rollback takes the split away, and would lead everybody to that default.
"""

from __future__ import annotations

from functions.errors import FailedPrecondition
from functions.flags.flag import Flag


def other_default(before: Flag | None, after: Flag) -> FailedPrecondition | None:
    """The refusal of another default than the one that the running split goes back to."""
    split = after.split
    if before is None or split is None:
        return None
    was, wanted = (each.definition.get("defaultVariant") for each in (before, after))
    if wanted in (was, split.control):
        return None
    return FailedPrecondition(
        f"The flag {after.key!r} is being rolled out ({split.rollout}): {split.percentage:g} % of "
        f"its users get {split.candidate}, the others {split.control}. Its default must stay "
        f"{split.control}, which is where a rollback leads; nothing was changed.",
        remedy=f"End the rollout first: complete it to make {split.candidate} the default, or "
        "abort it or roll it back.",
        extra={"path": "$.defaultVariant", "rollout": split.rollout},
    )
