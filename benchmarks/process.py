"""What a running process holds, as Linux tells it under /proc: memory, threads, sockets, CPU."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local import family

PROC = Path("/proc")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
MEGABYTE = 2**20


@dataclass(frozen=True)
class Held:
    """At one moment; `resident` in bytes, `cpu` in seconds since the process began."""

    at: float
    resident: int
    threads: int
    sockets: int
    cpu: float


def held_by(pid: int) -> Held:
    """Raises OSError when there is no such process, or no /proc."""
    folder = PROC / str(pid)
    status = dict(
        line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line
    )
    times = (folder / "stat").read_text().rpartition(")")[2].split()
    return Held(
        at=time.monotonic(),
        resident=int(status["VmRSS"].split()[0]) * 1024,
        threads=int(status["Threads"]),
        sockets=sum(map(_is_socket, (folder / "fd").iterdir())),
        cpu=(int(times[11]) + int(times[12])) / TICKS_A_SECOND,
    )


def worker_of(pid: int) -> int:
    """The process that serves: gunicorn's one worker, a child of the process that was started.

    Raises RuntimeError when there isn't exactly one.
    """
    children = [each.pid for each in family.everybody() if each.parent == pid and not each.zombie]
    if len(children) != 1:
        raise RuntimeError(f"The server has {len(children)} workers instead of one.")
    return children[0]


def megabytes_a_minute(samples: Sequence[Held]) -> float:
    """How fast resident memory rises: the slope of the straight line that fits best."""
    fit = statistics.linear_regression(
        [each.at / 60 for each in samples], [each.resident / MEGABYTE for each in samples]
    )
    return fit.slope


def _is_socket(descriptor: Path) -> bool:
    try:
        return os.readlink(descriptor).startswith("socket:")
    except FileNotFoundError:  # closed meanwhile
        return False
