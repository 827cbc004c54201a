"""`make demo`: users ask for stories; a bad version takes itself back; a good one is released."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from rich.console import Console
from rich.live import Live
from rich.table import Table

from functions import audit
from functions.alerts import store as alerts
from functions.errors import StoreUnavailable
from local import aimock, client, processes, seed, stack, start
from local.client import RefusedError
from local.demo import acts, screen, summary
from local.demo.acts import DemoError, Rollout
from local.demo.screen import View
from local.demo.traffic import WORKERS, Traffic
from local.paths import STATE
from local.seed import Seeded
from local.stack import Stack

USERS = 240
RATE = 8.0
BAD = "1.3.0"
GOOD = "1.4.0"
STABLE = seed.FIRST_VERSION
WARM_SECONDS = 12.0
ROLLBACK_SECONDS = 150.0
RELEASE_SECONDS = 300.0
POINTS_SECONDS = 150.0
REPORT = STATE / "demo.json"


class Play:
    """The demo, from the first user to the summary."""

    def __init__(
        self, console: Console, running: Stack, http: httpx.Client, seeded: Seeded
    ) -> None:
        self.console = console
        self.running = running
        self.http = http
        self.store, self.admin, self.people = seeded.store, seeded.admin, seeded.people
        self.traffic = Traffic(running.suite.function_url("generate_story"), self.people, RATE)
        self.view = View(control=STABLE, users=len(self.people))
        self.began = time.time()
        self.live = False
        self.told = 0
        self.transitions: list[dict[str, Any]] = []
        self.earlier: list[dict[str, Any]] = []
        self.refreshed_at = 0.0

    def run(self) -> dict[str, Any]:
        """Plays all acts. Raises DemoError, RefusedError."""
        bad = acts.prepare(self.admin, BAD, aimock.BROKEN_MODEL, acts.BAD_PLAN)
        self._say("The story function starts its processes")
        stack.warm(self.traffic.url, WORKERS)
        self.began = time.time()
        with self._drawn(), self.traffic.going():
            self._pause(WARM_SECONDS, f"{STABLE} serves everybody")
            self._release(bad, BAD, ROLLBACK_SECONDS)
            good = acts.prepare(self.admin, GOOD, aimock.HEALTHY_MODEL, acts.GOOD_PLAN)
            self._pause(3, f"{BAD} was taken back by itself; {GOOD} is next")
            self._release(good, GOOD, RELEASE_SECONDS)
            self._pause(3, f"{GOOD} serves everybody")
        self._say("Waiting for the last minute to reach Cloud Monitoring")
        calls = self.traffic.calls()
        return summary.summarize(calls, BAD, GOOD, len(self.people), self._recorded())

    def _release(self, identifier: str, version: str, seconds: float) -> None:
        """Starts a rollout and watches it to its end."""
        acts.release(self.admin, identifier, version)
        self.view.act = f"{version} is released, one step at a time"
        self.view.candidate = version
        for rollout in acts.follow(self.admin, identifier, version, seconds, self._alive):
            self._show(rollout)
        self.earlier = self.transitions
        if rollout.phase == "succeeded":
            self.view.control = version
        self.view.candidate, self.view.sentence = "", rollout.sentence

    def _show(self, rollout: Rollout) -> None:
        self.view.share = rollout.percentage
        self.view.sentence = rollout.sentence
        self.transitions = [*self.earlier, *rollout.transitions(self.began)]
        self.view.transitions = self.transitions
        self._refresh()
        if not self.live:
            for each in self.transitions[self.told :]:
                self.console.print(screen.transitions([each]))
            self.told = len(self.transitions)

    def _pause(self, seconds: float, act: str) -> None:
        self._say(act)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._alive()
            self._refresh()
            time.sleep(0.5)

    def _refresh(self) -> None:
        """What changes all the time: calls and alerts."""
        self.view.now = time.time()
        self.view.seconds = self.view.now - self.began
        self.view.calls = self.traffic.calls()
        if self.view.now - self.refreshed_at >= 2:
            self.refreshed_at = self.view.now
            self.view.alerts = alerts.firing(self.store, seed.SCOPE)

    def _alive(self) -> None:
        for child in self.running.ended():
            raise DemoError(f"{child.name} ended by itself. Its last words:\n{child.tail()}")

    def _say(self, act: str) -> None:
        self.view.act = act
        if not self.live:
            self.console.print(act)

    @contextmanager
    def _drawn(self) -> Iterator[None]:
        """The live screen, where there is one."""
        if not self.console.is_terminal:
            yield
            return
        with Live(
            get_renderable=lambda: screen.draw(self.view),
            console=self.console,
            refresh_per_second=4,
        ):
            self.live = True
            yield
        self.live = False

    def _recorded(self) -> summary.Recorded:
        """Waits until the minutes of the play were published, then asks everybody."""
        points = self._points()
        verification = audit.verify(self.store, seed.SCOPE.application)
        return summary.Recorded(
            self.began,
            self.transitions,
            verification.ok,
            verification.entries,
            points["points_written"],
            points["points_refused"],
        )

    def _points(self) -> dict[str, Any]:
        until = time.monotonic() + POINTS_SECONDS
        while True:
            answer = self.http.get(f"{self.running.monitoring_url}/points")
            found: dict[str, Any] = answer.json()
            if _holds(found, GOOD) or time.monotonic() > until:
                return found
            self._alive()
            time.sleep(2)


def _holds(points: dict[str, Any], version: str) -> bool:
    """Whether the series of a version have arrived."""
    return any(version in json.dumps(series) for series in points["series"])


def _table(told: dict[str, Any]) -> Table:
    """The summary for a person."""
    rows = (
        ("From the first failed request to the decision", f"{told['seconds_to_decision']} s"),
        (
            "To the last request served by the bad version",
            f"{told['seconds_to_last_bad_request']} s",
        ),
        (
            f"Requests served by {told['bad_version']}",
            f"{told['bad_requests']}, of {told['bad_users']} users",
        ),
        (
            "Users on the stable version",
            f"{told['stable_requests']} requests, {told['stable_failures']} failures",
        ),
        (
            f"Users on {told['good_version']}",
            f"{told['good_requests']} requests, {told['good_failures']} failures",
        ),
        ("Points in Cloud Monitoring", str(told["points_in_cloud_monitoring"])),
        (
            "Audit trail",
            f"{told['audit_entries']} entries, "
            + ("verified" if told["audit_verified"] else "NOT verified"),
        ),
    )
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in rows:
        table.add_row(name, f"[bold]{value}[/]")
    return table


def show(console: Console, running: Stack, http: httpx.Client, seeded: Seeded) -> bool:
    """The whole demo; whether it showed what it promises."""
    told = Play(console, running, http, seeded).run()
    problems = summary.problems(told)
    REPORT.write_text(json.dumps({**told, "problems": problems}, indent=2) + "\n")
    console.print()
    console.print(_table(told))
    for problem in problems:
        console.print(f"[red]Not as it should be:[/] {problem}")
    console.print(f"\n[dim]The figures are in {REPORT.relative_to(STATE.parent)}[/]")
    return not problems


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="end when the play is over")
    options = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    processes.exit_on_signals()
    try:
        with start.palier(console, name="demo") as running, client.connect() as http:
            seeded = start.seed_application(console, running, http, USERS)
            well = show(console, running, http, seeded)
            if options.exit or not well:
                return 0 if well else 1
            start.introduce(console, running, seeded)
            return start.serve(console, running)
    except KeyboardInterrupt:
        return 130
    except start.PROBLEMS as error:
        print(f"Palier could not start. {error}", file=sys.stderr)
    except (DemoError, RefusedError, StoreUnavailable, httpx.HTTPError) as error:
        print(f"The demo could not go on. {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
