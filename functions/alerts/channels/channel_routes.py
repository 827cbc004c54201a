"""Channels over the admin API: where messages go. Every change goes through `commit_change`.

GET     /v1/channels             all of them, with how they are
GET     /v1/channels/{id}        one
PUT     /v1/channels/{id}        defines it, or defines it anew; secrets are never shown again
DELETE  /v1/channels/{id}        removes it, with its secrets
POST    /v1/channels/{id}/test   sends it a message
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import flask

from functions import catalog, web
from functions.administration import Administration, ChangeBody, Removed, removed
from functions.alerts.channels import address, answers, store
from functions.alerts.channels.answers import (
    ChannelAnswer,
    ChannelChanged,
    ChannelList,
    ChannelTested,
)
from functions.alerts.channels.bodies import PutChannel
from functions.alerts.channels.catalog import CHANNELS
from functions.alerts.channels.channel import URL, Channel, Secrets, of_part
from functions.alerts.channels.define import put_channel, remove_channel
from functions.alerts.outbox.trial import send_test
from functions.description import Description, described
from functions.documents import Scope
from functions.errors import FailedPrecondition, InvalidArgument
from functions.identity import Permission


def blueprint(administration: Callable[[], Administration], local: bool) -> flask.Blueprint:
    """`administration` is asked on the first request. `local` allows addresses of this machine."""
    routes = flask.Blueprint("channels", __name__)
    _add_reading(routes, administration)
    _add_changing(routes, administration, local)
    return routes


def _add_reading(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/channels")
    @described("All channels, with how they are", answers={200: ChannelList})
    def list_channels() -> Any:
        admin = administration()
        scope = admin.read()
        known, _ = of_part(catalog.published(admin.store, scope, CHANNELS))
        kept = store.kept(admin.store, scope, sorted(known))
        views = [answers.channel_view(known[name], kept[name]) for name in sorted(known)]
        return web.answer({"channels": views})

    @routes.get("/v1/channels/<identifier>")
    @described("One channel, with how it is", answers={200: ChannelAnswer}, path=catalog.BY_ID)
    def read(identifier: str) -> Any:
        admin = administration()
        scope = admin.read()
        definition = catalog.one(admin.store, scope, CHANNELS, identifier)
        channel = Channel.from_definition(identifier, definition)
        return web.answer({"channel": _view(admin, scope, channel)})


def _add_changing(
    routes: flask.Blueprint, administration: Callable[[], Administration], local: bool
) -> None:
    @routes.put("/v1/channels/<identifier>")
    @_changing("Define it; a secret is never shown again", PutChannel, ChannelChanged)
    def put(identifier: str) -> Any:
        body = web.parse(PutChannel)
        secrets = body.secrets.given()
        _check_addresses(body, secrets, local)
        channel = body.channel(identifier)
        admin = administration()
        outcome = admin.commit(Permission.EDIT_ALERTS, body, put_channel(channel, secrets))
        view = _view(admin, admin.scope(), channel)
        return web.answer({"generation": outcome.generation, "channel": view})

    @routes.delete("/v1/channels/<identifier>")
    @_changing("Remove it, with its secrets", ChangeBody, Removed)
    def remove(identifier: str) -> Any:
        return removed(administration(), identifier, remove_channel(identifier))

    @routes.post("/v1/channels/<identifier>/test")
    @_changing("Send it a message", ChangeBody, ChannelTested)
    def test(identifier: str) -> Any:
        body = web.parse(ChangeBody)
        name = f"channel-test-{uuid.uuid4().hex[:12]}"
        outcome = administration().commit(Permission.EDIT_ALERTS, body, send_test(identifier, name))
        return web.answer({"generation": outcome.generation, "delivery": outcome.result})


def _changing(summary: str, body: type[ChangeBody], answer: type[Any]) -> Description:
    return described(
        summary,
        body=body,
        answers={200: answer},
        path=catalog.BY_ID,
        errors=(FailedPrecondition,),
    )


def _view(admin: Administration, scope: Scope, channel: Channel) -> dict[str, Any]:
    kept = store.kept(admin.store, scope, [channel.id])
    return answers.channel_view(channel, kept[channel.id])


def _check_addresses(body: PutChannel, secrets: Secrets, local: bool) -> None:
    """Raises InvalidArgument. What a name resolves to is checked whenever it is called."""
    if body.server and not local and not address.public_name(body.server.host):
        raise InvalidArgument("Only mail servers of the public internet are called.")
    if URL in secrets:
        try:
            address.target(secrets[URL], local)
        except ValueError as problem:
            raise InvalidArgument(f"The address can't be used: {problem}.") from None
