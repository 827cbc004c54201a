"""What is seen of an incident at a look goes into it: alerts that began and ended, deeds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from functions.alerts.incidents.incident import (
    DEEDS_KNOWN,
    Alert,
    Deed,
    Entry,
    Facts,
    Incident,
    Kind,
)

LOOKED_BACK_SECONDS = 600
"""Deeds that long before an incident belong to it: the judge may be faster than the rules."""

TOLD_DEEDS = frozenset({"paused", "stepped_back", "rolled_back"})

After = Callable[[Alert], str]
"""The status of an alert that no longer fires."""


def with_alerts(incident: Incident, firing: Sequence[Alert], after: After, now: float) -> Incident:
    """Its alerts as they are now: those that began since, and those that ended."""
    now_firing = {(one.rule, one.arm): one for one in firing}
    alerts, entries = [], []
    for known in incident.alerts:
        still = now_firing.pop((known.rule, known.arm), None)
        if still and known.fires and still.since == known.since:
            alerts.append(known)
        elif still:
            alerts.append(still)
            entries.append(_fired(still))
        elif known.fires:
            ended = replace(known, ended=after(known), ended_at=now)
            alerts.append(ended)
            entries.append(Entry(now, Kind.ENDED, facts=_ending(ended)))
        else:
            alerts.append(known)
    for new in sorted(now_firing.values(), key=lambda one: (one.since, one.severity, one.rule)):
        alerts.append(new)
        entries.append(_fired(new))
    if not entries:
        return incident
    return replace(incident, alerts=tuple(alerts)).noting(*entries)


def with_deeds(incident: Incident, deeds: Sequence[Deed]) -> tuple[Incident, list[Entry]]:
    """With what was done since, and the entries of which people are told."""
    new = [
        deed
        for deed in sorted(deeds, key=lambda one: (one.at, one.id))
        if deed.id not in incident.deeds and deed.at >= incident.opened_at - LOOKED_BACK_SECONDS
    ]
    if not new:
        return incident, []
    entries = [Entry(deed.at, Kind.DEED, deed.by, _done(deed)) for deed in new]
    ids = (*incident.deeds, *(deed.id for deed in new))[-DEEDS_KNOWN:]
    told = [entry for entry in entries if entry.facts["kind"] in TOLD_DEEDS]
    return replace(incident, deeds=ids).noting(*entries), told


def _fired(alert: Alert) -> Entry:
    return Entry(
        alert.since,
        Kind.FIRED,
        facts={
            "rule": alert.rule,
            "version": alert.arm,
            "severity": alert.severity,
            "value": alert.value,
            "threshold": alert.threshold,
            "requests": alert.requests,
            "failures": alert.failures,
        },
    )


def _ending(alert: Alert) -> Facts:
    return {"rule": alert.rule, "version": alert.arm, "status": alert.ended}


def _done(deed: Deed) -> Facts:
    return {
        "kind": deed.kind,
        "rollout": deed.rollout,
        "flag": deed.flag,
        "percentage": deed.percentage,
        "sentence": deed.sentence,
        **({"french": deed.french} if deed.french else {}),
    }
