"""projects.dashboards over HTTP: create, get, list, patch, delete."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qs

from local.monitoring.alerting import listing
from local.monitoring.alerting.configuration import Configuration, found
from local.monitoring.dashboards import check
from local.monitoring.refusals import Busy, InUse, NotFound, Refused
from local.monitoring.rules import InvalidRequest

PATH = re.compile(r"/v1/projects/(?P<project>[^/?]+)/dashboards(?:/(?P<id>[A-Za-z0-9-]{1,63}))?")
ANSWERS = {
    InvalidRequest: (400, "INVALID_ARGUMENT"),
    InUse: (400, "FAILED_PRECONDITION"),
    NotFound: (404, "NOT_FOUND"),
    Busy: (409, "ABORTED"),
}


def answer(
    configuration: Configuration, method: str, path: str, query: str, body: bytes
) -> tuple[int, dict[str, Any]]:
    """Status and JSON of a call to a path that `PATH` matches."""
    match = PATH.fullmatch(path)
    try:
        if match is None:
            raise NotFound(f"Requested entity was not found: {path}.")
        return 200, _called(configuration, method, match, parse_qs(query), body)
    except (InvalidRequest, Refused) as problem:
        code, status = ANSWERS[type(problem)]
        return code, {"error": {"code": code, "message": str(problem), "status": status}}


def _called(
    configuration: Configuration,
    method: str,
    match: re.Match[str],
    options: dict[str, list[str]],
    body: bytes,
) -> dict[str, Any]:
    place = f"projects/{match['project']}/dashboards"
    name = f"{place}/{match['id']}" if match["id"] else ""
    dry = options.get("validateOnly") == ["true"]
    if method == "POST" and not name:
        return _create(configuration, place, parsed(body), dry=dry)
    if method == "GET" and not name:
        return _list(configuration, place, options)
    if method == "GET":
        return dict(found(configuration.dashboards, name))
    if method == "PATCH" and name:
        return _patch(configuration, name, parsed(body), dry=dry)
    if method == "DELETE" and name:
        with configuration.change():
            found(configuration.dashboards, name)
            del configuration.dashboards[name]
        return {}
    raise NotFound(f"{method} is not known here for {match[0]}.")


def _create(
    configuration: Configuration, place: str, given: dict[str, Any], *, dry: bool
) -> dict[str, Any]:
    with configuration.change():
        name = given.get("name") or f"{place}/{configuration.new_id()}"
        if not name.startswith(f"{place}/") or not PATH.fullmatch(f"/v1/{name}"):
            raise InvalidRequest(f'Field name had an invalid value of "{name}".')
        if name in configuration.dashboards:
            raise Busy(f"Dashboard {name} exists already.")
        return _kept(configuration, name, given, dry=dry)


def _patch(
    configuration: Configuration, name: str, given: dict[str, Any], *, dry: bool
) -> dict[str, Any]:
    with configuration.change():
        before = found(configuration.dashboards, name)
        if given.get("etag", before["etag"]) != before["etag"]:
            raise Busy(
                f"Dashboard {name} has changed since it was read: its etag is {before['etag']}."
            )
        return _kept(configuration, name, given, dry=dry)


def _kept(
    configuration: Configuration, name: str, given: dict[str, Any], *, dry: bool
) -> dict[str, Any]:
    check.check(given, configuration.memory.descriptors.get, configuration.policies)
    content = {key: value for key, value in given.items() if key not in ("name", "etag")}
    text = json.dumps(content, sort_keys=True)
    etag = hashlib.sha256(text.encode()).hexdigest()[:32]
    made = {**json.loads(text), "name": name, "etag": etag}
    if not dry:
        configuration.dashboards[name] = made
    return made


def _list(
    configuration: Configuration, place: str, options: dict[str, list[str]]
) -> dict[str, Any]:
    with configuration.memory.lock:
        all_ = [
            one for name, one in configuration.dashboards.items() if name.startswith(f"{place}/")
        ]
    size = options.get("pageSize", ["0"])[0]
    if not size.isdigit():
        raise InvalidRequest("Field pageSize had an invalid value.")
    some, token = listing.page(all_, int(size), options.get("pageToken", [""])[0])
    return {"dashboards": list(some)} | ({"nextPageToken": token} if token else {})


def parsed(body: bytes) -> dict[str, Any]:
    """A body as JSON. Raises InvalidRequest for what is no object."""
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InvalidRequest("Invalid JSON payload received: an object was expected.")
    return given
