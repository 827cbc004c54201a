"""Cloud Monitoring is reached: as whom, for which project, and how soon it is said that not."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from google.oauth2 import credentials

from cli.__main__ import main
from cli.monitoring import console
from cli.monitoring.console import Console
from local.paths import ROOT

FOLDER = str(ROOT / "monitoring")


class Google(BaseHTTPRequestHandler):
    """Gives tokens, and has one dashboard."""

    asked: list[dict[str, str]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"})

    def do_GET(self) -> None:
        type(self).asked.append({name.lower(): value for name, value in self.headers.items()})
        self._answer({"name": "projects/mine/dashboards/palier"})

    def log_request(self, *_told: object) -> None:
        """Not among the test's lines."""

    def _answer(self, content: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())


@pytest.fixture
def google() -> Iterator[str]:
    Google.asked = []
    server = HTTPServer(("127.0.0.1", 0), Google)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("known", [{}, {"quota_project_id": "another"}])
def test_a_person_s_own_credentials_ask_for_the_project_that_is_named(
    google: str, known: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Google refuses those that name no quota project."""
    own = {
        "type": "authorized_user",
        "client_id": "client",
        "client_secret": "of-a-test",
        "refresh_token": "of-a-test",
        **known,
    }
    (tmp_path / "own.json").write_text(json.dumps(own))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "own.json"))
    monkeypatch.delenv("GOOGLE_CLOUD_QUOTA_PROJECT", raising=False)
    monkeypatch.setattr(credentials, "_GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"{google}/token")
    monkeypatch.setattr(console, "GOOGLE", google)
    assert Console("mine").dashboard("palier") == {"name": "projects/mine/dashboards/palier"}
    [headers] = Google.asked
    assert headers["authorization"] == "Bearer a-token"
    assert headers["x-goog-user-project"] == "mine"


@pytest.mark.parametrize("verb", ["apply", "diff", "cost"])
def test_where_nothing_listens_it_is_said_soon(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        folder = [] if verb == "cost" else [FOLDER]
        began = time.monotonic()
        code = main(["monitoring", verb, *folder, "--project", "demo", "--address", address], {})
        assert time.monotonic() - began < 5
    told = capsys.readouterr().err
    assert code == 1
    assert f"No Cloud Monitoring listens at {address}: Connection refused." in told
    assert "`make start`" in told


@pytest.mark.parametrize("address", ["8790", "localhost:", "localhost:http", ":1", "h:70000"])
def test_what_is_no_address_is_refused(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--project", "demo", "--address", address]
    assert main(["monitoring", "diff", FOLDER, *where], {}) == 2
    assert "HOST:PORT" in capsys.readouterr().err
