"""An incident in French: what happened, since when, how much, what was done, what to do. Pure."""

from __future__ import annotations

from functions.alerts.incidents import figures
from functions.alerts.incidents.incident import Alert, Entry, Incident, Kind
from functions.alerts.message import FRENCH

DEEDS = {
    "paused": "a suspendu le déploiement",
    "stepped_back": "a fait reculer le déploiement d'un palier",
    "rolled_back": "est revenu à la version précédente",
}
ENDS = {
    "no_data": "Plus aucune mesure : la version ne reçoit plus de requêtes, ou trop peu.",
    "silenced": "Les alertes actives ont été mises en sourdine.",
}


def title(incident: Incident, entry: Entry) -> str:
    worst = incident.worst
    what = f"{figures.name(worst, FRENCH)} {figures.value(worst, FRENCH)}"
    match entry.kind:
        case Kind.OPENED:
            return what
        case Kind.REOPENED:
            return f"de nouveau, {what}"
        case Kind.WORSE:
            return f"aggravation, {what}"
        case Kind.DEED:
            return f"{figures.who(entry, FRENCH)} {DEEDS[str(entry.facts['kind'])]}"
        case Kind.ESCALATED:
            return f"escalade au niveau {entry.facts['level']}"
        case Kind.ACKNOWLEDGED:
            return "pris en charge"
        case _:
            return "résolu"


def sentences(incident: Incident, entry: Entry) -> list[str]:
    match entry.kind:
        case Kind.DEED:
            return [_deed(entry), _still(incident)]
        case Kind.ESCALATED:
            held = entry.facts["acknowledged"]
            why = "Pris en charge il y a une heure, l'incident dure toujours." if held else ""
            return [
                why or "Personne ne l'a pris en charge.",
                f"Ouvert depuis le {figures.time(incident.opened_at)}.",
                *_trouble(incident),
            ]
        case Kind.ACKNOWLEDGED:
            return [
                figures.sentence(f"{figures.who(entry, FRENCH)} s'en occupe."),
                "L'escalade est suspendue pour une heure.",
            ]
        case Kind.RESOLVED:
            return _end(incident, entry)
        case _:
            return _trouble(incident)


def _trouble(incident: Incident) -> list[str]:
    worst = incident.worst
    name, value = figures.name(worst, FRENCH), figures.value(worst, FRENCH)
    side = "En deçà" if worst.comparison == "<" else "Au-delà"
    return [
        f"{name[:1].upper()}{name[1:]} : {value} sur {worst.window_seconds} s. "
        f"{side} de {figures.limit(worst, FRENCH)}, c'est trop.",
        _sample(worst),
        f"Depuis le {figures.time(worst.since)}.",
        _others(incident),
        _done(incident),
        f"Que faire : {worst.runbook}" if worst.runbook else "",
    ]


def _sample(worst: Alert) -> str:
    if not worst.requests:
        return ""
    if not worst.failures:
        return f"Aucune requête sur {worst.requests} n'a échoué."
    failed = "requêtes sur {} ont" if worst.failures > 1 else "requête sur {} a"
    return f"{worst.failures} {failed.format(worst.requests)} échoué."


def _still(incident: Incident) -> str:
    rules = figures.fires(incident)
    if not rules:
        return "Plus aucune alerte active."
    return f"Toujours {'actives' if ', ' in rules else 'active'} : {rules}."


def _end(incident: Incident, entry: Entry) -> list[str]:
    lasted = f"Durée : {figures.minutes(entry)} min."
    if entry.by:
        over = f"{figures.who(entry, FRENCH)} l'a déclaré terminé."
        return [figures.sentence(over), lasted, _done(incident)]
    why = ENDS.get(incident.worst.ended, "Plus aucune alerte active.")
    return [why, lasted, _done(incident), "Rien à faire."]


def _others(incident: Incident) -> str:
    named, more = figures.others(incident)
    rest = f" et {more} {'autres' if more > 1 else 'autre'}" if more else ""
    head = "Autres alertes" if ", " in named or more else "Autre alerte"
    return f"{head} : {named}{rest}." if named else ""


def _done(incident: Incident) -> str:
    last = figures.last_deed(incident)
    return _deed(last) if last else "Palier n'a rien changé de lui-même."


def _deed(entry: Entry) -> str:
    facts = entry.facts
    who = figures.who(entry, FRENCH)
    share = f"{facts['percentage']:g}".replace(".", ",")
    done = (
        f"{who} {DEEDS[str(facts['kind'])]} ({facts['flag']}, désormais {share} % "
        f"des utilisateurs)."
    )
    return figures.sentence(f"{done} {facts.get('french') or facts['sentence']}".strip())
