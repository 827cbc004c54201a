"""What users may be told of a rollback, for apps that show it. Pure.

A publishable key learns no flag that is not for clients. Of a function's version, which users may
well have noticed, it is told without the flag's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from functions.flags.clients.answer import Answer, tag_of, tagged, to_json
from functions.flags.content import Snapshot
from functions.flags.keys import Kind

PATH = "/v1/notices"
SHOWN = ("id", "at", "until", "en", "fr")


def notices(snapshot: Snapshot, kind: Kind, now: float, if_none_match: str | None) -> Answer:
    """The notices of the last day that the key may see, the newest first; or 304."""
    body = to_json({"notices": list(_visible(snapshot, kind, now))})
    return tagged(body, tag_of(body), if_none_match)


def _visible(snapshot: Snapshot, kind: Kind, now: float) -> Iterator[dict[str, Any]]:
    for each in snapshot.notices.get("notices", ()):
        if each["until"] <= now:
            continue
        named = kind is Kind.SECRET or each["flag"] in snapshot.client_keys
        if named or each["service"]:
            yield {**{name: each[name] for name in SHOWN}, "flag": each["flag"] if named else None}
