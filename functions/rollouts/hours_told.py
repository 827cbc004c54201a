"""Hours of the week and times, as people say them, in English and French. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from functions.alerts.incidents.people import zone
from functions.alerts.message import FRENCH
from functions.rollouts.opening import Opening, next_opening

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def opens(openings: Sequence[Opening], at: float, language: str) -> str:
    """When one of them next opens, at or after `at` (epoch seconds): `Tuesday 14:00
    (Europe/Paris)`; "" for never."""
    when = next_opening(openings, at)
    if when is None:
        return ""
    [of, *_] = [each for each in openings if each.holds(when)] or openings
    local = datetime.fromtimestamp(when, zone(of.zone))
    day = _days(language)[local.weekday()]
    return f"{day} {local:%H:%M} ({of.zone})"


def hours(openings: Sequence[Opening], language: str) -> str:
    """`Monday to Friday 14:00 to 16:00 (Europe/Paris)`, one after the other."""
    between = " ; " if language == FRENCH else "; "
    return between.join(_hours(each, language) for each in openings)


def moment(at: float, openings: Sequence[Opening], language: str) -> str:
    """`Tuesday 2026-11-24 14:00 (Europe/Paris)`, in the zone of the openings; else in UTC."""
    name = openings[0].zone if openings else "UTC"
    local = datetime.fromtimestamp(at, zone(name) if openings else UTC)
    return f"{_days(language)[local.weekday()]} {local:%Y-%m-%d %H:%M} ({name})"


def _hours(one: Opening, language: str) -> str:
    begins, ends = _clock(one.begins), _clock(one.ends)
    days = _run(sorted(set(one.days)), language)
    if language == FRENCH:
        return f"{days} de {begins} à {ends} ({one.zone})"
    return f"{days} {begins} to {ends} ({one.zone})"


def _run(days: Sequence[int], language: str) -> str:
    """Three days or more in a row as a stretch."""
    names = [_days(language)[day] for day in days]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        if language == FRENCH:
            return f"du {names[0]} au {names[-1]}"
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _days(language: str) -> Sequence[str]:
    return JOURS if language == FRENCH else DAYS
