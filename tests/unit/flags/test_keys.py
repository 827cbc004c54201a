"""API keys: their text, and what makes one valid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.documents import Scope
from functions.errors import Unauthenticated
from functions.flags.keys import ApiKey, Kind, check_key, from_headers, new_key, parse_key

SCOPE = Scope("main", "staging")
NOW = 1_800_000_000.0


@pytest.fixture
def key() -> ApiKey:
    return new_key(Kind.SECRET, SCOPE)


@pytest.mark.parametrize("kind", Kind)
def test_a_key_survives_its_text(kind: Kind) -> None:
    key = new_key(kind, SCOPE)
    assert parse_key(key.text()) == key
    assert key.text().startswith({"publishable": "pk.", "secret": "sk."}[kind])


def test_the_secret_is_not_shown(key: ApiKey) -> None:
    assert key.secret not in repr(key)
    assert key.secret not in str(key.record())


MALFORMED = [None, "", "x", "sk.main.staging", "sk.main.staging.0123456789ab." + "x" * 42]
MALFORMED += ["sk.MAIN.staging.0123456789ab." + "x" * 43, "sk.a/b.staging.0123456789ab." + "x" * 43]
MALFORMED += ["ak.main.staging.0123456789ab." + "x" * 43, "x" * 1_000_000]


@pytest.mark.parametrize("text", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_keys(text: str | None) -> None:
    with pytest.raises(Unauthenticated):
        parse_key(text)


def test_a_published_key_is_valid(key: ApiKey) -> None:
    check_key(key, {key.id: key.record()}, NOW)
    check_key(key, {key.id: key.record(expires_at=NOW + 1)}, NOW)


def test_keys_that_are_not(key: ApiKey) -> None:
    other = new_key(Kind.SECRET, SCOPE)
    for published in (
        {},
        {key.id: other.record()},
        {key.id: key.record(expires_at=NOW)},
        {key.id: {**key.record(), "kind": "publishable"}},
        {key.id: {"kind": "secret", "hash": "", "expires_at": None}},
    ):
        with pytest.raises(Unauthenticated):
            check_key(key, published, NOW)


def test_a_publishable_key_can_t_call_itself_secret() -> None:
    key = new_key(Kind.PUBLISHABLE, SCOPE)
    with pytest.raises(Unauthenticated):
        check_key(replace(key, kind=Kind.SECRET), {key.id: key.record()}, NOW)


def test_headers(key: ApiKey) -> None:
    assert from_headers(f"Bearer {key.text()}", None) == key
    assert from_headers(f"bearer  {key.text()} ", None) == key
    assert from_headers(None, key.text()) == key
    assert from_headers("Basic abc", key.text()) == key
    with pytest.raises(Unauthenticated):
        from_headers("Bearer x", key.text())
    with pytest.raises(Unauthenticated):
        from_headers(None, None)
