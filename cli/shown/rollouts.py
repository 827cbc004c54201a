"""Rollouts, and the bundle's health, as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import table, time

PARTS = {
    "en": (
        ("needs", "What it needs"),
        ("next_check", "Next check"),
        ("takes_back", "What takes it back"),
        ("happened", "So far"),
    ),
    "fr": (
        ("needs", "Ce qu'il lui faut"),
        ("next_check", "Prochain examen"),
        ("takes_back", "Ce qui l'annule"),
        ("happened", "Jusqu'ici"),
    ),
}
"""Of an explanation, with their titles."""


def rollouts(found: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return "No rollouts yet."
    rows = [
        (
            each["id"],
            each["flag"],
            f"{each['control']} -> {each['candidate']}",
            phase(each),
            f"{each['percentage']:g} %",
            time(each["decided_at"] or each["created_at"]),
            sentence(each) or each["reason"],
        )
        for each in found
    ]
    return table(("ID", "FLAG", "CHANGE", "PHASE", "SHARE", "SINCE (UTC)", "WHY"), rows)


def rollout(found: Mapping[str, Any]) -> str:
    lines = [status(found), f"plan {found['plan']['name']}: {found['reason'] or 'no reason given'}"]
    lines += [f"  {line}" for line in found["preview"]]
    rows = [
        (
            str(event["number"]),
            time(event["at"]),
            event["kind"].replace("_", " "),
            f"{event['percentage_before']:g} -> {event['percentage']:g} %",
            event["actor"],
            event["verdict"]["sentence"] if event.get("verdict") else event["reason"],
        )
        for event in found["events"]
    ]
    if rows:
        lines += ["", table(("#", "AT (UTC)", "EVENT", "SHARE", "BY", "WHY"), rows)]
    return "\n".join(lines)


def explanation(found: Mapping[str, Any]) -> str:
    """Why it waits, what it would need, and the rest of what is known, in its language."""
    lines = [*found["stands"], *found["waits"]]
    for name, title in PARTS[found["language"]]:
        if found[name]:
            lines += ["", title, *(f"  {sentence}" for sentence in found[name])]
    return "\n".join(lines)


def status(found: Mapping[str, Any]) -> str:
    """One rollout in a line or two."""
    first = (
        f"{found['id']}: {found['flag']} {found['control']} -> {found['candidate']} "
        f"{'has' if found['phase'] == 'succeeded' else 'is'} {phase(found)}, "
        f"{found['percentage']:g} % of the users have {found['candidate']}."
    )
    why = sentence(found)
    return f"{first}\n{why}" if why else first


def created(answer: Mapping[str, Any]) -> str:
    found = answer["rollout"]
    lines = [f"Created {found['id']}; nobody gets {found['candidate']} yet.", *answer["preview"]]
    return "\n".join([*lines, f"Begin it: palier rollout start {found['id']} --reason ..."])


def moved(answer: Mapping[str, Any]) -> str:
    return f"{status(answer['rollout'])}\nGeneration {answer['generation']} is being served."


def health(found: Mapping[str, Any]) -> str:
    where = f"Palier {found['version']}, {found['application']}/{found['environment']}"
    if found["generation"] is None:
        return f"{found['status']}: {where}; no snapshot can be had, flags are not served."
    return (
        f"{found['status']}: {where}; generation {found['generation']}, "
        f"read {found['snapshot_age_seconds']:g} s ago."
    )


def phase(found: Mapping[str, Any]) -> str:
    return str(found["phase"]).replace("_", " ")


def sentence(found: Mapping[str, Any]) -> str:
    """Why it stands where it stands: what is known now, or what the last step was based on."""
    verdict = found.get("now") or found.get("verdict") or {}
    return str(verdict.get("sentence", ""))
