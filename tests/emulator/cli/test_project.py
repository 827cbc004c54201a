"""The operator's verbs on the Firestore emulator."""

from __future__ import annotations

import json

import pytest
from google.cloud import firestore

from cli.__main__ import main
from functions.documents import Scope, Store
from functions.identity import administrator_path

APPLICATION = "main"


@pytest.fixture
def project(firestore_client: firestore.Client) -> str:
    return str(firestore_client.project)


def init(project: str, *more: str, reason: str = "first set-up") -> int:
    who = ("--administrator", "boss", "--reason", reason)
    return main(["init", "--project", project, *who, *more], {})


def test_an_application_is_founded_once(
    project: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(project, "--environment", "production", "--environment", "staging") == 0
    first = capsys.readouterr().out
    assert first.count(": made\n") == 3
    assert "palier flags list" in first, "says what comes next"
    scope = Scope(APPLICATION, "staging")
    founded = store.get(scope.path)
    assert founded is not None
    assert store.get(administrator_path("boss")) is not None

    assert init(project, "--environment", "staging", "--environment", "demo") == 0
    again = capsys.readouterr().out
    assert "environment staging: is there" in again
    assert "environment demo: made" in again
    assert "administrator boss: is there" in again
    kept = store.get(scope.path)
    assert kept is not None
    assert kept.data == founded.data, "the key is made once"
    entries = store.query(f"applications/{APPLICATION}/audit", order_by="sequence")
    assert [(entry.data["action"], entry.data["actor"]) for entry in entries] == [
        ("environment.found", "operator:cli"),
        ("environment.found", "operator:cli"),
        ("administrator.appoint", "operator:cli"),
        ("environment.found", "operator:cli"),
    ]


def test_production_is_the_default_and_wants_a_reason(
    project: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(project, reason=" ") == 1
    assert "[INVALID_ARGUMENT]" in capsys.readouterr().err
    assert init(project, "--output", "json") == 0
    assert json.loads(capsys.readouterr().out)["steps"] == [
        {"what": "environment production", "new": True},
        {"what": "administrator boss", "new": True},
    ]


def test_a_trail_that_holds_and_one_that_does_not(
    project: str,
    store: Store,
    firestore_client: firestore.Client,
    capsys: pytest.CaptureFixture[str],
) -> None:
    verify = ["audit", "verify", "--project", project]
    assert main(verify, {}) == 0, "nothing has happened yet"
    init(project)
    capsys.readouterr()
    assert main(verify, {}) == 0
    assert capsys.readouterr().out == "The audit trail holds: 2 entries, none altered.\n"
    entry = firestore_client.document(f"applications/{APPLICATION}/audit/000000000002")
    entry.update({"reason": "another story"})
    assert main(verify, {}) == 1
    assert "Entry 2 was altered" in capsys.readouterr().out
    entry.delete()
    assert main([*verify, "--output", "json"], {}) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["entries"]) == (False, 1)
    assert "entries at the end" in found["problem"]


def test_an_emulator_that_is_gone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    assert main(["audit", "verify", "--project", "demo-gone"], {}) == 1
    assert "[STORE_UNAVAILABLE]" in capsys.readouterr().err


def test_no_credentials(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/credentials.json")
    assert main(["audit", "verify", "--project", "demo-none"], {}) == 1
    assert "gcloud auth application-default login" in capsys.readouterr().err
