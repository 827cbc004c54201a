"""An incident in English: what happened, since when, how much, what was done, what to do. Pure."""

from __future__ import annotations

from functions.alerts.incidents import figures
from functions.alerts.incidents.incident import Alert, Entry, Incident, Kind
from functions.alerts.message import ENGLISH

DEEDS = {
    "paused": "paused the rollout",
    "stepped_back": "took the rollout back one step",
    "rolled_back": "rolled back",
}
ENDS = {
    "no_data": "Nothing is measured any more: the version gets no requests, or too few.",
    "silenced": "What fires was silenced.",
}


def title(incident: Incident, entry: Entry) -> str:
    worst = incident.worst
    what = f"{figures.name(worst, ENGLISH)} {figures.value(worst, ENGLISH)}"
    match entry.kind:
        case Kind.OPENED:
            return what
        case Kind.REOPENED:
            return f"again, {what}"
        case Kind.WORSE:
            return f"worse, {what}"
        case Kind.DEED:
            return f"{figures.who(entry, ENGLISH)} {DEEDS[str(entry.facts['kind'])]}"
        case Kind.ESCALATED:
            return f"escalated to {entry.facts['level']}"
        case _:
            return entry.kind.value


def sentences(incident: Incident, entry: Entry) -> list[str]:
    match entry.kind:
        case Kind.DEED:
            return [_deed(entry), _still(incident)]
        case Kind.ESCALATED:
            held = entry.facts["acknowledged"]
            why = "It was acknowledged an hour ago and still fires." if held else ""
            return [
                why or "Nobody has acknowledged it.",
                f"Open since {figures.time(incident.opened_at)}.",
                *_trouble(incident),
            ]
        case Kind.ACKNOWLEDGED:
            return [
                figures.sentence(f"{figures.who(entry, ENGLISH)} sees to it."),
                "It is not escalated further for an hour.",
            ]
        case Kind.RESOLVED:
            return _end(incident, entry)
        case _:
            return _trouble(incident)


def _trouble(incident: Incident) -> list[str]:
    worst = incident.worst
    name, value = figures.name(worst, ENGLISH), figures.value(worst, ENGLISH)
    side = "less" if worst.comparison == "<" else "more"
    return [
        f"{name[:1].upper()}{name[1:]}: {value} over {worst.window_seconds} s; "
        f"{side} than {figures.limit(worst, ENGLISH)} is too much.",
        _sample(worst),
        f"Since {figures.time(worst.since)}.",
        _others(incident),
        _done(incident),
        f"What to do: {worst.runbook}" if worst.runbook else "",
    ]


def _sample(worst: Alert) -> str:
    noun = "request" if worst.requests == 1 else "requests"
    return f"{worst.failures} of {worst.requests} {noun} failed." if worst.requests else ""


def _still(incident: Incident) -> str:
    fires = figures.fires(incident)
    return f"Still firing: {fires}." if fires else "Nothing fires any more."


def _end(incident: Incident, entry: Entry) -> list[str]:
    lasted = f"It lasted {figures.minutes(entry)} min."
    if entry.by:
        over = f"{figures.who(entry, ENGLISH)} declared it over."
        return [figures.sentence(over), lasted, _done(incident)]
    why = ENDS.get(incident.worst.ended, "Nothing fires any more.")
    return [why, lasted, _done(incident), "Nothing to do."]


def _others(incident: Incident) -> str:
    named, more = figures.others(incident)
    rest = f" and {more} more" if more else ""
    return f"Also firing: {named}{rest}." if named else ""


def _done(incident: Incident) -> str:
    last = figures.last_deed(incident)
    return _deed(last) if last else "Palier changed nothing by itself."


def _deed(entry: Entry) -> str:
    facts = entry.facts
    done = (
        f"{figures.who(entry, ENGLISH)} {DEEDS[str(facts['kind'])]} ({facts['flag']}, now "
        f"{facts['percentage']:g} % of users)."
    )
    return figures.sentence(f"{done} {facts['sentence']}".strip())
