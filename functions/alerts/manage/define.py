"""Rules and silences are defined and removed, as decisions for `commit_change`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from functions import catalog
from functions.alerts import selectors
from functions.alerts.defined import RULES, SILENCES
from functions.alerts.in_force import definition_of, rule_of
from functions.alerts.manage.validation import Name, Names, problems
from functions.alerts.rule import ACTIONS, OWN_PAGE, Rule
from functions.alerts.silence import LONGEST_SECONDS, silences_of
from functions.alerts.templates import TEMPLATES
from functions.alerts.thresholds import BY_ID
from functions.catalog import Catalog, Decide
from functions.changes import Decision, View
from functions.documents import Write
from functions.errors import FailedPrecondition, InvalidArgument, NotFound
from functions.metrics.apps.declared import RESERVED, Kind, read_all
from functions.metrics.measures import Known
from functions.published import DECLARED

RULES_CATALOG = Catalog(RULES, "rule", 200)
SILENCES_CATALOG = Catalog(SILENCES, "silence", 200)

Measured = Mapping[str, Mapping[str, Known]]
"""By service the measures that the bundle's own functions report."""

USUAL: Mapping[str, Any] = {
    "window_seconds": 60,
    "for_seconds": 0,
    "keep_firing_seconds": 120,
    "minimum_requests": 20,
    "actions": ["notify"],
}
USUAL_OF_AMOUNTS: Mapping[str, Any] = {"minimum_requests": 0}
"""Of a count and a sum: the sample says no more than they do."""

NEEDED = ("severity", "metric", "threshold")


def put_rule(name: str, given: Mapping[str, Any], template: str, measured: Measured) -> Decide:
    """Defines a rule: what is given, on top of a template, of the delivered rule of that id, or of
    what is usual. Its result is the rule.

    Raises InvalidArgument (what is wrong with it), NotFound (the template), FailedPrecondition.
    """
    catalog.check_id(RULES_CATALOG, name)
    enabled = bool(given.get("enabled", True))
    rule = _assembled(name, given, template)

    def decide(view: View) -> Decision:
        wrong = list(problems(rule, reported(view, measured)))
        if wrong:
            raise InvalidArgument(f"This rule can't work. {' '.join(wrong)}")
        define = catalog.put(RULES_CATALOG, name, definition_of(rule, enabled=enabled))
        return replace(define(view), result=(rule, enabled))

    return decide


def remove_rule(name: str) -> Decide:
    """A delivered rule is again as it is delivered. Raises NotFound, FailedPrecondition."""
    remove = catalog.remove(RULES_CATALOG, name)

    def decide(view: View) -> Decision:
        if name in BY_ID and name not in view.part(RULES):
            raise FailedPrecondition(
                f"The rule {name!r} is as it is delivered; it can't be removed.",
                remedy='Switch it off with {"enabled": false} if nobody is to hear of it.',
            )
        return remove(view)

    return decide


def put_silence(name: str, given: Mapping[str, Any], reason: str) -> Decide:
    """Defines a silence; those that are over are cleared away. Its result is the definition.

    Raises InvalidArgument (no reason, nothing named, a wrong time), FailedPrecondition (too many).
    """
    if not reason.strip():
        raise InvalidArgument(
            "A silence needs a reason.", remedy="Say in `reason` why nobody is to be told."
        )
    if not any(given.get(key) for key in ("rule", "service", "version", "severity")):
        raise InvalidArgument(
            "A silence of everything hides everything.",
            remedy="Name a `rule`, a `service`, a `version` or a `severity`.",
        )
    catalog.check_id(SILENCES_CATALOG, name)

    def decide(view: View) -> Decision:
        if not view.now < given["until"] <= view.now + LONGEST_SECONDS:
            raise InvalidArgument("A silence ends in the future, within 30 days.")
        definition = {**given, "made_at": view.now, "why": reason}
        known: dict[str, Any] = view.part(SILENCES)
        over = [
            each.id for each in silences_of(known)[0] if each.until <= view.now and each.id != name
        ]
        left = {key: each for key, each in known.items() if key not in over}
        if name not in left and len(left) >= SILENCES_CATALOG.most:
            raise FailedPrecondition("There are too many silences.", remedy="Remove some.")
        defined = catalog.put(SILENCES_CATALOG, name, definition)(view)
        cleared = [Write.delete(view.scope.doc(SILENCES, key)) for key in over]
        return replace(
            defined,
            writes=[*defined.writes, *cleared],
            parts={SILENCES: {**left, name: definition}},
        )

    return decide


def remove_silence(name: str) -> Decide:
    """Raises NotFound."""
    return catalog.remove(SILENCES_CATALOG, name)


def reported(view: View, measured: Measured) -> Names:
    """What apps and functions report in an environment."""
    own = {name: Name(service) for service, known in measured.items() for name in known}
    apps = {
        name: Name(metric.service, metric.kind is Kind.DURATION)
        for name, metric in read_all(view.part(DECLARED)).items()
    }
    return {**{name: Name() for name in RESERVED}, **apps, **own}


def _assembled(name: str, given: Mapping[str, Any], template: str) -> Rule:
    """Raises InvalidArgument, NotFound (the template)."""
    if template:
        if template not in TEMPLATES:
            raise NotFound(f"There is no template {template!r}.")
        of = TEMPLATES[template].rule
        base = {**definition_of(of), "page": of.runbook}
    elif name in BY_ID:
        base = definition_of(BY_ID[name])
    else:
        missing = [key for key in NEEDED if given.get(key) is None]
        if missing:
            raise InvalidArgument(f"A rule needs {', '.join(missing)}, or a template.")
        usual = {**USUAL, **USUAL_OF_AMOUNTS} if selectors.amount(given["metric"]) else USUAL
        base = {**usual, "page": OWN_PAGE}
    whole = {**base, **{key: each for key, each in given.items() if each is not None}}
    whole["actions"] = sorted(set(whole["actions"]), key=ACTIONS.index)
    return rule_of(name, whole)
