"""The catalog of people who respond to incidents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.catalog import Catalog


def audited(definition: Mapping[str, Any]) -> Any:
    """What the audit trail holds of a person: who is on call when, never how to reach them."""
    return {name: definition[name] for name in ("levels", "languages", "hours", "time_zone")}


PEOPLE = Catalog("people", "person", most=200, audited=audited)
