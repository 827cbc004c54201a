"""Incidents and people on call as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import pairs, table, time

HEAD = ("ID", "SEVERITY", "STATUS", "LEVEL", "OPENED", "SERVICE", "VERSION", "FIRING")
SENTENCES = {
    "deed": "{by} {kind} {rollout} ({flag}, now {percentage:g} %): {sentence}",
    "fired": "{rule} fires on {version}: {value} against {threshold}, {failures} of {requests} "
    "failed",
    "ended": "{rule} on {version}: {status}",
    "escalated": "escalated to {level}",
    "worse": "{severity} now, {before} before",
    "opened": "opened as {severity}",
    "reopened": "opened again as {severity}",
    "note": "{by}: {text}",
}


def incidents(found: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return "No incidents."
    rows = [
        (
            each["id"],
            each["severity"],
            each["status"],
            each["level"],
            time(each["opened_at"]),
            each["service"],
            each["version"],
            ", ".join(each["firing"]) or "-",
        )
        for each in found
    ]
    return table(HEAD, rows)


def incident(found: Mapping[str, Any]) -> str:
    """Everything about one."""
    first = f"{found['id']}  {found['severity']} {found['service']} {found['version']}"
    about = [
        ("status", _status(found)),
        ("level", _level(found)),
        ("opened", time(found["opened_at"])),
        ("firing", ", ".join(found["firing"])),
        ("on call", "; ".join(_reached(each) for each in found["on_call"]) or "nobody"),
        ("what to do", ", ".join(sorted({each["runbook"] for each in found["alerts"]} - {""}))),
    ]
    lines = [f"  {time(entry['at'])}  {_entry(entry)}" for entry in found["timeline"]]
    more = [f"  {found['omitted']} more are no longer kept."] if found["omitted"] else []
    return "\n".join([first, "", *pairs(about), "", *lines, *more])


def moved(found: Mapping[str, Any]) -> str:
    return f"{found['id']} is {_status(found)}."


def people(found: Mapping[str, Any]) -> str:
    if not found["people"]:
        return "Nobody is on call: `palier people set` defines somebody."
    rows = [
        (
            each["id"],
            each["name"],
            ", ".join(each["levels"]),
            "yes" if each["on_call"] else "no",
            each["email"] or "-",
            each["phone"] or "-",
        )
        for each in found["people"]
    ]
    now = [
        (level, ", ".join(each["name"] for each in there) or "nobody")
        for level, there in sorted(found["on_call"].items())
    ]
    head = ("ID", "NAME", "LEVELS", "ON CALL", "EMAIL", "PHONE")
    return "\n".join([table(head, rows), "", "On call now:", *pairs(now)])


def person(found: Mapping[str, Any]) -> str:
    there = "on call now" if found["on_call"] else "not on call now"
    return f"{_reached(found)} answers for {', '.join(found['levels'])}, {there}."


def _reached(person: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (person["name"], person["phone"], person["email"])))


def _status(found: Mapping[str, Any]) -> str:
    if found["status"] == "acknowledged":
        return f"acknowledged by {found['acknowledged_by']}"
    if found["status"] == "resolved" and found["resolved_by"]:
        return f"resolved by {found['resolved_by']}"
    return str(found["status"])


def _level(found: Mapping[str, Any]) -> str:
    if found["next_level_at"] is None:
        return str(found["level"])
    return f"{found['level']}, escalated at {time(found['next_level_at'])}"


def _entry(entry: Mapping[str, Any]) -> str:
    sentence = SENTENCES.get(entry["kind"])
    if sentence is None:
        return f"{entry['kind']} by {entry['by']}" if entry["by"] else str(entry["kind"])
    return sentence.format(**{**entry["facts"], "by": entry["by"], **_kind(entry)})


def _kind(entry: Mapping[str, Any]) -> Mapping[str, str]:
    return (
        {"kind": str(entry["facts"]["kind"]).replace("_", " ")} if "kind" in entry["facts"] else {}
    )
