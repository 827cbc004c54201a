"""Alerts, rules, templates and silences as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import pairs, table, time

Found = Mapping[str, Any]


def alerts(found: Sequence[Found]) -> str:
    if not found:
        return "Nothing fires, and nothing is about to."
    head = ("STATUS", "SEVERITY", "RULE", "SERVICE", "VERSION", "VALUE", "LIMIT", "SINCE")
    rows = [
        (
            each["status"] + (" (flapping)" if each["flapping"] else ""),
            each["severity"],
            each["rule"],
            each["service"],
            each["version"],
            each["shown"]["en"] if each["value"] is not None else "-",
            each["limit"]["en"],
            "-" if each["since"] is None else time(each["since"]),
        )
        for each in found
    ]
    return table(head, rows)


def events(found: Sequence[Found]) -> str:
    if not found:
        return "No alert has changed."
    head = ("AT", "RULE", "SERVICE", "VERSION", "FROM", "TO", "VALUE", "THRESHOLD", "SAMPLE")
    rows = [
        (
            time(each["at"]),
            each["rule"],
            each["service"],
            each["version"],
            each["before"],
            each["after"],
            "-" if each["value"] is None else f"{each['value']:g}",
            f"{each['threshold']:g}",
            f"{each['failures']} of {each['requests']} failed" if each["requests"] else "-",
        )
        for each in found
    ]
    return table(head, rows)


def rules(found: Sequence[Found], unreadable: Sequence[str] = ()) -> str:
    head = ("ID", "SEVERITY", "TOO MUCH", "FOR", "SERVICE", "ACTIONS", "ORIGIN")
    rows = [
        (
            each["id"],
            each["severity"],
            too_much(each),
            f"{each['for_seconds']} s",
            each["service"] or "every",
            ", ".join(each["actions"]),
            each["origin"] if each["enabled"] else f"{each['origin']}, off",
        )
        for each in found
    ]
    left_out = [f"{name} can't be read by this Palier, and has no effect." for name in unreadable]
    return "\n".join([table(head, rows), *left_out])


def rule(found: Found) -> str:
    usual = f", of {found['baseline_days']} days" if found["baseline_days"] else ""
    about = [
        ("looks at", f"{found['title']['en']} ({found['metric']})"),
        ("too much", f"{too_much(found)}{usual}"),
        ("window", f"{found['window_seconds']} s"),
        ("fires after", f"{found['for_seconds']} s"),
        ("stays until well for", f"{found['keep_firing_seconds']} s"),
        ("least sample", str(found["minimum_requests"])),
        ("service", found["service"] or "every"),
        ("actions", ", ".join(found["actions"])),
        ("what to do", found["page"]),
        ("origin", found["origin"] if found["enabled"] else f"{found['origin']}, switched off"),
    ]
    return "\n".join([f"{found['id']}  {found['severity']}", "", *pairs(about)])


def templates(found: Sequence[Found]) -> str:
    lines = []
    for each in found:
        lines.append(f"{each['rule']['id']}  {each['rule']['severity']}")
        needs = ", ".join(f"{name} ({how})" for name, how in each["needs"].items())
        lines += pairs([("what for", each["about"]), ("declare first", needs)])
    return "\n".join(lines)


def silences(found: Sequence[Found]) -> str:
    if not found:
        return "Nobody is silent: people are told of every alert."
    head = ("ID", "UNTIL", "RULE", "SERVICE", "VERSION", "SEVERITY", "WHY")
    rows = [
        (
            each["id"],
            "over" if each["over"] else time(each["until"]),
            each["rule"] or "any",
            each["service"] or "any",
            each["version"] or "any",
            each["severity"] or "any",
            each["why"],
        )
        for each in found
    ]
    return table(head, rows)


def too_much(found: Found) -> str:
    than = "more than" if found["comparison"] == ">" else "less than"
    return f"{than} {found['limit']['en']}"
