"""`make start`: Palier on this machine, until Ctrl-C."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
from rich.console import Console
from rich.table import Table

from local import client, jars, policies, ports, processes, seed, stack
from local.client import RefusedError
from local.paths import LOGS, ROOT
from local.seed import Seeded
from local.stack import Stack

USERS = 5
PROBLEMS = (ports.PortError, processes.StartError, jars.MissingEmulatorError)


@contextmanager
def palier(console: Console, *, name: str, live_reload: bool = False) -> Iterator[Stack]:
    """Starts everything on the chosen ports, tells what it is doing, and ends it all.

    `name` is in the names of its logs; a second run at once gets a number too. Raises PROBLEMS.
    """
    ended = processes.end_leftovers()
    if ended:
        console.print(f"Ended {ended} processes that an earlier run left behind.")
    others = processes.runs_going_on()
    chosen = ports.from_environment()
    try:
        ports.require_free(chosen.named())
    except ports.PortError as error:
        raise ports.PortError(f"{error}\n{_who(others)}" if others else str(error)) from None
    began = time.monotonic()
    with console.status("Starting Palier") as status:

        def tell(what: str) -> None:
            status.update(f"Starting {what}")

        with stack.running(
            chosen,
            name=f"{name}-{os.getpid()}" if others else name,
            tick_seconds=stack.MINUTE,
            live_reload=live_reload,
            progress=tell,
        ) as running:
            status.stop()
            console.print(f"Palier is up after {time.monotonic() - began:.0f} s.")
            try:
                yield running
            finally:
                console.print("\nEnding all that was started ...")


def _who(others: Mapping[int, str]) -> str:
    runs = ", ".join(f"process {pid} ({name})" for pid, name in others.items())
    return f"Palier already runs in this checkout: {runs}."


def addresses(running: Stack) -> Table:
    """What runs where, for a person."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="fold")
    table.add_column()
    rows = [
        ("Palier", running.hosting_url, "page and HTTP API"),
        ("Functions", running.functions_url, "callables"),
        ("Auth", running.auth_url, "users"),
        ("Firestore", running.firestore_address, "state"),
        ("OpenAI", running.openai_url, "stand-in"),
        ("Monitoring", running.monitoring_url, "stand-in"),
        ("Logs", str(LOGS.relative_to(ROOT)), ""),
    ]
    for name, address, what in rows:
        table.add_row(f"[bold]{name}[/]", address, f"[dim]{what}[/]")
    return table


def seed_application(console: Console, running: Stack, http: httpx.Client, users: int) -> Seeded:
    """An application, its administrator, a first version, a flag, and users who are signed in."""
    os.environ.update(running.suite.environment())
    with console.status("Seeding an application"):
        seeded = seed.seed(running.suite, http, users)
    console.print(f"An application is seeded, and {users} users are signed in.")
    with console.status("Applying the alert policies"):
        _apply_policies(console, running)
    return seeded


def _apply_policies(console: Console, running: Stack) -> None:
    """Without them Palier works all the same."""
    try:
        policies.apply(running.suite.project, running.monitoring_address, running.monitoring_url)
    except policies.PoliciesError as error:
        console.print(f"[red]Cloud Monitoring's stand-in has no alert policies:[/] {error}")
    else:
        console.print("Its alert policies and dashboard are in Cloud Monitoring's stand-in.")


def introduce(console: Console, running: Stack, seeded: Seeded) -> None:
    """Where everything is, and what to try."""
    console.print()
    console.print(addresses(running))
    console.print(f"\nSign in as {seed.ADMINISTRATOR}, password {seed.PASSWORD}. Evaluate a flag:")
    context = '{"context": {"targetingKey": "u1", "group": "beta"}}'
    console.print(
        f"  curl {running.hosting_url}/ofrep/v1/evaluate/flags/large-type \\\n"
        f"    -H 'X-API-Key: {seeded.publishable_key}' -d '{context}'\n",
        soft_wrap=True,
        markup=False,
    )


def serve(console: Console, running: Stack) -> int:
    """Waits for Ctrl-C (0), or for one of the servers to end by itself (1)."""
    console.print("Ctrl-C ends everything.")
    told = 0
    while not running.ended():
        for problem in running.tick.failures[told:]:
            console.print(f"[red]tick failed:[/] {problem}")
        told = len(running.tick.failures)
        time.sleep(1)
    for child in running.ended():
        console.print(f"[red]{child.name} ended by itself.[/] Its last words:\n{child.tail()}")
    return 1


def main() -> int:
    console = Console(highlight=False)
    processes.exit_on_signals()
    try:
        with palier(console, name="start", live_reload=True) as running:
            with client.connect() as http:
                seeded = seed_application(console, running, http, USERS)
            introduce(console, running, seeded)
            return serve(console, running)
    except KeyboardInterrupt:
        return 0
    except (RefusedError, httpx.HTTPError) as error:
        print(f"The application could not be seeded. {error}", file=sys.stderr)
        return 1
    except PROBLEMS as error:
        print(f"Palier could not start. {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
