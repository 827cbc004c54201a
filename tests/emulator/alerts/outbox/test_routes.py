"""Channels, routes and deliveries over `admin`: secrets go in and never come out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from google.cloud import firestore
from werkzeug.test import Client

from functions.alerts import outbox
from functions.alerts.message import Event
from functions.clock import ManualClock, SystemClock
from functions.documents import Scope, Store, Write
from functions.identity import administrator_path, membership_path
from tests.emulator.alerts.outbox.world import SENDER, WEBHOOK_SECRET, message
from tests.emulator.instances import instances
from tests.servers.receiver import Receiver, status, taken
from tests.tokens import id_token

SCOPE = Scope("main", "staging")
CANARIES = {
    "routing_key": "canary0routing0key0123456789abcd",
    "url": "https://hooks.example.com/canary-in-a-path",
    "password": "canary-password",
    "signing": WEBHOOK_SECRET,
}
PAGER: dict[str, Any] = {"kind": "pagerduty", "secrets": {"routing_key": CANARIES["routing_key"]}}
SLACK: dict[str, Any] = {"kind": "slack", "language": "fr", "secrets": {"url": CANARIES["url"]}}
WEBHOOK: dict[str, Any] = {
    "kind": "webhook",
    "secrets": {"url": CANARIES["url"], "signing_secrets": [CANARIES["signing"]]},
}
MAIL_SERVER: dict[str, Any] = {"host": "smtp.example.com", "port": 587, "username": "palier"}
MAIL: dict[str, Any] = {
    "kind": "email",
    "server": MAIL_SERVER,
    "sender": "palier@example.com",
    "recipients": ["night@example.com", "day@example.com"],
    "secrets": {"password": CANARIES["password"]},
}


class Admin:
    def __init__(self, client: Client, project: str) -> None:
        self.client, self.project = client, project

    def __call__(self, method: str, path: str, who: str = "boss", **body: Any) -> Any:
        sent = {"reason": "a test", **body} if method != "GET" else None
        response = self.client.open(
            f"{path}{'&' if '?' in path else '?'}environment=staging",
            method=method,
            json=sent,
            headers={"Authorization": f"Bearer {id_token(who, self.project)}"},
        )
        return json.loads(response.data) | {"status_code": response.status_code}


@pytest.fixture(params=[False])
def local(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def admin(
    store: Store,
    firestore_client: firestore.Client,
    monkeypatch: pytest.MonkeyPatch,
    local: bool,
) -> Iterator[Admin]:
    project = str(firestore_client.project)
    store.commit(
        [
            Write.create(SCOPE.path, {}),
            Write.create(administrator_path("boss"), {}),
            Write.create(
                membership_path("main", "guest"), {"role": "reader", "environments": ["staging"]}
            ),
        ]
    )
    if local:
        monkeypatch.setenv("PALIER_LOCAL_CHANNELS", "allowed")
    with instances(project, monkeypatch) as serve:
        yield Admin(serve("admin"), project)


def everything(client: firestore.Client) -> str:
    """All that is stored but the secrets, published parts unpacked."""
    import zlib

    found = []
    for group in ("channels", "parts", "audit", "published", "outbox", "deliveries"):
        for snapshot in client.collection_group(group).stream():
            data = snapshot.to_dict() or {}
            body = data.get("body")
            if isinstance(body, bytes):
                data["body"] = zlib.decompress(body).decode()
            found.append(str(data))
    return "\n".join(found)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(PAGER, id="pagerduty"),
        pytest.param(SLACK, id="slack"),
        pytest.param(WEBHOOK, id="webhook"),
        pytest.param(MAIL, id="email"),
    ],
)
def test_a_channel_is_defined_and_its_secrets_are_never_shown(
    admin: Admin,
    store: Store,
    firestore_client: firestore.Client,
    capsys: pytest.CaptureFixture[str],
    body: dict[str, Any],
) -> None:
    put = admin("PUT", "/v1/channels/pager", **body)
    assert put["status_code"] == 200
    assert put["channel"]["secrets"] == sorted(body["secrets"])
    assert put["channel"]["health"]["state"] == "well"
    [log, pager] = admin("GET", "/v1/channels")["channels"]
    assert (log["id"], pager["id"]) == ("log", "pager")
    assert admin("GET", "/v1/channels/pager")["channel"] == put["channel"]
    held = store.get(SCOPE.doc("channel-secrets", "pager"))
    assert held is not None
    assert body["secrets"].items() <= held.data.items()
    shown = [json.dumps([put, pager]), everything(firestore_client), *capsys.readouterr()]
    for canary in CANARIES.values():
        assert not any(canary in each for each in shown)
    if body is MAIL:
        trail = [
            str(each.to_dict()) for each in firestore_client.collection_group("audit").stream()
        ]
        assert not any("night@example.com" in each for each in trail)


def test_a_secret_stays_until_it_is_set_anew(admin: Admin, store: Store) -> None:
    admin("PUT", "/v1/channels/pager", **PAGER)
    edited = admin("PUT", "/v1/channels/pager", kind="pagerduty", language="fr")
    assert edited["channel"]["language"] == "fr"
    assert edited["channel"]["secrets"] == ["routing_key"]
    again = admin("PUT", "/v1/channels/pager", kind="pagerduty", language="fr")
    assert again["generation"] == edited["generation"], "nothing changed"
    other = admin("PUT", "/v1/channels/pager", kind="slack")
    assert other["code"] == "INVALID_ARGUMENT", "another kind needs its own secrets"
    admin("PUT", "/v1/channels/pager", **SLACK)
    held = store.get(SCOPE.doc("channel-secrets", "pager"))
    assert held is not None
    assert set(held.data) == {"schema", "url"}


ELSEWHERE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another mail server": (MAIL, {"server": {**MAIL_SERVER, "host": "smtp.attacker.example"}}),
    "another port": (MAIL, {"server": {**MAIL_SERVER, "port": 465}}),
    "another name": (MAIL, {"server": {**MAIL_SERVER, "username": "somebody"}}),
    "another region": (PAGER, {"region": "eu"}),
    "another address": (WEBHOOK, {"secrets": {"url": "https://attacker.example/in"}}),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_secret_goes_nowhere_else_than_where_it_was_given_for(
    admin: Admin, store: Store, name: str
) -> None:
    body, other = ELSEWHERE[name]
    admin("PUT", "/v1/channels/c", **body)
    without = {key: value for key, value in body.items() if key != "secrets"}
    refused = admin("PUT", "/v1/channels/c", **{**without, **other})
    assert (refused["status_code"], refused["code"]) == (400, "INVALID_ARGUMENT")
    for canary in CANARIES.values():
        assert canary not in json.dumps(refused)
    secrets = {**body["secrets"], **other.get("secrets", {})}
    moved = admin("PUT", "/v1/channels/c", **{**without, **other, "secrets": secrets})
    assert moved["status_code"] == 200
    held = store.get(SCOPE.doc("channel-secrets", "c"))
    assert held is not None
    assert secrets.items() <= held.data.items()


def test_a_mail_server_that_wants_no_name_is_told_no_password(admin: Admin, store: Store) -> None:
    admin("PUT", "/v1/channels/c", **MAIL)
    without = {key: value for key, value in MAIL.items() if key != "secrets"}
    moved = admin("PUT", "/v1/channels/c", **{**without, "server": {"host": "open.example.com"}})
    assert (moved["status_code"], moved["channel"]["secrets"]) == (200, [])
    held = store.get(SCOPE.doc("channel-secrets", "c"))
    assert held is not None
    assert "password" not in held.data


WRONG: dict[str, dict[str, Any]] = {
    "no secret": {"kind": "slack"},
    "a stranger's secret": {"kind": "slack", "secrets": {"password": "x"}},
    "plain http": {"kind": "slack", "secrets": {"url": "http://hooks.example.com/"}},
    "this machine": {"kind": "slack", "secrets": {"url": "https://127.0.0.1/"}},
    "the metadata server": {"kind": "slack", "secrets": {"url": "https://169.254.169.254/"}},
    "a name inside": {"kind": "slack", "secrets": {"url": "https://metadata.google.internal/"}},
    "a name with a password": {"kind": "slack", "secrets": {"url": "https://a:b@example.com/"}},
    "a line break": {"kind": "slack", "secrets": {"url": "https://example.com/\r\nX: y"}},
    "a weak signing secret": {
        "kind": "webhook",
        "secrets": {"url": "https://example.com/", "signing_secrets": ["whsec_AAAA"]},
    },
    "e-mail to nobody": {**MAIL, "recipients": []},
    "a mail server inside": {**MAIL, "server": {"host": "10.0.0.1"}},
    "a header in an address": {**MAIL, "recipients": ["a@example.com\nBcc: b@example.com"]},
    "paged by nobody": {**PAGER, "pages": "cloud_monitoring"},
    "recipients of Slack": {**SLACK, "recipients": ["a@example.com"]},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_can_not_be_a_channel(admin: Admin, name: str) -> None:
    answer = admin("PUT", "/v1/channels/c", **WRONG[name])
    assert (answer["status_code"], answer["code"]) == (400, "INVALID_ARGUMENT")
    assert len(admin("GET", "/v1/channels")["channels"]) == 1


def test_the_log_is_nobody_s_to_change(admin: Admin) -> None:
    assert admin("PUT", "/v1/channels/log", **SLACK)["code"] == "INVALID_ARGUMENT"
    assert admin("DELETE", "/v1/channels/log")["code"] == "INVALID_ARGUMENT"


def test_routes_lead_to_channels_that_exist(admin: Admin) -> None:
    body: dict[str, Any] = {"channels": ["pager"], "severities": ["P1"], "about": "incidents"}
    assert admin("PUT", "/v1/routes/pages", **body)["code"] == "FAILED_PRECONDITION"
    admin("PUT", "/v1/channels/pager", **PAGER)
    put = admin("PUT", "/v1/routes/pages", **body)
    assert put["route"] == {"id": "pages", "events": [], "levels": [], **body}
    assert admin("GET", "/v1/routes")["routes"] == [put["route"]]
    refused = admin("DELETE", "/v1/channels/pager")
    assert refused["code"] == "FAILED_PRECONDITION"
    assert "pages" in refused["detail"]
    assert admin("DELETE", "/v1/routes/pages")["removed"] == "pages"
    assert admin("DELETE", "/v1/channels/pager")["removed"] == "pager"
    assert admin("DELETE", "/v1/channels/pager")["code"] == "NOT_FOUND"


@pytest.mark.parametrize("local", [True], indirect=True)
def test_a_test_message_a_dead_letter_and_another_try(admin: Admin, store: Store) -> None:
    clock = ManualClock(SystemClock().now() + 1)
    with Receiver([status(400, "invalid_payload"), taken()]) as server:
        admin("PUT", "/v1/channels/chat", kind="slack", secrets={"url": server.address})
        sent = admin("POST", "/v1/channels/chat/test")
        outbox.deliver(store, clock, SCOPE, SENDER)
        path = f"/v1/deliveries/{sent['delivery']}"
        shown = admin("GET", path)
        assert shown["delivery"]["status"] == "dead"
        assert "invalid_payload" in shown["delivery"]["reason"]
        assert shown["texts"]["fr"]["title"] == "Palier atteint ce canal"
        [dead] = admin("GET", "/v1/deliveries?status=dead&channel=chat")["deliveries"]
        assert dead == shown["delivery"]
        assert admin("POST", f"{path}/retry", who="guest")["code"] == "PERMISSION_DENIED"
        assert admin("POST", f"{path}/retry")["delivery"]["status"] == "due"
        clock.advance(60)
        outbox.deliver(store, clock, SCOPE, SENDER)
        assert [each.json["text"] for each in server.received] == [
            "🔵 [TEST] Palier reaches this channel"
        ] * 2
    assert admin("GET", path)["delivery"]["status"] == "delivered"
    assert admin("POST", f"{path}/retry")["code"] == "FAILED_PRECONDITION"
    assert admin("GET", "/v1/deliveries?status=dead")["deliveries"] == []


@pytest.mark.parametrize("local", [True], indirect=True)
def test_a_dead_beginning_is_not_told_after_its_end(admin: Admin, store: Store) -> None:
    clock = ManualClock(SystemClock().now())
    with Receiver([status(400), taken()]) as server:
        admin("PUT", "/v1/channels/chat", kind="slack", secrets={"url": server.address})
        admin("PUT", "/v1/routes/all", channels=["chat"])
        for name, event in (("begun", Event.TRIGGER), ("ended", Event.RESOLVE)):
            clock.advance(1)
            write = outbox.enqueue(SCOPE, message(name, event, "incidents/1"), clock.now())
            store.commit([write])
            outbox.deliver(store, clock, SCOPE, SENDER)
        refused = admin("POST", "/v1/deliveries/begun_chat/retry")
        assert (refused["status_code"], refused["code"]) == (409, "FAILED_PRECONDITION")
        assert "resolve, delivered" in refused["detail"]
        assert "ended_chat" in refused["remedy"]
        clock.advance(60)
        outbox.deliver(store, clock, SCOPE, SENDER)
        assert len(server.received) == 2


@pytest.mark.parametrize("local", [True], indirect=True)
def test_a_channel_that_is_off_is_switched_on_by_defining_it(admin: Admin, store: Store) -> None:
    clock = ManualClock(SystemClock().now() + 1)
    with Receiver([status(410), taken()]) as server:
        body: dict[str, Any] = {"kind": "slack", "secrets": {"url": server.address}}
        admin("PUT", "/v1/channels/chat", **body)
        admin("POST", "/v1/channels/chat/test")
        outbox.deliver(store, clock, SCOPE, SENDER)
        health = admin("GET", "/v1/channels/chat")["channel"]["health"]
        assert (health["state"], health["reason"][:3]) == ("off", "410")
        assert admin("PUT", "/v1/channels/chat", **body)["channel"]["health"]["state"] == "well"
        admin("POST", "/v1/channels/chat/test")
        clock.advance(60)
        assert outbox.deliver(store, clock, SCOPE, SENDER).sent == 1


@pytest.mark.parametrize("local", [True], indirect=True)
def test_what_cloud_monitoring_pages_palier_does_not(admin: Admin, store: Store) -> None:
    clock = ManualClock(SystemClock().now() + 1)
    with Receiver([taken()]) as server:
        admin(
            "PUT",
            "/v1/channels/chat",
            kind="slack",
            secrets={"url": server.address},
            pages="cloud_monitoring",
            notification_channel="projects/p/notificationChannels/1",
        )
        admin("PUT", "/v1/routes/all", channels=["chat"])
        told = [message("page", Event.TRIGGER, "incidents/1"), message("news")]
        store.commit([outbox.enqueue(SCOPE, each, clock.now()) for each in told])
        outbox.deliver(store, clock, SCOPE, SENDER)
        assert ["news" in each.json["text"] for each in server.received] == [True]
    page = store.get(SCOPE.doc("outbox", "page"))
    assert page is not None
    assert (page.data["channels"], page.data["left"]) == (["log"], ["chat"])


@pytest.mark.parametrize("query", ["status=nonsense", "channel=..", "limit=0", "limit=501"])
def test_lists_say_what_they_take(admin: Admin, query: str) -> None:
    assert admin("GET", f"/v1/deliveries?{query}")["code"] == "INVALID_ARGUMENT"
