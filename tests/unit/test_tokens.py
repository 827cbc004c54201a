"""ID tokens: what is taken, and what is refused without a crash."""

from __future__ import annotations

from collections.abc import Iterator

import firebase_admin
import pytest
from firebase_admin import auth

from functions import tokens
from functions.errors import StoreUnavailable, Unauthenticated
from functions.identity import Actor
from tests.tokens import id_token

PROJECT = "demo-tokens"


@pytest.fixture(autouse=True)
def firebase(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.setattr(firebase_admin, "_apps", {})
    app = firebase_admin.initialize_app(options={"projectId": PROJECT})
    yield
    firebase_admin.delete_app(app)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_names_a_person(scheme: str) -> None:
    assert tokens.person(f"{scheme} {id_token('anna', PROJECT)}") == Actor.person("anna")


def test_claims_name_no_role() -> None:
    token = id_token("anna", PROJECT, role="msp_admin", admin=True)
    assert tokens.person(f"Bearer {token}") == Actor.person("anna")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer é.é.é",
        "Bearer " + "x" * 100_000,
        id_token("anna", PROJECT),
    ],
    ids=lambda header: str(header)[:12],
)
def test_no_token(header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        tokens.person(header)


@pytest.mark.parametrize(
    "token",
    [
        id_token("anna", "another-project"),
        id_token("", PROJECT),
        id_token("x" * 129, PROJECT),
        id_token("a/b", PROJECT),
        id_token("..", PROJECT),
        id_token("anna", PROJECT, iss="https://evil.example"),
        id_token("anna", PROJECT, sub=None),
        id_token("anna", PROJECT, sub=7),
    ],
    ids=[
        "another project",
        "nobody",
        "too long",
        "a path",
        "upwards",
        "another issuer",
        "no subject",
        "a number as subject",
    ],
)
def test_tokens_that_are_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens.person(f"Bearer {token}")


def test_google_out_of_reach_is_not_the_person_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_token: str) -> None:
        raise auth.CertificateFetchError("down", cause=None)

    monkeypatch.setattr(auth, "verify_id_token", fails)
    with pytest.raises(StoreUnavailable):
        tokens.person("Bearer x")
