"""Stores that are out of reach; and every answer is held against its description."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from functions.documents import Store
from tests.described import answers_as_described


@pytest.fixture(autouse=True)
def _as_described(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with answers_as_described(monkeypatch):
        yield


@contextmanager
def store_at(address: str, project: str) -> Iterator[Store]:
    """A store whose client goes to `address`, in a project of the emulator."""
    before = os.environ.get("FIRESTORE_EMULATOR_HOST")
    os.environ["FIRESTORE_EMULATOR_HOST"] = address
    try:
        client = firestore.Client(project=project, credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
        client._firestore_api  # noqa: B018 the channel is made when first asked for
    finally:
        if before is None:
            del os.environ["FIRESTORE_EMULATOR_HOST"]
        else:
            os.environ["FIRESTORE_EMULATOR_HOST"] = before
    yield Store(client)
    client.close()  # type: ignore[no-untyped-call]


@pytest.fixture(params=["refused", "silent"])
def lost_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store at a port where nobody listens, or where nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        if request.param == "refused":
            server.close()
        with store_at(address, "demo-lost") as store:
            yield store
