"""What differs from what is stored, and what has had its time, as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.shown.text import named, pairs, table, time

PUBLISHED = {
    "missing": "not published",
    "extra": "published, not stored",
    "different": "published otherwise",
}
KINDS = ("flags", "segments", "keys")
NAMED = 10


def synchronized(found: Mapping[str, Any]) -> str:
    if found["in_sync"]:
        return "What is published is what is stored."
    lines = [*_differing(found["repaired"])]
    if lines:
        lines.insert(0, "It differs:" if found["preview"] else "Repaired:")
    if found["unreadable"]:
        lines.append("Left alone, since it can't be read:")
        lines += [f"  {each['document']}: {each['problem']}" for each in found["unreadable"]]
    served = f"Generation {found['generation']} is being served."
    return "\n".join([*lines, "Nothing was changed." if found["preview"] else served])


def stale(found: Mapping[str, Any]) -> str:
    """With what can be done about it."""
    if not found["flags"]:
        return "\n".join(["No flag has had its time.", *_counting(found)])
    rows = [
        (
            each["key"],
            each["owner"] or "-",
            time(each["last_evaluated_at"]) if each["last_evaluated_at"] else "never",
            " ".join([*(reason["sentence"] for reason in each["reasons"]), *_kept(each)]),
        )
        for each in found["flags"]
    ]
    keys = [each["key"] for each in found["flags"] if each["can_be_archived"]]
    lines = [table(("KEY", "OWNER", "LAST EVALUATED (UTC)", "WHY"), rows), "", *_counting(found)]
    if keys:
        more = " ..." if len(keys) > NAMED else ""
        lines.append(f"Archive them: palier flags clean-up {' '.join(keys[:NAMED])}{more}")
    return "\n".join(lines)


def _differing(repaired: Mapping[str, Any]) -> Iterator[str]:
    told = [
        (f"{kind} {word}", named(repaired[kind][how]))
        for kind in KINDS
        for how, word in PUBLISHED.items()
    ]
    told.append(("flags marked for clients in one of the two", named(repaired["client"])))
    told.append(("parts missing or damaged", named(repaired["parts"])))
    yield from pairs(told)


def _kept(flag: Mapping[str, Any]) -> Iterator[str]:
    if flag["used_by"]:
        yield f"Kept by {', '.join(flag['used_by'])}."
    elif flag["killed"]:
        yield "Kept while it is killed."


def _counting(found: Mapping[str, Any]) -> Iterator[str]:
    """How far one may believe that a flag is not evaluated."""
    if found["counting_since"] is None:
        yield "Evaluations have not been counted yet."
    else:
        yield f"Evaluations are counted since {time(found['counting_since'])} UTC."
    if found["flagd_fetched_at"]:
        at = time(found["flagd_fetched_at"])
        yield f"flagd fetched the flags at {at} UTC; what is evaluated there is not counted."
