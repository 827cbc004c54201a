"""What the verbs for channels, routes and deliveries ask, and how the answers read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Answering

WELL = {"state": "well", "since": None, "reason": "", "until": None}
CHANNEL: dict[str, Any] = {
    "id": "pager",
    "kind": "pagerduty",
    "language": "fr",
    "pages": "palier",
    "about": "the team on call",
    "secrets": ["routing_key"],
    "health": {**WELL, "state": "off", "reason": "410 Gone"},
}
DELIVERY: dict[str, Any] = {
    "id": "m_pager",
    "message": "m",
    "channel": "pager",
    "about": "incidents/1",
    "event": "trigger",
    "severity": "P1",
    "created_at": 1_800_000_000.0,
    "status": "dead",
    "attempts": 33,
    "due_at": None,
    "ended_at": 1_800_086_400.0,
    "reason": "503 Service Unavailable: no",
}


def asked(server: Answering) -> tuple[str, str, Any]:
    method, path, body, _ = server.asked[-1]
    return method, path, body


def test_channels(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"channels": [CHANNEL]})]
    assert server.say("channels", "list") == 0
    [head, line] = capsys.readouterr().out.splitlines()
    assert head.split() == ["ID", "KIND", "LANGUAGE", "PAGES", "HEALTH", "ABOUT"]
    assert "off: 410 Gone" in line


def test_a_channel_is_set_from_a_file(
    server: Answering, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "pager.json"
    secret = "0123456789abcdef0123456789abcdef"
    file.write_text(json.dumps({"kind": "pagerduty", "secrets": {"routing_key": secret}}))
    server.answers = [(200, {"generation": 2, "channel": CHANNEL})]
    assert server.say("channels", "set", "pager", str(file), "--reason", "nights") == 0
    assert asked(server) == (
        "PUT",
        "/api/admin/v1/channels/pager",
        {"kind": "pagerduty", "secrets": {"routing_key": secret}, "reason": "nights"},
    )
    assert secret not in capsys.readouterr().out
    file.write_text("[]")
    assert server.say("channels", "set", "pager", str(file)) == 2


def test_a_channel_is_tested_and_removed(
    server: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [(200, {"generation": 2, "delivery": "channel-test-1_pager"})]
    assert server.say("channels", "test", "pager", "--reason", "r") == 0
    assert asked(server) == ("POST", "/api/admin/v1/channels/pager/test", {"reason": "r"})
    assert "palier deliveries show channel-test-1_pager" in capsys.readouterr().out
    server.answers = [(200, {"generation": 3, "removed": "pager"})]
    assert server.say("channels", "remove", "pager") == 0
    assert asked(server)[:2] == ("DELETE", "/api/admin/v1/channels/pager")


def test_routes(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    route = {
        "id": "pages",
        "channels": ["pager"],
        "severities": ["P1", "P2"],
        "events": [],
        "levels": [],
        "about": "incidents",
    }
    server.answers = [(200, {"generation": 2, "route": route})]
    words = ["--channel", "pager", "--severity", "P1", "--severity", "P2", "--about", "incidents"]
    assert server.say("routes", "set", "pages", *words, "--reason", "r") == 0
    body = {name: value for name, value in route.items() if name != "id"}
    assert asked(server) == ("PUT", "/api/admin/v1/routes/pages", {**body, "reason": "r"})
    assert capsys.readouterr().out.splitlines()[1].split() == [
        *("pages", "pager", "P1,", "P2", "all", "any", "incidents")
    ]
    server.answers = [(200, {"routes": []})]
    assert server.say("routes", "list") == 0
    assert capsys.readouterr().out == "No routes: everything goes to the log.\n"
    server.answers = [(200, {"generation": 3, "removed": "pages"})]
    assert server.say("routes", "remove", "pages") == 0
    assert capsys.readouterr().out == "The route pages is removed.\n"


def test_deliveries(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"deliveries": [DELIVERY]})]
    assert server.say("deliveries", "list", "--status", "dead", "--channel", "pager") == 0
    method, path, _ = asked(server)
    assert method == "GET"
    assert path.endswith("?status=dead&channel=pager&limit=100")
    assert capsys.readouterr().out.splitlines()[1].endswith("33        503 Service Unavailable: no")
    server.answers = [(200, {"deliveries": []})]
    assert server.say("deliveries", "list") == 0
    assert capsys.readouterr().out == "No deliveries.\n"


def test_one_delivery_with_its_texts(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    texts = {"en": {"title": "It fails", "text": "12 %."}, "fr": {"title": "Échec", "text": "12 %"}}
    server.answers = [(200, {"delivery": DELIVERY, "texts": texts})]
    assert server.say("deliveries", "show", "m_pager") == 0
    told = capsys.readouterr().out
    assert "  ended     2027-01-16 08:00:00\n" in told
    assert "next" not in told
    assert told.endswith("[fr] Échec\n12 %\n")
    server.answers = [(200, {"generation": 3, "delivery": {**DELIVERY, "status": "due"}})]
    assert server.say("deliveries", "retry", "m_pager", "--reason", "it is back") == 0
    assert asked(server)[:2] == ("POST", "/api/admin/v1/deliveries/m_pager/retry")
