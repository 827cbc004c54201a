"""Cloud Monitoring's configuration: policies and dashboards, one change at a time.

With an address it talks to a server on this machine without transport security; without one to
Google, with the credentials of who runs it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cli.answer import Failed
from cli.monitoring.address import require_listening

GOOGLE = "https://monitoring.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/monitoring"
CALL_SECONDS = 30.0
UNKNOWN_METRIC = "Cannot find metric(s) that match type"
METRIC_SECONDS = 600.0
"""How long a new metric may take until a policy may speak of it."""

BUSY_SECONDS = 120.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
FIELDS = (
    "display_name",
    "documentation",
    "user_labels",
    "severity",
    "combiner",
    "conditions",
    "alert_strategy",
    "notification_channels",
)
"""What an update replaces. Whether a policy is switched on stays as somebody left it."""

Json = Mapping[str, Any]
Tell = Callable[[str], None]


class Console:
    """Of one project. What is told while it waits goes to `tell`."""

    def __init__(
        self,
        project: str,
        address: str = "",
        page: str = "",
        *,
        tell: Tell = print,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`address` is host:port of a local server, `page` the URL of its page."""
        self._project = f"projects/{project}"
        self._quota_project = project
        self._address = address
        self._page = page
        self._tell = tell
        self._sleep = sleep
        self._made: Any = None

    @property
    def has_dashboards(self) -> bool:
        """A local server whose page is not named has none to be reached."""
        return bool(self._page) or not self._address

    def policies(self) -> list[Json]:
        """All of the project, ours or not. Raises Failed."""
        from google.protobuf import json_format

        with _explained():
            found = self._client().list_alert_policies(name=self._project, timeout=CALL_SECONDS)
            messages = [type(each).pb(each) for each in found]
        return [
            json_format.MessageToDict(each, always_print_fields_with_no_presence=True)
            for each in messages
        ]

    def create_policy(self, policy: Json) -> None:
        """Waits until its metric is known, and for other changes to end. Raises Failed."""
        request = {"name": self._project, "alert_policy": _message(policy)}
        self._changed(lambda client: client.create_alert_policy(request, timeout=CALL_SECONDS))

    def update_policy(self, before: Json, policy: Json) -> None:
        """Replaces what the new one speaks of; conditions keep their names, and with them their
        open incidents. Raises Failed.
        """
        message = _message(policy)
        message.name = before["name"]
        for condition, known in zip(message.conditions, before["conditions"], strict=False):
            condition.name = known["name"]
        paths = [field for field in FIELDS if field in _snake(policy)]
        request = {"alert_policy": message, "update_mask": {"paths": paths}}
        self._changed(lambda client: client.update_alert_policy(request, timeout=CALL_SECONDS))

    def remove_policy(self, policy: Json) -> None:
        """Raises Failed."""
        name = policy["name"]
        self._changed(lambda client: client.delete_alert_policy(name=name, timeout=CALL_SECONDS))

    def dashboard(self, identifier: str) -> Json | None:
        """None when there is none of that name. Raises Failed."""
        status, found = self._asked("GET", f"{self._dashboards()}/{identifier}")
        if status == 404:
            return None
        return self._well(status, found)

    def create_dashboard(self, identifier: str, board: Json) -> None:
        """Raises Failed."""
        named = {**board, "name": f"{self._project}/dashboards/{identifier}"}
        self._well(*self._asked("POST", self._dashboards(), named))

    def update_dashboard(self, before: Json, board: Json) -> None:
        """Raises Failed: also when somebody has changed it since it was read."""
        named = {**board, "name": before["name"], "etag": before["etag"]}
        self._well(*self._asked("PATCH", f"/v1/{before['name']}", named))

    def _changed(self, call: Callable[[Any], object]) -> None:
        """One change, repeated while it may come to something."""
        from google.api_core.exceptions import Aborted, NotFound

        waited, pause = 0.0, FIRST_PAUSE_SECONDS
        while True:
            try:
                with _explained(Aborted, NotFound):
                    call(self._client())
            except NotFound as refusal:
                if UNKNOWN_METRIC not in refusal.message or waited >= METRIC_SECONDS:
                    raise _failed(refusal) from refusal
                reason = "Cloud Monitoring doesn't know the metric yet; up to ten minutes"
            except Aborted as refusal:
                if waited >= BUSY_SECONDS:
                    raise _failed(refusal) from refusal
                reason = "another change is being made"
            else:
                return
            self._tell(f"{reason}; trying again in {pause:.0f} s")
            self._sleep(pause)
            waited += pause
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _client(self) -> Any:
        if self._made is None:
            from google.cloud import monitoring_v3

            options: dict[str, Any] = {}
            if self._address:
                require_listening(self._address)
                import grpc
                from google.cloud.monitoring_v3.services.alert_policy_service.transports import (
                    AlertPolicyServiceGrpcTransport,
                )

                channel = grpc.insecure_channel(self._address)
                options["transport"] = AlertPolicyServiceGrpcTransport(channel=channel)
            else:
                options["credentials"] = self._credentials()
            self._made = monitoring_v3.AlertPolicyServiceClient(**options)
        return self._made

    def _dashboards(self) -> str:
        return f"/v1/{self._project}/dashboards"

    def _asked(self, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        from urllib.error import HTTPError
        from urllib.request import Request, urlopen

        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        self._authorize(headers)
        base = self._page.rstrip("/") or GOOGLE
        request = Request(base + path, data, headers, method=method)  # noqa: S310
        try:
            with urlopen(request, timeout=CALL_SECONDS) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read() or b"{}")
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"{}")
        except (OSError, ValueError) as error:
            detail = f"{base} can't be reached: {getattr(error, 'reason', error)}"
            raise Failed({"detail": detail, "remedy": "Check the network."}) from error

    def _well(self, status: int, found: Json) -> Json:
        if status >= 400:
            detail = found.get("error", {}).get("message", f"HTTP {status}")
            raise Failed({"detail": f"Cloud Monitoring refused the dashboard: {detail}"})
        return found

    def _authorize(self, headers: dict[str, str]) -> None:
        """Adds who asks, and the project that it is billed to. A local server asks for neither."""
        if self._page:
            return
        from google.auth.transport.requests import Request

        with _explained():
            credentials = self._credentials()
            credentials.refresh(Request())
            credentials.apply(headers)

    def _credentials(self) -> Any:
        """Of who runs it. Without a quota project Google refuses people's own credentials."""
        import google.auth

        with _explained():
            found, _ = google.auth.default(scopes=[SCOPE], quota_project_id=self._quota_project)
        return found


