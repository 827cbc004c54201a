"""Bodies that nobody sends by accident: refused with the right code, and cheaply.

Cheaply means counted: no operation on Firestore, and no more bytes read than a body may have.
"""

from __future__ import annotations

import io
import json
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from google.cloud import firestore
from werkzeug.test import Client, TestResponse

from functions import web
from functions.documents import Scope, Store, Write
from functions.flags.clients.context import MAXIMUM_BODY_BYTES
from functions.identity import administrator_path
from local.paths import ROOT
from local.ports import HOST, free_port
from local.processes import Processes, wait_for_http
from tests.emulator.instances import instances
from tests.tokens import id_token

SCOPE = Scope("main", "production")
OFREP = "/ofrep/v1/evaluate/flags"
DEFINITION = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"}

MEGABYTE = b'{"context": {"a": "' + b"x" * 1_000_000 + b'"}}'
DEEP = b'{"context": {"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}}"
UNKNOWN = b"{" + b",".join(b'"k%d":1' % number for number in range(100_000)) + b"}"
UNKNOWN_INSIDE = b'{"context": ' + UNKNOWN + b"}"
AS_MANY_AS_FIT = b'{"context": {' + b",".join(b'"%x":1' % number for number in range(6_000)) + b"}}"
LISTS_IN_LISTS = b'{"context": {"a": [' + b",".join([b"[]"] * 20_000) + b"]}}"

TOO_LARGE = {"a megabyte": MEGABYTE, "100,000 unknown": UNKNOWN, "and inside": UNKNOWN_INSIDE}
BROKEN: dict[str, bytes] = {
    "not UTF-8": b'{"context": {"a": "\xff\xfe"}}',
    "UTF-16": '{"context": {}}'.encode("utf-16"),
    "a NaN": b'{"context": {"a": NaN}}',
    "infinity": b'{"context": {"a": Infinity}}',
    "a number beyond any": b'{"context": {"a": 1e999}}',
    "a number below any": b'{"context": {"a": [-1e999]}}',
    "cut off": b'{"context": {"a": ',
    "two": b'{"context": {}} {"context": {}}',
    "a list": b"[]",
    "a text": b'"context"',
    "null": b"null",
    "compressed": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "a form": b"context=1",
    "a nul": b"\x00",
}
TOO_MUCH = {
    "10,000 deep": DEEP,
    "as many as fit": AS_MANY_AS_FIT,
    "lists in lists": LISTS_IN_LISTS,
    "context: a list": b'{"context": []}',
    "context: a number": b'{"context": 1}',
    "key: a number": b'{"context": {"targetingKey": 7}}',
    "key: an object": b'{"context": {"targetingKey": {}}}',
}


