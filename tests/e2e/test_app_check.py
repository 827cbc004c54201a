"""App Check, demanded of the callables as deployed, and given by the official Firebase SDK.

Signed tokens, a server with the public key, and firebase_admin's own code that verifies them.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.deployed import deployed
from functions.documents import Scope, Store
from functions.stories.claim import story_id
from functions.wiring import firestore_client
from local import aimock
from local.ports import HOST
from local.stack import STAND_IN_DOLLARS
from tests.e2e.clients import driven
from tests.e2e.world import World, until

KEY_ID = "key-of-the-tests"
CALLABLES = ("generate_story", "stream_story")
SOURCE = Path(__file__).with_name("checked_main.py")
MODEL_MILLISECONDS = 400
SCOPE = Scope("main", "production")


def signed(key: rsa.RSAPrivateKey, project: str, **other: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "https://firebaseappcheck.googleapis.com/1234567890",
        "aud": ["projects/1234567890", f"projects/{project}"],
        "sub": "1:1234567890:web:abcdef",
        "iat": now,
        "exp": now + 3600,
        **other,
    }
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KEY_ID})


@contextmanager
def keys_served(key: rsa.RSAPrivateKey) -> Iterator[str]:
    """Where the public half is, as Firebase publishes its own."""
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    body = json.dumps({"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}).encode()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Not among the tests' own lines."""

    with HTTPServer((HOST, 0), Keys) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://{HOST}:{server.server_port}/jwks"
        server.shutdown()
        thread.join()


def account(folder: Path, key: rsa.RSAPrivateKey, project: str) -> Path:
    """firebase_admin wants an account before it verifies App Check; this one is never used."""
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    path = folder / "account.json"
    told = {"type": "service_account", "project_id": project, "private_key": text}
    told |= {"client_email": "tests@example.com", "token_uri": f"http://{HOST}:1/token"}
    path.write_text(json.dumps(told))
    return path


@pytest.fixture(scope="module")
def told(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    suite = world.stack.suite
    key, another = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    folder = tmp_path_factory.mktemp("account")
    with ExitStack() as block:
        model = aimock.running(milliseconds=MODEL_MILLISECONDS, name="openai-checked")
        environment = {
            **suite.environment(),
            **STAND_IN_DOLLARS,
            "PALIER_APP_CHECK": "enforced",
            "PALIER_OPENAI_URL": block.enter_context(model),
            "OPENAI_API_KEY": "local-stand-in",
            "TESTS_APP_CHECK_KEYS": block.enter_context(keys_served(key)),
            "GOOGLE_APPLICATION_CREDENTIALS": str(account(folder, key, suite.project)),
            "NO_GCE_CHECK": "true",
            "THREADS": "8",
        }
        ports = {
            name: block.enter_context(deployed(name, environment, SOURCE))[0] for name in CALLABLES
        }
        tokens = {
            "valid": signed(key, suite.project),
            "none": None,
            "nonsense": "not.a.token",
            "forged": signed(another, suite.project),
            "expired": signed(key, suite.project, exp=int(time.time()) - 60),
            "of another project": signed(key, "another-project"),
        }
        given = {**ports, "auth": suite.ports.auth, "project": suite.project, "tokens": tokens}
        yield driven("app_check.mjs", given)


@pytest.mark.parametrize("name", CALLABLES)
def test_an_app_that_proves_itself_gets_its_story(told: dict[str, Any], name: str) -> None:
    assert told["valid"][name]["title"]


@pytest.mark.parametrize("name", CALLABLES)
@pytest.mark.parametrize("token", ["none", "nonsense", "forged", "expired", "of another project"])
def test_others_are_refused(told: dict[str, Any], name: str, token: str) -> None:
    refused = told[token][name]
    assert (refused["name"], refused["code"]) == ("FirebaseError", "functions/unauthenticated")
    if name == "stream_story":
        assert refused["details"]["code"] == "UNAUTHENTICATED"
        assert "App Check" in refused["details"]["detail"]
        assert refused["details"]["message"] == "Please sign in again."


def test_leaving_a_stream_cancels_it_on_the_server(
    world: World, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", world.stack.suite.firestore_address)
    store = Store(firestore_client(world.stack.suite.project))
    path = SCOPE.doc("stories", story_id(told["valid"]["uid"], told["valid"]["left"]))

    def error() -> Any:
        document = store.get(path)
        return document and document.data["error"]

    until(lambda: error() == {"code": "CANCELLED", "reason": None}, 5)
