"""The verbs of `palier monitoring`."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cli.answer import UNHEALTHY, USAGE, Answer, Failed, Proposal
from cli.bundle import Environ, connect
from cli.http import Bundle
from cli.monitoring import folder as folders
from cli.monitoring import plan, reading
from cli.monitoring.bill import bill
from cli.monitoring.console import Console
from cli.monitoring.folder import Folder
from cli.monitoring.plan import Change
from cli.shown import monitoring as shown

if TYPE_CHECKING:
    from functions.alerts.rule import Rule

Run = Callable[..., object]
PREPARE_SECONDS = 120.0


def export(arguments: Namespace, environ: Environ) -> Answer:
    """Writes the folder; nothing is asked of Cloud Monitoring."""
    from functions.alerts.dashboard import dashboard
    from functions.alerts.policies import Place, policies
    from functions.alerts.thresholds import BUILT_IN

    arguments.application = arguments.application or "main"
    arguments.environment = arguments.environment or "production"
    place = Place(arguments.application, arguments.environment)
    if arguments.built_in:
        made = policies(BUILT_IN, place)
    else:
        bundle = connect(arguments, environ)
        rules = _rules(bundle)
        made = plan.told(policies(rules, place), _paged_there(bundle, rules))
    files = folders.write(arguments.folder, made, dashboard(place))
    data = {"folder": arguments.folder, **place._asdict(), "files": files}
    return Answer(data, shown.exported(arguments.folder, str(place), files))


def _rules(bundle: Bundle) -> tuple[Rule, ...]:
    """Those that hold in an environment."""
    from functions.alerts.in_force import rule_of

    found = bundle.get("/v1/rules")["rules"]
    return tuple(rule_of(each["id"], each) for each in found if each["enabled"])


def _paged_there(bundle: Bundle, rules: Sequence[Rule]) -> dict[str, list[str]]:
    """By rule the channels that Cloud Monitoring pages. A silent control loop is a P1."""
    channels, routes = bundle.get("/v1/channels")["channels"], bundle.get("/v1/routes")["routes"]
    paged = plan.paged(channels, routes)
    return {plan.HEARTBEAT: paged["P1"], **{rule.id: paged[rule.severity] for rule in rules}}


def apply(arguments: Namespace, _environ: Environ) -> Answer | Proposal:
    """Descriptors first, then one policy after the other, then the dashboard."""
    wanted = folders.read(arguments.folder)
    console = _console(arguments)
    changes, left = _planned(arguments, wanted, console)
    if not changes:
        return Answer(_data(changes, left), shown.nothing_to_do(left))

    def carry_out() -> Answer:
        _prepare(arguments)
        for change in changes:
            _make(console, wanted, change)
        return Answer(_data(changes, left), shown.done(changes))

    question = f"Do this in the project {arguments.project}?"
    return Proposal(_data(changes, left), shown.changes(changes, left), question, carry_out)


def diff(arguments: Namespace, _environ: Environ) -> Answer:
    """What `apply` would change. 1 where it would, as a gate."""
    wanted = folders.read(arguments.folder)
    changes, left = _planned(arguments, wanted, _console(arguments))
    if not changes:
        return Answer(_data(changes, left), shown.nothing_to_do(left))
    return Answer(_data(changes, left), shown.changes(changes, left), UNHEALTHY)


def _planned(
    arguments: Namespace, wanted: Folder, console: Console
) -> tuple[list[Change], list[str]]:
    """The changes, and the rules whose policies would be taken away if that were asked for."""
    existing = console.policies()
    changes = plan.of_policies(
        wanted, existing, arguments.channel, arguments.rules_channel, remove=arguments.remove
    )
    if plan.silent_heartbeat(changes, wanted, existing):
        raise Failed(
            {
                "detail": "Nobody would hear that the control loop is silent.",
                "message": "Palier tells its channels of everything else, but not of its own end.",
                "remedy": "Name a channel of Cloud Monitoring with --channel: "
                "`gcloud beta monitoring channels list` shows them.",
            },
            USAGE,
        )
    if console.has_dashboards:
        changes += plan.of_dashboard(wanted, console.dashboard(_board(wanted)))
    return changes, [] if arguments.remove else plan.spare(wanted, existing)


def _make(console: Console, wanted: Folder, change: Change) -> None:
    before, after = change.before, change.after
    if change.what == "dashboard" and after is not None:
        if before is None:
            console.create_dashboard(_board(wanted), after)
        else:
            console.update_dashboard(before, after)
    elif after is None and before is not None:
        console.remove_policy(before)
    elif before is None and after is not None:
        console.create_policy(after)
    elif before is not None and after is not None:
        console.update_policy(before, after)


def _board(wanted: Folder) -> str:
    return f"palier-{wanted.application}-{wanted.environment}"


def _data(changes: Sequence[Change], left: Sequence[str]) -> dict[str, Any]:
    return {
        "changes": [
            {"what": change.what, "does": change.kind, "diff": change.lines()} for change in changes
        ],
        "left": list(left),
    }


def _console(arguments: Namespace) -> Console:
    def tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    return Console(arguments.project, arguments.address, arguments.page, tell=tell)


def _prepare(arguments: Namespace) -> None:
    """The metrics that policies speak of."""
    from functions.metrics.series import METRICS

    with reading.sink(arguments) as sink:
        sink.prepare(METRICS, PREPARE_SECONDS)


def check(arguments: Namespace, _environ: Environ) -> Answer:
    """Minutes at random, up to the last that was published: their points as Cloud Monitoring has
    them, against what Firestore's minutes make. 1 where any differs."""
    found = reading.read_back(arguments)
    data = {
        "minutes": found.minutes,
        "same": found.compared.same,
        "late": found.compared.late,
        "differences": [each._asdict() for each in found.compared.differences],
    }
    code = UNHEALTHY if found.compared.differences or not found.minutes else 0
    return Answer(data, shown.checked(found.minutes, found.compared), code)


def cost(arguments: Namespace, _environ: Environ) -> Answer:
    """The points of the last hours, as if the whole month were like them."""
    metrics = reading.used(arguments)
    watched = sum(each.series for each in metrics if each.metric == "rule_value")
    place = (arguments.application, arguments.environment)
    conditions = sum(
        len(policy["conditions"])
        for policy in Console(arguments.project, arguments.address).policies()
        if plan.is_of(policy, *place)
    )
    found = bill(metrics, arguments.hours, conditions, watched, arguments.price)
    data = {
        "hours": found.hours,
        "series": found.series,
        "points": found.points,
        "mib_a_month": found.mib,
        "dollars_a_month": found.written,
        "dollars_a_month_after_free": found.written_after_free,
        "conditions": found.conditions,
        "dollars_a_month_of_policies": found.policies,
        "metrics": [{**each.__dict__, "bytes": each.bytes} for each in metrics],
    }
    return Answer(data, shown.cost(metrics, found))