def _message(policy: Json) -> Any:
    from google.cloud import monitoring_v3
    from google.protobuf import json_format

    try:
        return json_format.ParseDict(dict(policy), monitoring_v3.AlertPolicy.pb()())
    except json_format.ParseError as error:
        raise Failed({"detail": f"A policy is not as Cloud Monitoring has it: {error}"}) from error


def _snake(policy: Json) -> set[str]:
    """The names of its fields as an update mask has them."""
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in name) for name in policy}


@contextmanager
def _explained(*left: type[Exception]) -> Iterator[None]:
    """What Google refuses, in a few words; those `left` go on as they are."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except left:
        raise
    except (GoogleAPICallError, RetryError) as error:
        raise _failed(error) from error
    except GoogleAuthError as error:
        raise Failed(
            {
                "detail": f"Cloud Monitoring lets nobody in: {error}",
                "remedy": "Run `gcloud auth application-default login` as somebody who may edit "
                "monitoring (roles/monitoring.editor).",
            }
        ) from error


def _failed(error: Any) -> Failed:
    return Failed(
        {
            "code": type(error).__name__,
            "detail": f"Cloud Monitoring refused it: {error.message}",
            "remedy": "Nothing after it was changed. Correct what it says and repeat the command: "
            "what was made already stays.",
        }
    )
