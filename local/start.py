"""`make start`: Palier on this machine, until Ctrl-C."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from local import jars, ports, processes, stack
from local.paths import LOGS, ROOT
from local.stack import Stack

NAME = "start"


@contextmanager
def palier(console: Console, *, live_reload: bool) -> Iterator[Stack]:
    """Starts everything on the chosen ports, and tells what it is doing."""
    ended = processes.end_leftovers()
    if ended:
        console.print(f"Ended {ended} processes that an earlier run left behind.")
    chosen = ports.from_environment()
    began = time.monotonic()
    with console.status("Starting Palier") as status:

        def tell(what: str) -> None:
            status.update(f"Starting {what}")

        with stack.running(
            chosen,
            name=NAME,
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
    console.print("Ended.")


def addresses(running: Stack) -> Table:
    """What runs where, for a person."""
    table = Table(box=None, pad_edge=False, show_header=False)
    rows = [
        ("Palier", running.hosting_url, "the page, /api and /api/admin as deployed"),
        ("Functions", running.functions_url, "callables, for the Firebase SDKs"),
        ("Auth", running.auth_url, "signs users in"),
        ("Firestore", running.firestore_address, "the state"),
        ("OpenAI", running.openai_url, "a stand-in that tells stories"),
        ("Monitoring", running.monitoring_url, "a stand-in for Cloud Monitoring"),
        ("Logs", str(LOGS.relative_to(ROOT)), ""),
    ]
    for name, address, what in rows:
        table.add_row(f"[bold]{name}[/]", address, f"[dim]{what}[/]")
    return table


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
        with palier(console, live_reload=True) as running:
            console.print(addresses(running))
            return serve(console, running)
    except KeyboardInterrupt:
        return 0
    except (ports.PortError, processes.StartError, jars.MissingEmulatorError) as error:
        Console(stderr=True, highlight=False).print(f"[red]Palier could not start.[/] {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
