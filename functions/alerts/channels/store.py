"""Where a channel's secrets and its state are kept: apart from its definition, which is published.

ENV/channel-secrets/{id}   written by changes, read when something is sent; never shown
ENV/channel-states/{id}    while it is not well
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions.alerts.channels.state import State
from functions.documents import Reads, Scope

SECRETS = "channel-secrets"
STATES = "channel-states"


@dataclass(frozen=True)
class Kept:
    """What stands beside a definition: the names of its secrets, and its state (None: well)."""

    secrets: tuple[str, ...] = ()
    state: State | None = None


def kept(reads: Reads, scope: Scope, names: Sequence[str]) -> Mapping[str, Kept]:
    """Of each channel. Raises StoreUnavailable."""
    secrets = {name: secrets_path(scope, name) for name in names}
    states = {name: state_path(scope, name) for name in names}
    found = reads.get_many([*secrets.values(), *states.values()])
    made = {}
    for name in names:
        held, state = found.get(secrets[name]), found.get(states[name])
        made[name] = Kept(
            tuple(sorted(set(held.data) - {"schema"})) if held else (),
            State.from_document(state.data) if state else None,
        )
    return made


def state_path(scope: Scope, channel: str) -> str:
    return scope.doc(STATES, channel)


def secrets_path(scope: Scope, channel: str) -> str:
    return scope.doc(SECRETS, channel)
