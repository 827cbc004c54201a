"""Channels are defined, tested and removed, as decisions for `commit_change`.

A secret is written and never shown again: neither in the definition, nor in the audit trail, which
says only that it was set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from functions import catalog
from functions.alerts.channels.catalog import CHANNELS, ROUTES
from functions.alerts.channels.channel import (
    LOG_ID,
    SECRETS,
    Channel,
    Secrets,
    destination,
    needs_secrets,
)
from functions.alerts.channels.store import secrets_path, state_path
from functions.catalog import Decide
from functions.changes import Decision, Entry, View
from functions.documents import Write
from functions.errors import FailedPrecondition, InvalidArgument


def put_channel(channel: Channel, given: Secrets) -> Decide:
    """Its result is the definition. Secrets that are not given stay, unless the kind changes, or
    where they go: nobody is to have one sent to a place of theirs without knowing it.

    Defined anew it is well again, whatever was before. Raises InvalidArgument (the id, a secret is
    missing), FailedPrecondition (too many).
    """
    _require_own(channel.id)
    define = catalog.put(CHANNELS, channel.id, channel.to_definition())

    def decide(view: View) -> Decision:
        defined = define(view)
        secrets = {**_kept(view, channel, given), **given}
        missing = [name for name in SECRETS[channel.kind] if not secrets.get(name)]
        if missing:
            raise InvalidArgument(f"A channel of this kind needs the secrets {', '.join(missing)}.")
        writes: list[Write] = []
        entries: list[Entry] = []
        if given or defined.writes:
            writes = [
                Write.set(secrets_path(view.scope, channel.id), secrets),
                Write.delete(state_path(view.scope, channel.id)),
            ]
        if given:
            set_now = {"set": sorted(given)}
            entries = [Entry("channel.secrets", f"channels/{channel.id}", after=set_now)]
        return replace(
            defined,
            writes=[*defined.writes, *writes],
            entries=[*defined.entries, *entries],
        )

    return decide


def remove_channel(name: str) -> Decide:
    """Its secrets go with it. Raises NotFound, FailedPrecondition (a route names it)."""
    _require_own(name)
    remove = catalog.remove(CHANNELS, name)

    def decide(view: View) -> Decision:
        removed = remove(view)
        routes: Mapping[str, Any] = view.part(ROUTES.collection)
        used = sorted(key for key, each in routes.items() if name in each["channels"])
        if used:
            raise FailedPrecondition(
                f"The routes {', '.join(used[:10])} lead to the channel {name!r}.",
                remedy="Change or remove them first: their messages would reach nobody.",
            )
        gone = [secrets_path(view.scope, name), state_path(view.scope, name)]
        return replace(removed, writes=[*removed.writes, *map(Write.delete, gone)])

    return decide


def put_route(name: str, definition: Mapping[str, Any]) -> Decide:
    """Raises InvalidArgument (the id), FailedPrecondition (no such channel, too many)."""
    define = catalog.put(ROUTES, name, definition)

    def decide(view: View) -> Decision:
        _require_known(view, definition["channels"])
        return define(view)

    return decide


def remove_route(name: str) -> Decide:
    """Raises NotFound."""
    return catalog.remove(ROUTES, name)


def _require_known(view: View, channels: Sequence[str]) -> None:
    """Raises FailedPrecondition."""
    unknown = sorted({*channels} - {*view.part(CHANNELS.collection), LOG_ID})
    if unknown:
        raise FailedPrecondition(
            f"There is no channel {', '.join(each[:63] for each in unknown)} in this environment.",
            remedy="Define the channel first.",
        )


def _require_own(name: str) -> None:
    if name == LOG_ID:
        raise InvalidArgument("The channel `log` is always there, and always the same.")


def _kept(view: View, channel: Channel, given: Secrets) -> dict[str, Any]:
    """Raises InvalidArgument (one would go somewhere else)."""
    known = view.part(CHANNELS.collection).get(channel.id)
    document = view.get(secrets_path(view.scope, channel.id))
    if document is None or known is None or known["kind"] != channel.kind.value:
        return {}
    held = {key: value for key, value in document.data.items() if key != "schema"}
    before = destination(known, held)
    after = destination(channel.to_definition(), {**held, **given})
    if before == after:
        return held
    stale = sorted(set(held) - set(given))
    if stale and needs_secrets(channel):
        raise InvalidArgument(
            f"The channel would lead somewhere else than its {', '.join(stale)} was given for.",
            remedy="Give all its secrets anew: those that are kept go only where they went before.",
        )
    return {}
