"""Which processes belong to one that we started, and how to end them all: no stranger is touched.

firebase-tools leaves processes behind when it ends (firebase-tools#11069), so we look for
ourselves. A process belongs to ours when it descends from it or is of its process group; a group's
number isn't given away while the group has a member. Its start time is remembered with its id, so
that an id handed on to a stranger is never signalled.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """One line of `ps`: a process, its parent, its group and when it was started (as text)."""

    pid: int
    parent: int
    group: int
    started: str
    zombie: bool = False

    @property
    def identity(self) -> tuple[int, str]:
        return self.pid, self.started


# Each in an option of its own: macOS takes what follows the first `=` for a heading.
COLUMNS = ("pid", "ppid", "pgid", "stat", "lstart")


def parse(listing: str) -> list[Seen]:
    """Reads what `ps` says when it is asked for COLUMNS."""
    seen = []
    for line in listing.splitlines():
        words = line.split(None, 4)
        if len(words) == 5 and all(word.isdigit() for word in words[:3]):
            pid, parent, group = (int(word) for word in words[:3])
            seen.append(Seen(pid, parent, group, words[4].strip(), words[3].startswith("Z")))
    return seen


def parse_stat(line: str) -> Seen | None:
    """Reads `/proc/PID/stat`; its start time is in ticks since the machine's start."""
    before, _, after = line.rpartition(")")  # a name may hold spaces and brackets
    words = after.split()
    if len(words) < 20:
        return None
    pid = int(before.split(" ", 1)[0])
    return Seen(pid, int(words[1]), int(words[2]), words[19], words[0] == "Z")


def everybody() -> list[Seen]:
    """Every process of the machine."""
    return _everybody_by_proc() if Path("/proc/self/stat").exists() else everybody_by_ps()


def _everybody_by_proc() -> list[Seen]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                seen = parse_stat((folder / "stat").read_text(errors="replace"))
            except OSError:
                continue  # it ended meanwhile
            if seen is not None:
                found.append(seen)
    return found


def everybody_by_ps() -> list[Seen]:
    """The same from `ps`, where there is no `/proc`: macOS."""
    command = ["ps", "-A", *(word for column in COLUMNS for word in ("-o", f"{column}="))]
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return parse(done.stdout)


def of(leader: int, seen: Iterable[Seen]) -> list[Seen]:
    """The leader, all that descend from it and all of its group; ended ones are left out."""
    processes = list(seen)
    family = {leader}
    while True:
        more = {
            each.pid
            for each in processes
            if each.pid not in family and (each.parent in family or each.group == leader)
        }
        if not more:
            return [each for each in processes if each.pid in family and not each.zombie]
        family |= more


def end(members: Iterable[Seen], grace: float = 5.0) -> None:
    """Asks every member to end (SIGTERM), and after `grace` seconds makes it (SIGKILL)."""
    wanted = {each.identity for each in members if each.pid != os.getpid()}
    for how in (signal.SIGTERM, signal.SIGKILL):
        left = _still(wanted)
        if not left:
            return
        for each in left:
            try:
                os.kill(each.pid, how)
            except (ProcessLookupError, PermissionError):
                continue
        until = time.monotonic() + grace
        while _still(wanted) and time.monotonic() < until:
            time.sleep(0.1)


def _still(wanted: set[tuple[int, str]]) -> list[Seen]:
    return [each for each in everybody() if each.identity in wanted and not each.zombie]
