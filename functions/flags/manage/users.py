"""What uses flags, read for all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from functions.documents import Reads, Scope
from functions.flags.flag import Flag
from functions.flags.manage import schedule_store
from functions.flags.schedule import Schedule, as_users, needing

Uses = Callable[[Reads, Scope, Collection[str]], Mapping[str, Sequence[str]]]
"""What uses each of some flags, as `rollout ID`. Handed in: rooms above this one know."""


def no_uses(_reads: Reads, _scope: Scope, _keys: Collection[str]) -> Mapping[str, Sequence[str]]:
    """For flags that nothing outside this room can use."""
    return {}


def users_of(
    reads: Reads,
    scope: Scope,
    flags: Sequence[Flag],
    requires: Mapping[str, Iterable[str]],
    uses: Uses,
) -> dict[str, list[str]]:
    """By key, what keeps a flag from being archived: `flag KEY`, `rollout ID`, `schedule ID`.

    `requires` names the prerequisites of each flag that isn't archived.
    """
    users = {flag.key: set[str]() for flag in flags}
    for key, required in requires.items():
        for each in required:
            if each in users:
                users[each].add(f"flag {key}")
    for key, above in uses(reads, scope, users.keys()).items():
        users[key].update(above)
    pending = _pending(reads, scope, list(users))
    for flag in flags:
        users[flag.key].update(as_users(needing(flag, pending.get(flag.key, ()))))
        users[flag.key].update([f"rollout {flag.split.rollout}"] if flag.split else [])
    return {key: sorted(found) for key, found in users.items()}


def _pending(reads: Reads, scope: Scope, keys: Sequence[str]) -> dict[str, list[Schedule]]:
    pending: dict[str, list[Schedule]] = {}
    for first in range(0, len(keys), schedule_store.FLAGS_AT_ONCE):
        some = keys[first : first + schedule_store.FLAGS_AT_ONCE]
        for stored in schedule_store.pending_of(reads, scope, some):
            pending.setdefault(stored.schedule.flag, []).append(stored.schedule)
    return pending