class Stream(io.BytesIO):
    """Knows how much of it was read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer)
        self.taken += count
        return count


@dataclass
class Surfaces:
    """Both functions on one project, with a flag, a key and an administrator."""

    admin: Client
    api: Client
    stores: list[Store]
    token: str
    key: str

    def operations(self) -> int:
        return sum(sum(store.operations.values()) for store in self.stores)

    def evaluate(self, body: Any, path: str = OFREP, **options: Any) -> TestResponse:
        headers = {"X-API-Key": self.key, "Content-Type": "application/json"}
        return _send(self.api, path, body, headers, **options)

    def change(self, body: Any, method: str = "POST", **options: Any) -> TestResponse:
        path = "/v1/flags" if method == "POST" else "/v1/flags/f"
        headers = {"Authorization": self.token, "Content-Type": "application/json"}
        return _send(self.admin, path, body, headers, method=method, **options)

    def wish(self, body: Any) -> TestResponse:
        headers = {"Authorization": self.token, "Content-Type": "application/json"}
        return _send(self.api, "/v1/stories", body, headers)


def _send(
    client: Client, path: str, body: Any, headers: dict[str, str], **options: Any
) -> TestResponse:
    named = "input_stream" if isinstance(body, io.BytesIO) else "data"
    return client.open(path, **{"method": "POST", "headers": headers, named: body, **options})


@pytest.fixture
def surfaces(
    store: Store, firestore_client: firestore.Client, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Surfaces]:
    store.commit([Write.create(SCOPE.path, {}), Write.create(administrator_path("boss"), {})])
    project = str(firestore_client.project)
    token = f"Bearer {id_token('boss', project)}"
    with instances(project, monkeypatch) as serve:
        admin = serve("admin")
        key, store_of_admin = prepare(admin, token), _own_store()
        api = serve("api")
        surfaces = Surfaces(admin, api, [], token, key)
        assert surfaces.evaluate(b"{}").status_code == 200
        surfaces.stores = [store_of_admin, _own_store()]
        yield surfaces


def prepare(admin: Client, token: str) -> str:
    """A flag `f`, a version of stories, and the key that opens what is there."""
    headers = {"Authorization": token}
    flag = {"key": "f", "definition": DEFINITION, "reason": "a test"}
    assert admin.post("/v1/flags", json=flag, headers=headers).status_code == 201
    version: dict[str, Any] = {"version": "1.0.0", "prompt": "tale-1", "model": "m"}
    version |= {"parameters": {"max_output_tokens": 2_000}, "reason": "a test"}
    assert admin.post("/v1/versions", json=version, headers=headers).status_code == 201
    issued = {"kind": "secret", "label": "tests", "reason": "a test"}
    return str(admin.post("/v1/keys", json=issued, headers=headers).get_json()["key"])


def _own_store() -> Store:
    """That of the instance that was started last."""
    from functions import wiring

    return wiring.store()


def ofrep_code(response: TestResponse) -> tuple[int, str]:
    body = json.loads(response.data)
    assert set(body) <= {"key", "errorCode", "errorDetails"}
    assert len(response.data) < 1_000
    return response.status_code, body["errorCode"]


def code(response: TestResponse) -> tuple[int, str]:
    body = json.loads(response.data)
    assert response.mimetype == web.PROBLEM_TYPE
    assert len(response.data) < 5_000
    return response.status_code, body["code"]


def test_evaluations(surfaces: Surfaces) -> None:
    for path in (OFREP, f"{OFREP}/f"):
        for bodies, expected in (
            (TOO_LARGE, (413, "INVALID_CONTEXT")),
            (BROKEN, (400, "PARSE_ERROR")),
            (TOO_MUCH, (400, "INVALID_CONTEXT")),
        ):
            for name, body in bodies.items():
                assert surfaces.evaluate(b"{}", path).status_code == 200  # the snapshot is fresh
                before = surfaces.operations()
                assert ofrep_code(surfaces.evaluate(body, path)) == expected, (name, path)
                assert surfaces.operations() == before, name


def test_changes(surfaces: Surfaces) -> None:
    before = surfaces.operations()
    for method in ("POST", "PATCH"):
        for name, body in TOO_LARGE.items():
            refused = surfaces.change(body, method)
            assert code(refused) == (413, "PAYLOAD_TOO_LARGE"), name
        for name, body in {**BROKEN, **TOO_MUCH}.items():
            refused = surfaces.change(body, method)
            assert code(refused) == (400, "INVALID_ARGUMENT"), name
    assert surfaces.operations() == before


def test_wishes_for_stories(surfaces: Surfaces) -> None:
    for name, body in TOO_LARGE.items():
        assert code(surfaces.wish(body)) == (413, "PAYLOAD_TOO_LARGE"), name
    for name, body in {**BROKEN, **TOO_MUCH}.items():
        refused = surfaces.wish(body)
        assert code(refused) == (400, "INVALID_ARGUMENT"), name


def test_events(surfaces: Surfaces) -> None:
    headers = {"X-API-Key": surfaces.key, "Content-Type": "application/json"}
    before = surfaces.operations()
    for name, body in BROKEN.items():
        sent = (
            b'{"batch": "batch-001", "events": [{"metric": "m", "value": 1, ' + body[1:-1] + b"}]}"
        )
        refused = _send(surfaces.api, "/v1/events", sent, headers)
        assert code(refused) == (400, "INVALID_ARGUMENT"), name
    assert surfaces.operations() == before


def test_a_large_body_is_refused_unread(surfaces: Surfaces) -> None:
    for send in (surfaces.evaluate, surfaces.change):
        stream = Stream(MEGABYTE)
        declared = {"CONTENT_LENGTH": str(len(MEGABYTE))}
        assert send(stream, environ_overrides=declared).status_code == 413
        assert stream.taken == 0


def test_a_body_without_a_length_is_read_up_to_the_limit(surfaces: Surfaces) -> None:
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    for send, most in (
        (surfaces.evaluate, MAXIMUM_BODY_BYTES),
        (surfaces.change, web.MAXIMUM_BODY_BYTES),
    ):
        stream = Stream(MEGABYTE)
        refused = send(stream, environ_overrides={**chunked, "CONTENT_LENGTH": ""})
        assert refused.status_code == 413
        assert most <= stream.taken <= most + 1


@pytest.mark.parametrize("length", ["-1", "abc", "²", "1e3", "9" * 5_000, " ", "0x10"])
def test_a_length_that_is_none(surfaces: Surfaces, length: str) -> None:
    """Where the server in front lets it through."""
    for send in (surfaces.evaluate, surfaces.change):
        refused = send(b"{}", environ_overrides={"CONTENT_LENGTH": length})
        assert refused.status_code in (400, 413), (send, refused.data)


def test_a_length_that_lies(surfaces: Surfaces) -> None:
    short, long = {"CONTENT_LENGTH": "5"}, {"CONTENT_LENGTH": "500"}
    for declared in (short, long):
        refused = surfaces.change(b'{"key": "g"}', environ_overrides=declared)
        assert code(refused) == (400, "INVALID_ARGUMENT")
    cut = surfaces.evaluate(b'{"context": {}}', environ_overrides=short)
    assert ofrep_code(cut) == (400, "PARSE_ERROR")


def test_of_a_field_named_twice(surfaces: Surfaces) -> None:
    """A change has to be clear; of an evaluation the last counts, as in most readers of JSON."""
    twice = b'{"key": "g", "key": "h", "reason": "a test"}'
    assert code(surfaces.change(twice)) == (400, "INVALID_ARGUMENT")
    assert surfaces.evaluate(b'{"context": 1, "context": {}}').status_code == 200


# over sockets, as deployed


def conversation(port: int, request: bytes, *, close: bool = False) -> bytes:
    """What the server says to these bytes, up to the end of its first answer."""
    with socket.create_connection((HOST, port), timeout=10) as opened:
        try:
            opened.sendall(request)
            if close:
                opened.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has answered already
        answer = b""
        while b"\r\n\r\n" not in answer:
            received = opened.recv(65_536)
            if not received:
                break
            answer += received
    return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


CHUNK = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
ON_THE_WIRE: dict[str, tuple[bytes, set[int]]] = {
    "chunked": (b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", {200, 400}),
    "chunked, a megabyte": (b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK * 16, {413}),
    "chunks that are none": (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", {400}),
    "declared and not sent": (b"Content-Length: 2000000\r\n\r\n", {413}),
    "declared longer, then gone": (b"Content-Length: 500\r\n\r\n{", {400}),
    "declared shorter": (b"Content-Length: 1\r\n\r\n{}", {400}),
    "declared twice": (b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", {400}),
    "negative": (b"Content-Length: -5\r\n\r\n{}", {400}),
    "no number": (b"Content-Length: abc\r\n\r\n{}", {400}),
    "both": (b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {200, 400}),
    "neither": (b"\r\n", {200, 400}),
    "compressed": (b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", {400}),
}


@pytest.mark.parametrize(
    ("target", "path"), [("api", f"{OFREP}/f"), ("admin", "/v1/flags")], ids=["api", "admin"]
)
def test_on_the_wire(
    surfaces: Surfaces, firestore_client: firestore.Client, target: str, path: str
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "functions_framework", "--target", target]
    command += ["--source", str(ROOT / "main.py"), "--port", str(port)]
    variables = {
        "FIRESTORE_EMULATOR_HOST": os.environ["FIRESTORE_EMULATOR_HOST"],
        "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:1",
        "GCLOUD_PROJECT": str(firestore_client.project),
        "NO_GCE_CHECK": "true",
        "PYTHONPATH": str(ROOT),
    }
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {surfaces.token}\r\n"
    )
    if target == "api":
        head = head.replace(surfaces.token, f"Bearer {surfaces.key}")
    with Processes() as processes:
        child = processes.start(f"hostile-{target}", command, env=variables)
        wait_for_http(f"http://{HOST}:{port}/", child, seconds=60)
        for name, (rest, expected) in ON_THE_WIRE.items():
            answer = conversation(port, head.encode() + rest, close="gone" in name)
            assert status(answer) in expected, (name, answer[:300])
        ordinary = conversation(port, head.encode() + b"Content-Length: 2\r\n\r\n{}")
        assert status(ordinary) == (200 if target == "api" else 400)
