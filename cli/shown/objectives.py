"""Objectives, scores and the scorecard as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import pairs, table, time

Shown = Mapping[str, Any]
UNKNOWN = "-"


def objectives(found: Sequence[Shown]) -> str:
    if not found:
        return "No objectives yet: palier objectives set ID says what a service is to achieve."
    rows = [
        (each["id"], _good(each), _left(each), _burning(each), each["sentence"]) for each in found
    ]
    return table(("ID", "GOOD", "BUDGET LEFT", "ALARM", "WHAT"), rows)


def objective(each: Shown) -> str:
    budget = each["budget"]
    if budget is None:
        return f"{each['id']}: {each['sentence']}\n\nNothing has been counted yet."
    counted = f"{budget['counted']:,}, of which {budget['bad']:,g} bad"
    told = pairs(
        [
            ("counted", counted),
            ("from", f"{time(budget['since'])} UTC"),
            ("to", f"{time(budget['through'])} UTC"),
            ("good", _good(each)),
            ("budget left", _left(each)),
        ]
    )
    rows = [
        (
            burn["rule"],
            f"{burn['limit']:g}",
            _rate(burn["long"], burn["long_seconds"]),
            _rate(burn["short"], burn["short_seconds"]),
            "yes" if burn["alarm"] else "no",
        )
        for burn in budget["burn_rates"]
    ]
    rates = table(("RULE", "LIMIT", "LONG WINDOW", "SHORT WINDOW", "TOO FAST"), rows)
    return "\n".join([f"{each['id']}: {each['sentence']}", *told, "", rates])


def scores(found: Sequence[Shown]) -> str:
    if not found:
        return "No service is scored otherwise than usual."
    rows = [
        (each["service"], f"{each['target_ms']} ms", f"{each['error_weight']:g}", each["origin"])
        for each in found
    ]
    return table(("SERVICE", "TARGET", "WEIGHT OF ERRORS", "ORIGIN"), rows)


def scorecard(card: Shown) -> str:
    rows = [
        (
            row["id"],
            row["status"],
            _figure(row["unit"], row["value"]),
            "as before" if row["target"] is None else _figure(row["unit"], row["target"]),
            _figure(row["unit"], row["before"]),
            row["trend"] or UNKNOWN,
            f"{row['sample']:,}",
        )
        for row in card["rows"]
    ]
    text = table(("OBJECTIVE", "STATUS", "VALUE", "TARGET", "BEFORE", "TREND", "SAMPLE"), rows)
    if card["at"] is None:
        return f"{text}\n\nIt is computed once a day, for the first time tonight."
    return (
        f"{text}\n\nThe 30 days until {time(card['until'])} UTC, computed {time(card['at'])} UTC."
    )


def _good(each: Shown) -> str:
    return _share(each["budget"] and each["budget"]["good"])


def _left(each: Shown) -> str:
    return _share(each["budget"] and each["budget"]["left"])


def _burning(each: Shown) -> str:
    rates = each["budget"]["burn_rates"] if each["budget"] else ()
    alarms = [burn["severity"] for burn in rates if burn["alarm"]]
    return alarms[0] if alarms else UNKNOWN


def _rate(rate: float | None, seconds: int) -> str:
    over = f"{seconds // 3600} h" if seconds >= 3600 else f"{seconds // 60} min"
    return f"{UNKNOWN if rate is None else f'{rate:.3g}'} over {over}"


def _figure(unit: str, value: float | None) -> str:
    return _share(value) if unit == "share" else UNKNOWN if value is None else f"{value:.4g}"


def _share(value: float | None) -> str:
    return UNKNOWN if value is None else f"{100 * value:.5g} %"
