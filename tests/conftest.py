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
from hypothesis import settings

from functions.documents import Store
from local import firestore as firestore_emulator_server
from local import ports, processes, stack
from local.stack import Stack

# What the tests of a folder need, and after how many seconds one of them counts as hanging (the
# first that uses an emulator starts it).
FOLDERS = {
    "unit": (None, 60),
    "servers": (None, 60),
    "simulation": (None, 300),
    "emulator": (pytest.mark.emulator, 120),
    "rules": (pytest.mark.emulator, 180),
    "browser": (None, 180),
    "e2e": (pytest.mark.e2e, 300),
}
settings.register_profile("quick", max_examples=25)
"""For `make check`: a quarter of hypothesis's examples. `make test` tries all of them."""

LOCAL_HOSTS = ("127.", "localhost", "::1", "0.0.0.0")
SECRETS = ("OPENAI_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test's folder says what it needs, and how long it may take."""
    here = Path(__file__).parent
    for item in items:
        needs, seconds = FOLDERS[item.path.relative_to(here).parts[0]]
        if needs is not None:
            item.add_marker(needs)
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(seconds))


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
    processes.end_leftovers()  # of test runs that were killed


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


@pytest.fixture(scope="session")
def suite() -> Iterator[Stack]:
    """The whole of a local Palier, on free ports: the functions as firebase-tools serves them.

    Nothing ticks by itself: `suite.tick.run_now()` does.
    """
    name = f"tests-{os.getpid()}"
    with stack.running(ports.free(), name=name, model_milliseconds=20) as running:
        yield running


@pytest.fixture
def firestore_client(firestore_emulator: str) -> firestore.Client:
    """A client of an empty database: every test has a project of its own."""
    project = f"demo-test-{uuid.uuid4().hex[:12]}"
    return firestore.Client(project=project, credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]


@pytest.fixture
def store(firestore_client: firestore.Client) -> Store:
    """Palier's own store on an empty database."""
    return Store(firestore_client)
