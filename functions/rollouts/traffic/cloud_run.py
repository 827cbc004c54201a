"""Cloud Run's Admin API: the only file that imports its client, when it is first used.

With an address given (`PALIER_CLOUD_RUN_ADDRESS`) it talks to a server on this machine without
transport security; without one to Google, with the function's own credentials.

CloudRunError
├── Unreachable   nobody knows what became of the call: try again later
├── Missing       there is no such service or revision
├── Conflict      somebody else has changed the service since it was read: read it again
└── Denied        Cloud Run won't, and says why
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import partial
from typing import Any

from functions.rollouts.traffic.observed import Observed, Target

LONGEST_REASON = 300
EVERYTHING = "https://www.googleapis.com/auth/cloud-platform"
"""The scope of a token; what it may do is said by the account's roles."""

MAIL = re.compile(r"[^\s'\"<>]+@[^\s'\"<>]+")
"""Google's refusals name accounts; those have no place in what Palier stores."""


class CloudRunError(Exception):
    """Its text is the reason, in one line."""


class Unreachable(CloudRunError):
    """Out of reach, out of time, or in trouble."""


class Missing(CloudRunError):
    """It is not there."""


class Conflict(CloudRunError):
    """Its etag is of the past."""


class Denied(CloudRunError):
    """It is refused for good."""


@dataclass(frozen=True, slots=True)
class Revision:
    """`image` is where its container comes from; `failure` says why it can't serve, or nothing."""

    name: str
    image: str
    failure: str = ""


class CloudRun:
    """Services and revisions of Cloud Run. Every call has its time limit, and raises CloudRunError.

    A service is named projects/P/locations/R/services/S, a revision by its short name.
    """

    def __init__(self, address: str = "") -> None:
        """`address` is host:port, or "" for Google's."""
        self._address = address
        self._made: dict[str, Any] = {}
        self._making = threading.Lock()

    def service(self, name: str, seconds: float) -> Observed:
        return _observed(self._call("Services", "get_service", {"name": name}, seconds))

    def revision(self, service: str, revision: str, seconds: float) -> Revision:
        request = {"name": f"{service}/revisions/{revision}"}
        found = self._call("Revisions", "get_revision", request, seconds)
        image = found.containers[0].image if found.containers else ""
        return Revision(revision, image, _failed(list(found.conditions), found.reconciling))

    def direct(
        self,
        name: str,
        etag: str,
        targets: tuple[Target, ...],
        seconds: float,
        *,
        only_validate: bool,
    ) -> None:
        """Asks for these shares of the traffic; whether they are served is observed later.

        Nothing but the traffic is changed: a template that came along would make a new revision.
        """
        request = {
            "service": {"name": name, "etag": etag, "traffic": [_sent(each) for each in targets]},
            "update_mask": {"paths": ["traffic"]},
            "validate_only": only_validate,
        }
        begun = self._call("Services", "update_service", request, seconds).operation
        if begun.HasField("error"):
            raise _refusal(begun.error.code, begun.error.message)

    def _call(self, client: str, name: str, request: dict[str, Any], seconds: float) -> Any:
        from google.api_core.exceptions import GoogleAPICallError, RetryError
        from google.auth.exceptions import GoogleAuthError

        try:
            call = getattr(self._client(client), name)
            return call(request=request, timeout=seconds, retry=None)
        except GoogleAPICallError as error:
            code = error.grpc_status_code
            raise _refusal(code.value[0] if code else None, error.message) from error
        except (RetryError, GoogleAuthError) as error:
            raise Unreachable(type(error).__name__) from error

    def _client(self, name: str) -> Any:
        with self._making:
            if name not in self._made:
                self._made[name] = self._new(name)
            return self._made[name]

    def _new(self, name: str) -> Any:
        from google.cloud import run_v2

        client = getattr(run_v2, f"{name}Client")
        if not self._address:
            return client()
        import grpc

        channel = grpc.insecure_channel(self._address)
        return client(transport=client.get_transport_class("grpc")(channel=channel))


def access_token(seconds: float) -> str:
    """Of the function's own account, for registries of images. Raises Unreachable."""
    from google.auth import default
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    try:
        credentials, _ = default(scopes=[EVERYTHING])
        credentials.refresh(partial(Request(), timeout=seconds))  # type: ignore[no-untyped-call]
    except GoogleAuthError as error:
        raise Unreachable(type(error).__name__) from error
    return str(credentials.token)


def _refusal(code: int | None, text: str) -> CloudRunError:
    """What a status of gRPC means to Palier."""
    import grpc

    status = {each.value[0]: each for each in grpc.StatusCode}.get(code)
    if status is grpc.StatusCode.NOT_FOUND:
        return Missing(_line(text))
    if status is grpc.StatusCode.ABORTED:
        return Conflict(_line(text))
    if status in (
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNIMPLEMENTED,
    ):
        return Denied(_line(text))
    return Unreachable(status.name if status else "no answer")


def _observed(found: Any) -> Observed:
    return Observed(
        etag=found.etag,
        asked=tuple(_target(each) for each in found.traffic),
        serves=tuple(_target(each) for each in found.traffic_statuses),
        latest=_short(found.latest_ready_revision),
        newest=_short(found.latest_created_revision),
        settled=not found.reconciling and found.observed_generation == found.generation,
        failure=_failed([found.terminal_condition], found.reconciling),
    )


def _failed(conditions: list[Any], reconciling: bool) -> str:
    if reconciling:
        return ""
    for each in conditions:
        if each.state.name == "CONDITION_FAILED" and each.severity.name in ERRORS:
            return _line(each.message) or "no reason was given"
    return ""


ERRORS = ("SEVERITY_UNSPECIFIED", "ERROR")


def _target(found: Any) -> Target:
    return Target(_short(found.revision), found.percent, found.tag)


def _sent(target: Target) -> dict[str, Any]:
    kind = "REVISION" if target.revision else "LATEST"
    return {
        "type_": f"TRAFFIC_TARGET_ALLOCATION_TYPE_{kind}",
        "revision": target.revision,
        "percent": target.percent,
        "tag": target.tag,
    }


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _line(text: str) -> str:
    return MAIL.sub("[account]", " ".join(text.split()))[:LONGEST_REASON]
