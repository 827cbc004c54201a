"""Child processes: started in groups of their own, waited for, logged, and ended without remains.

    with Processes() as processes:
        java = processes.start("firestore", ["java", ...])
        wait_for_http("http://127.0.0.1:8080/", java, seconds=30)

Leaving the block ends every child and all that it started, the youngest first, whatever the reason:
the end, an error, Ctrl-C or SIGTERM (see `exit_on_signals`). Only SIGKILL can't be caught: a note
under `.palier/run/` lets the next start end what was left behind (see `end_leftovers`).
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from local import family
from local.paths import LOGS, ROOT, RUNS


class StartError(Exception):
    """A child ended or never became ready. The text holds the end of its log."""


class Child:
    """A process that we started, with all that it starts itself."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path, ask: int) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._ask = ask
        self._started = next(
            (each.started for each in family.everybody() if each.pid == process.pid), ""
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def note(self) -> dict[str, object]:
        """What a later start needs to find this child again."""
        return {"name": self.name, "pid": self.pid, "started": self._started}

    def tail(self, lines: int = 30) -> str:
        """The end of its log, for a message."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def end(self, grace: float = 20.0) -> None:
        """Ends the child and its family: first politely, after `grace` seconds by force."""
        members = family.of(self.pid, family.everybody())
        if self.alive:
            self._process.send_signal(self._ask)
        until = time.monotonic() + grace
        # What it starts while it ends is looked for too, as long as there is a parent to go by.
        while time.monotonic() < until and self.alive:
            time.sleep(0.1)
            members += family.of(self.pid, family.everybody())
        family.end(members)
        self._process.wait()


class Processes:
    """The children of one run. A context manager: leaving it ends them all."""

    def __init__(self, logs: Path = LOGS) -> None:
        self._logs = logs
        self._children: list[Child] = []
        self._note = RUNS / f"{os.getpid()}-{id(self):x}.json"

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        ask: int = signal.SIGTERM,
    ) -> Child:
        """Starts `command`, `env` put over the environment; `ask` is the signal that ends it."""
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                list(command),
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone, and we end them in order
            )
        child = Child(name, process, log, ask)
        self._children.append(child)
        self._write_note()
        return child

    def ended(self) -> list[Child]:
        """The children that have ended although nobody asked them to."""
        return [child for child in self._children if not child.alive]

    def end(self) -> None:
        """Ends every child, the youngest first. A second Ctrl-C doesn't cut it short."""
        with _undisturbed():
            while self._children:
                self._children[-1].end()
                self._children.pop()
            self._note.unlink(missing_ok=True)

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def _write_note(self) -> None:
        RUNS.mkdir(parents=True, exist_ok=True)
        parent = next(each for each in family.everybody() if each.pid == os.getpid())
        note = {
            "name": "run",
            "pid": parent.pid,
            "started": parent.started,
            "children": [child.note for child in self._children],
        }
        self._note.write_text(json.dumps(note))


def wait_for_http(url: str, child: Child, seconds: float) -> None:
    """Returns when `url` answers at all, whatever the status. Raises StartError."""

    def answers() -> bool:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except (OSError, http.client.HTTPException):
            return False
        return True

    _wait(answers, child, seconds, f"answer at {url}")


def wait_for_text(text: str, child: Child, seconds: float) -> None:
    """Returns when the child's log holds `text`. Raises StartError."""
    wanted = text.encode()
    _wait(lambda: wanted in child.log.read_bytes(), child, seconds, f"say {text!r}")


def _wait(ready: Callable[[], bool], child: Child, seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not child.alive:
            raise StartError(
                f"{child.name} ended before it was ready. Its last words:\n{child.tail()}"
            )
        if ready():
            return
        time.sleep(0.1)
    raise StartError(
        f"{child.name} did not {what} within {seconds:.0f} s. Its last words:\n{child.tail()}"
    )


def exit_on_signals() -> None:
    """Turns SIGTERM and SIGHUP (a closed terminal) into SystemExit, so that blocks are left.

    SIGINT becomes KeyboardInterrupt even where a shell started us with it switched off (`... &`).
    """

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, leave)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Signals wait while the block runs (where signals can be held back: in the main thread)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.signal(each, signal.SIG_IGN) for each in held}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def end_leftovers() -> int:
    """Ends what earlier runs left behind because they were killed (SIGKILL). Returns how many."""
    ended = 0
    for path, run in _runs():
        seen = family.everybody()
        identities = {each.pid: each.started for each in seen}
        if run is not None and identities.get(run.pid) == run.started:
            continue  # that run is still going on
        for child in run.children if run else ():
            if identities.get(child.pid, child.started) != child.started:
                continue  # the id went to a stranger: then no process of the group is left
            members = family.of(child.pid, seen)
            family.end(members)
            ended += len(members)
        path.unlink(missing_ok=True)
    return ended


def forget_old(folder: Path, days: float = 1.0) -> None:
    """Removes what runs wrote into `folder` and nobody has written to for so long."""
    oldest = time.time() - days * 86_400
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.stat().st_mtime < oldest:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def runs_going_on() -> dict[int, str]:
    """Other runs of this checkout that are going on: process id, and what they started."""
    identities = {each.pid: each.started for each in family.everybody()}
    return {
        run.pid: ", ".join(child.name for child in run.children)
        for _, run in _runs()
        if run is not None and run.pid != os.getpid() and identities.get(run.pid) == run.started
    }


@dataclass(frozen=True)
class _Noted:
    """A process, as noted under `.palier/run/`; for a run, with its children."""

    name: str
    pid: int
    started: str
    children: tuple[_Noted, ...] = ()

    @staticmethod
    def read(note: Mapping[str, Any]) -> _Noted:
        children = tuple(_Noted.read(child) for child in note.get("children", ()))
        return _Noted(str(note["name"]), int(note["pid"]), str(note["started"]), children)


def _runs() -> Iterator[tuple[Path, _Noted | None]]:
    """The notes of this checkout; None for one that can't be read."""
    for path in sorted(RUNS.glob("*.json")) if RUNS.is_dir() else ():
        try:
            yield path, _Noted.read(json.loads(path.read_text()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            yield path, None
