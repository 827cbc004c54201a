"""A snapshot in memory, put together as readers put it together."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from functions.documents import Scope
from functions.flags.content import Snapshot, assemble
from functions.published import Pointer

SCOPE = Scope("main", "staging")


@pytest.fixture
def make_snapshot() -> Callable[..., Snapshot]:
    def make(
        flags: dict[str, Any],
        client: list[str] | None = None,
        keys: dict[str, Any] | None = None,
        descriptions: dict[str, str] | None = None,
        **document: Any,
    ) -> Snapshot:
        parts = {
            "flags": {
                "document": {"flags": flags, **document},
                "client": list(flags) if client is None else client,
                "descriptions": descriptions or {},
            },
            "keys": keys or {},
            "environment": {"hash_key": base64.b64encode(b"k" * 32).decode()},
        }
        pointer = Pointer(7, {name: f"hash-{name}" for name in parts})
        held = {f"hash-{name}": part for name, part in parts.items()}
        return assemble(SCOPE, pointer, held, None, lambda: 1_800_000_000.0).snapshot

    return make
