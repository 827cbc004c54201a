"""What of Palier stands in Cloud Monitoring, as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cli.monitoring.bill import FREE_MIB, Bill, Used
from cli.monitoring.plan import CREATE, REMOVE, UPDATE, Change
from cli.monitoring.readback import Compared
from cli.shown.text import table, time

DOES = {CREATE: "make", UPDATE: "change", REMOVE: "take away"}
DID = {CREATE: "made", UPDATE: "changed", REMOVE: "taken away"}
LONGEST = 160
MOST = 20


def exported(folder: str, place: str, files: Sequence[str]) -> str:
    return "\n".join(
        [
            f"{len(files) - 1} policies and a dashboard of {place} are in {folder}.",
            f"Next: palier monitoring apply {folder} --project PROJECT --channel CHANNEL",
        ]
    )


def changes(found: Sequence[Change], left: Sequence[str]) -> str:
    """The diff; what is made anew is named only."""
    return "\n".join([*(line for change in found for line in _lines(change)), *_left(left)])


def nothing_to_do(left: Sequence[str]) -> str:
    return "\n".join(["Cloud Console is as the folder says.", *_left(left)])


def done(found: Sequence[Change]) -> str:
    return "\n".join(f"{change.what}: {DID[change.kind]}" for change in found)


def _left(rules: Sequence[str]) -> Iterator[str]:
    if rules:
        named = ", ".join(rules)
        yield f"Left alone, of rules that are no more: {named}. --remove takes them away."


def _lines(change: Change) -> Iterator[str]:
    yield f"{DOES[change.kind]} {change.what}"
    if change.kind == UPDATE:
        for line in change.lines():
            yield f"  {line if len(line) <= LONGEST else line[: LONGEST - 3] + '...'}"


def checked(minutes: int, found: Compared) -> str:
    if not minutes:
        return "Nothing has been published yet."
    lines = [f"{minutes} minutes at random: {found.same} points are as they should be."]
    if found.late:
        lines.append(
            f"{found.late} are of minutes that grew after they were published: late requests are "
            "in Firestore only."
        )
    if found.differences:
        rows = [
            (
                time(each.minute),
                each.metric.rpartition("/")[2],
                " ".join(each.labels.values()),
                _value(each.expected),
                _value(each.found),
            )
            for each in found.differences[:MOST]
        ]
        columns = ("MINUTE (UTC)", "METRIC", "LABELS", "FIRESTORE", "CLOUD MONITORING")
        lines += [f"{len(found.differences)} differ:", table(columns, rows)]
    return "\n".join(lines)


def cost(metrics: Sequence[Used], found: Bill) -> str:
    """With its arithmetic."""
    rows = [
        (each.metric, str(each.series), str(each.points), f"{each.bytes:,}") for each in metrics
    ]
    columns = ("METRIC", "SERIES", f"POINTS IN {found.hours} H", "BYTES")
    month = f"{found.points_a_month:,.0f} points, {found.mib:,.1f} MiB"
    return "\n".join(
        [
            table(columns, rows),
            "",
            f"A month of 730 h like these {found.hours} h: {month}.",
            f"{found.mib:,.1f} MiB x ${found.price:g} = ${found.written:,.2f} a month; "
            f"${found.written_after_free:,.2f} when nothing else takes the {FREE_MIB} MiB that are "
            "free in a billing account.",
            f"Policies, once Google bills them: {found.conditions} conditions x $0.10 + "
            f"{found.conditions_series} series looked at every 30 s x $0.35 a million = "
            f"${found.policies:,.2f} a month.",
            "List prices as of November 2026: look them up again before you rely on them.",
        ]
    )


def _value(value: Any) -> str:
    if value is None:
        return "no point"
    return f"{value[0]} of mean {value[1]:g}" if isinstance(value, tuple) else f"{value:g}"
