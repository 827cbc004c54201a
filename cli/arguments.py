"""Every verb with its options: what `palier --help` shows, and what is parsed. Those for flags are
in flag_arguments.py."""

from __future__ import annotations

import argparse

from cli import bundle, metrics, objectives, project, rollouts, stories
from cli.after_arguments import add_completion, add_force, add_rollbacks
from cli.alerting.arguments import add_alerts, add_rules, add_silences
from cli.flag_arguments import add_flags, add_schedules, add_segments
from cli.monitoring.arguments import add_monitoring
from cli.objective_arguments import add_objectives, add_scores
from cli.responding.arguments import add_alert_test, add_incidents, add_people
from cli.rollout_plan_arguments import add_backtest, add_plans
from cli.serving_arguments import add_serving
from cli.telling.arguments import add_channels, add_deliveries, add_routes
from cli.verbs import (
    Subparsers,
    add_reason,
    add_yes,
    bundle_verb,
    bundle_wide_verb,
    group,
    identifier,
    number,
    positive,
    project_verb,
    seconds,
)

KINDS = (
    "counter",
    "duration",
    "gauge",
    "score",
    "rating",
    "complaint",
    "crash",
    "conversion",
)
EFFORTS = ("none", "minimal", "low", "medium", "high")
COMMANDS = {
    "approve": "let a stage begin that waits for a person",
    "start": "begin it: the controller makes the first split within a minute",
    "increase": "more users by hand, now",
    "pause": "keep the split and go on guarding it, but don't advance",
    "resume": "go on with the bake where it was paused",
    "promote": "one step on by hand: the next stage, the watch, or success",
    "complete": "success now, from the last stage or the watch",
    "abort": "everybody back on the control, nothing said against the candidate",
    "rollback": "everybody back on the control, also from success; the candidate is quarantined",
    "reset": "for one that is stuck: everybody back on the control, and as it was created",
    "override-quarantine": "its candidate may be released again",
}
UNCONDITIONAL = ("abort", "rollback", "reset", "override-quarantine")
"""Which are never refused for being late."""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="palier",
        description="Palier from the command line.",
        epilog="Each verb has its own --help. Exit codes: 0 done or healthy, 1 refused, failed or "
        "unhealthy, 2 wrong usage, 3 shown but not confirmed.",
        allow_abbrev=False,
    )
    verbs = top.add_subparsers(title="verbs", required=True, metavar="VERB")
    _add_project_verbs(verbs)
    rollout = group(verbs, "rollout", "releases in stages")
    _add_rollout(rollout)
    add_completion(rollout)
    add_plans(rollout)
    add_backtest(rollout)
    add_rollbacks(group(verbs, "rollbacks", "what was taken back, and whether it came about"))
    add_serving(group(verbs, "serving", "where services run, and where their traffic goes"))
    _add_stories(group(verbs, "stories", "the versions that write them, and one user's"))
    _add_metrics(group(verbs, "metrics", "what apps measure"))
    add_objectives(group(verbs, "objectives", "what services are to achieve"))
    add_channels(group(verbs, "channels", "where messages go"))
    add_routes(group(verbs, "routes", "who is told of what"))
    add_deliveries(group(verbs, "deliveries", "what became of messages"))
    add_scores(group(verbs, "scores", "how the performance of services is scored"))
    bundle_verb(
        verbs,
        "scorecard",
        "how the environment does by what is to be reached",
        objectives.scorecard,
    )
    add_flags(group(verbs, "flags", "feature flags"))
    add_segments(group(verbs, "segments", "rules about users, with a name"))
    add_schedules(group(verbs, "schedules", "changes of flags that take effect at a time"))
    add_monitoring(group(verbs, "monitoring", "what of Palier is in Cloud Monitoring"))
    alerts = group(verbs, "alerts", "what fires, and whether anybody hears of it")
    add_alerts(alerts)
    add_alert_test(alerts)
    add_rules(group(verbs, "rules", "what is too much, for how long, and what follows"))
    add_silences(group(verbs, "silences", "alerts that nobody is told of for a time"))
    add_incidents(group(verbs, "incidents", "what fires, and what is done about it"))
    add_people(group(verbs, "people", "who responds to incidents"))
    bundle_wide_verb(verbs, "health", "whether the bundle can do its work", bundle.health)
    return top


def _add_project_verbs(verbs: Subparsers) -> None:
    init = project_verb(verbs, "init", "found an application; may be repeated", project.init)
    init.add_argument(
        "--environment",
        action="append",
        type=identifier,
        metavar="NAME",
        help="an environment to found; may be given several times (production)",
    )
    init.add_argument(
        "--administrator", required=True, metavar="UID", help="Firebase uid of an administrator"
    )
    init.add_argument("--reason", required=True, help="why, for the audit trail")
    audit = group(verbs, "audit", "the trail of all changes")
    project_verb(audit, "verify", "recompute the chain of hashes; 1 if broken", project.verify)


