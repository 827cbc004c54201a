"""The demo as it goes on, drawn in the terminal: the split, both versions, alerts, transitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from functions.alerts.rule import ERROR_RATE, EXECUTION_TIME
from functions.alerts.rules import State
from functions.alerts.thresholds import RULES
from local.demo.traffic import Call

SHOWN_SECONDS = 30.0
BAR_WIDTH = 50
KINDS = {
    "start_requested": ("start asked for", "cyan"),
    "started": ("started", "cyan"),
    "advanced": ("advanced", "green"),
    "watching": ("watching", "green"),
    "succeeded": ("succeeded", "bold green"),
    "paused": ("paused", "yellow"),
    "stepped_back": ("stepped back", "yellow"),
    "rolled_back": ("rolled back", "bold red"),
}


@dataclass
class View:
    """What is on the screen. The play sets it, the screen draws it."""

    act: str = ""
    control: str = ""
    candidate: str = ""
    share: float = 0.0
    sentence: str = ""
    users: int = 0
    seconds: float = 0.0
    now: float = 0.0
    calls: Sequence[Call] = ()
    alerts: Sequence[State] = ()
    transitions: Sequence[Mapping[str, Any]] = field(default_factory=list)


def draw(view: View) -> RenderableType:
    """The whole screen."""
    parts: list[RenderableType] = [
        Text.assemble((view.act, "bold"), (f"   {view.users} users, {view.seconds:.0f} s", "dim")),
        Padding(_split(view), (1, 0)),
        _versions(view),
    ]
    if view.sentence:
        parts.append(Padding(Text(view.sentence, "italic"), (1, 0, 0, 0)))
    parts.append(Padding(_alerts(view.alerts), (1, 0, 0, 0)))
    if view.transitions:
        parts.append(Padding(transitions(view.transitions), (1, 0, 0, 0)))
    return Panel(Group(*parts), title="Palier", border_style="dim", padding=(1, 2))


def transitions(events: Sequence[Mapping[str, Any]]) -> Table:
    """When, which version, what, to how many, and why."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right", style="dim", no_wrap=True)
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column()
    for each in events:
        name, style = KINDS.get(each["kind"], (each["kind"], ""))
        table.add_row(
            f"{each['second']:.1f} s",
            each["rollout"],
            Text(name, style),
            f"{each['percentage']:g} %",
            Text(str(each["sentence"] or ""), "dim"),
        )
    return table


def _split(view: View) -> Text:
    if not view.candidate:
        return Text.assemble(("█" * BAR_WIDTH, "green"), f"  {view.control} serves everybody")
    filled = round(BAR_WIDTH * view.share / 100)
    if view.share > 0:
        filled = max(1, filled)
    return Text.assemble(
        ("█" * filled, "magenta"),
        ("█" * (BAR_WIDTH - filled), "green"),
        f"  {view.candidate} {view.share:g} %, {view.control} {100 - view.share:g} %",
    )


def _versions(view: View) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("last 30 s")
    for name in ("requests", f"errors ({_thresholds(ERROR_RATE, _percent)})"):
        table.add_column(name, justify="right")
    table.add_column(f"p95 ({_thresholds(EXECUTION_TIME, _seconds)})", justify="right")
    recent = [call for call in view.calls if call.ended > view.now - SHOWN_SECONDS]
    rows = ((view.control, "green"), (view.candidate, "magenta"))
    for version, style in (row for row in rows if row[0]):
        served = [call for call in recent if call.version == version]
        table.add_row(Text(version, style), str(len(served)), _errors(served), _slowest(served))
    return table


def _errors(served: Sequence[Call]) -> Text:
    if not served:
        return Text("-", "dim")
    rate = sum(not call.ok for call in served) / len(served)
    return Text(_percent(rate), _style(ERROR_RATE, rate))


def _slowest(served: Sequence[Call]) -> Text:
    """The 95th percentile of the time that users waited."""
    times = sorted(call.ended - call.began for call in served)
    if not times:
        return Text("-", "dim")
    p95 = times[min(len(times) - 1, round(0.95 * len(times)))]
    return Text(_seconds(p95 * 1000), _style(EXECUTION_TIME, p95 * 1000))


def _style(metric: str, value: float) -> str:
    """Red above P1, yellow above any other threshold."""
    above = [rule.severity for rule in RULES if rule.metric == metric and rule.breached(value)]
    if not above:
        return "green"
    return "bold red" if "P1" in above else "yellow"


def _thresholds(metric: str, write: Any) -> str:
    return ", ".join(
        f"{rule.severity} > {write(rule.threshold)}" for rule in RULES if rule.metric == metric
    )


def _percent(rate: float) -> str:
    return f"{100 * rate:.3g} %"


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3g} s"


def _alerts(alerts: Sequence[State]) -> Text:
    if not alerts:
        return Text("No alert fires.", "dim")
    text = Text("Firing: ")
    for number, alert in enumerate(alerts):
        text.append(", " if number else "")
        text.append(
            f"{alert.severity} {alert.key.rule.partition('-')[2]} {alert.key.version}",
            "red" if alert.severity == "P1" else "yellow",
        )
    return text
