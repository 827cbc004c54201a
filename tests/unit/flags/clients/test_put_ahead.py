"""The hot routes as functions-framework serves them: before its own app, or inside the function."""

from __future__ import annotations

import textwrap
from pathlib import Path

import functions_framework
import pytest
from flask import Flask
from werkzeug.test import Client

from functions.flags.clients.ofrep import BASE
from functions.flags.clients.wsgi import put_ahead

MAIN = """
    import functions_framework
    from functions.clock import SystemClock
    from functions.flags.clients.hot import HotRoutes
    from functions.flags.clients.limits import Limits
    from functions.flags.clients.wsgi import put_ahead

    def build(app):
        return HotRoutes(app, lambda: None, lambda: None, SystemClock(), limits=Limits(0))

    AHEAD = put_ahead("api", build)

    @functions_framework.http
    def api(request):
        return f"the function, {AHEAD}"
"""


@pytest.fixture
def client(tmp_path: Path) -> Client:
    source = tmp_path / "main.py"
    source.write_text(textwrap.dedent(MAIN))
    return Client(functions_framework.create_app("api", str(source), "http"))  # type: ignore[no-untyped-call]


def test_the_hot_routes_come_first(client: Client) -> None:
    response = client.post(f"{BASE}/f", data=b"{}")
    assert response.status_code == 401
    assert response.get_json()["key"] == "f"
    assert client.get("/v1/health").text == "the function, True"


def test_without_an_app_nothing_is_done() -> None:
    assert not put_ahead("api", lambda app: pytest.fail("there is nothing to put it before"))


def test_another_function_is_left_alone() -> None:
    with Flask("admin").app_context():
        assert not put_ahead("api", lambda app: pytest.fail("there is nothing to put it before"))