def _add_rollout(rollout: Subparsers) -> None:
    bundle_verb(rollout, "list", "the latest, newest first", rollouts.list_all)
    show = bundle_verb(rollout, "show", "one, with its events", rollouts.show)
    show.add_argument("id", metavar="ID")
    explain = bundle_verb(
        rollout, "explain", "one in sentences: why it waits, what it needs", rollouts.explain
    )
    explain.add_argument("id", metavar="ID")
    explain.add_argument(
        "--language", choices=("en", "fr"), default="en", help="English or French (en)"
    )
    status = bundle_verb(
        rollout, "status", "a gate for CI: exits with 1 unless it is healthy", rollouts.status
    )
    status.add_argument("id", metavar="ID")
    status.add_argument(
        "--timeout",
        type=seconds,
        metavar="SECONDS",
        help="wait until it has ended; 1 if it hasn't succeeded by then (don't wait)",
    )
    create = bundle_verb(
        rollout, "create", "create one; nobody gets the candidate yet", rollouts.create
    )
    create.add_argument("flag", metavar="FLAG", help="such as stories.version")
    create.add_argument("candidate", metavar="CANDIDATE", help="the variant to release")
    create.add_argument(
        "--plan", required=True, metavar="PLAN", help="name of a template, or a JSON file"
    )
    create.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="FLAG=VARIANT",
        help="a further flag that moves with it; may be given several times",
    )
    create.add_argument(
        "--if-running",
        choices=("queue", "supersede", "reject"),
        help="what its start does while another one runs (as the plan's type does)",
    )
    create.add_argument(
        "--cause",
        choices=("security", "data corruption"),
        help="why a hotfix can't wait for an opening",
    )
    add_reason(create)
    for name, help_text in COMMANDS.items():
        command = bundle_verb(rollout, name, help_text, rollouts.command)
        command.set_defaults(command=name)
        command.add_argument("id", metavar="ID")
        add_reason(command)
        if name == "start":
            command.add_argument(
                "--override-quarantine",
                action="store_true",
                help="release again what was taken back before",
            )
        if name == "increase":
            command.add_argument(
                "--percentage", type=number, required=True, metavar="NUMBER", help="of the users"
            )
        if name == "complete":
            command.add_argument(
                "--remove-flags",
                action="store_true",
                help="archive its temporary flags with it, or refuse both",
            )
            add_force(command)
        if name == "approve":
            command.add_argument(
                "--stage",
                type=int,
                metavar="NUMBER",
                help="which one, counted from 0 (the next that asks for it)",
            )
        if name not in (*UNCONDITIONAL, "start"):
            command.add_argument(
                "--expected-stage",
                type=int,
                metavar="NUMBER",
                help="be refused if it is at another stage by now (counted from 0)",
            )


def _add_stories(group: Subparsers) -> None:
    bundle_verb(group, "versions", "all of them, newest first", stories.versions)
    create = bundle_verb(
        group, "create-version", "create one; nobody gets it yet", stories.create_version
    )
    create.add_argument("version", metavar="VERSION", help="such as 1.3.0")
    create.add_argument("--prompt", required=True, metavar="ID", help="a prompt of the bundle")
    create.add_argument("--model", required=True, metavar="NAME", help="as OpenAI names it")
    create.add_argument(
        "--max-output-tokens", type=positive, required=True, metavar="NUMBER", help="64 to 16,000"
    )
    create.add_argument("--temperature", type=number, metavar="NUMBER", help="0 to 2")
    create.add_argument("--top-p", type=number, metavar="NUMBER", help="up to 1")
    create.add_argument("--reasoning-effort", choices=EFFORTS, help="of models that reason")
    create.add_argument("--handler", metavar="NAME", help="the code that builds the call")
    create.add_argument(
        "--fallback", metavar="NAME", help="another model, asked when that one can't be reached"
    )
    add_reason(create)
    export = bundle_verb(group, "export", "all that is kept of a user's stories", stories.export)
    _add_uid(export)
    export.add_argument("file", metavar="FILE", nargs="?", help="(standard output)")
    add_reason(export)
    erase = bundle_verb(group, "erase", "a user's stories go for good", stories.erase)
    _add_uid(erase)
    add_yes(erase)
    add_reason(erase)


def _add_metrics(group: Subparsers) -> None:
    bundle_verb(group, "list", "those that are declared", metrics.list_all)
    declare = bundle_verb(
        group, "declare", "declare one, or say anew what it means", metrics.declare
    )
    declare.add_argument("name", metavar="NAME", help="such as app_rating")
    declare.add_argument("--kind", choices=KINDS, required=True, help="what its events are")
    declare.add_argument("--service", metavar="NAME", help="whose metric it is (the app's own)")
    declare.add_argument("--unit", metavar="TEXT", help="for people")
    declare.add_argument("--better", choices=("higher", "lower", "none"), help="(as its kind has)")
    declare.add_argument("--about", metavar="TEXT", help="for people")
    add_reason(declare)
    remove = bundle_verb(group, "remove", "its events are refused from then on", metrics.remove)
    remove.add_argument("name", metavar="NAME")
    add_reason(remove)
    restart = bundle_verb(
        group, "restart", "when minutes are missing in Cloud Monitoring", metrics.restart
    )
    restart.add_argument(
        "--minutes", type=positive, default=60, metavar="NUMBER", help="to sum up again (60)"
    )
    add_reason(restart)


def _add_uid(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("uid", metavar="UID", help="Firebase uid of the user")
