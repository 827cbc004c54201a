"""What all tests share: the Firestore emulator, a clean store, and no way to the internet."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from functions.documents import Store
from local import firestore as firestore_emulator_server

EMULATOR_FOLDERS = {"emulator", "rules"}
LOCAL_HOSTS = ("127.", "localhost", "::1", "0.0.0.0")
SECRETS = ("OPENAI_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test's folder says what it needs."""
    here = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(here).parts[0]
        if folder in EMULATOR_FOLDERS:
            item.add_marker(pytest.mark.emulator)
        elif folder == "e2e":
            item.add_marker(pytest.mark.e2e)


def _only_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: no test may reach the internet, least of all a model that costs money."""
    if event == "socket.connect":
        address = arguments[1]
        host = str(address[0]) if isinstance(address, tuple) else LOCAL_HOSTS[0]
    elif event == "socket.getaddrinfo":
        host = str(arguments[0] or LOCAL_HOSTS[0])
    else:
        return
    if not host.startswith(LOCAL_HOSTS):
        raise PermissionError(f"a test tried to reach {host}: only this machine is allowed")


def pytest_configure() -> None:
    for name in SECRETS:
        os.environ.pop(name, None)
    sys.addaudithook(_only_this_machine)


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[str]:
    """host:port of the official Firestore emulator: FIRESTORE_EMULATOR_HOST's, or our own."""
    given = os.environ.get("FIRESTORE_EMULATOR_HOST")
    if given:
        yield given
        return
    with firestore_emulator_server.running(name=f"firestore-tests-{os.getpid()}") as address:
        os.environ["FIRESTORE_EMULATOR_HOST"] = address
        yield address
        del os.environ["FIRESTORE_EMULATOR_HOST"]


@pytest.fixture
def firestore_client(firestore_emulator: str) -> firestore.Client:
    """A client of an empty database: every test has a project of its own."""
    project = f"demo-test-{uuid.uuid4().hex[:12]}"
    return firestore.Client(project=project, credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]


@pytest.fixture
def store(firestore_client: firestore.Client) -> Store:
    """Palier's own store on an empty database."""
    return Store(firestore_client)
