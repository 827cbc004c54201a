"""Memory of the container: how full it is, and whether one more story may be started.

The platform ends an instance that passes its limit, and with it every request on it, none of which
can answer. So a story is refused (MEMORY_ERROR) while there is still room to say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
PROCESS = Path("/proc/self")
REFUSE_ABOVE = 0.9
BYTES_A_STORY = 2 * 1024 * 1024
"""What a story in progress takes at most: its request, the answer's body, what is made of them."""

FOREIGN_FACTOR = 2
"""A cgroup whose limit is that many times the function's own is the machine's, not ours."""


@dataclass(frozen=True)
class MemoryUse:
    """Bytes. `limit` 0 means that none is known, and then nothing is refused."""

    used: int
    limit: int

    @property
    def share(self) -> float:
        """0 to 1 and above; 0 when no limit is known."""
        return self.used / self.limit if self.limit > 0 else 0.0

    @property
    def admits(self) -> bool:
        """Whether another story may start."""
        return self.limit <= 0 or self.used + BYTES_A_STORY <= REFUSE_ABOVE * self.limit


class ContainerMemory:
    """Reads the container's memory from its cgroup (version 2, then 1), or the process's own.

    `limit` is the memory the function was deployed with, in bytes (0 when unknown). Costs some
    50 µs; safe to call on each request.
    """

    def __init__(self, limit: int, *, cgroup: Path = CGROUP, process: Path = PROCESS) -> None:
        self._limit = limit
        self._cgroup = cgroup
        self._process = process

    def read(self) -> MemoryUse:
        for names in (VERSION_2, VERSION_1):
            use = self._read_cgroup(names)
            if use is not None:
                return use
        return MemoryUse(_resident(self._process), self._limit)

    def _read_cgroup(self, names: _Names) -> MemoryUse | None:
        limit = _number(self._cgroup / names.limit)
        used = _number(self._cgroup / names.used)
        if limit is None or used is None:
            return None
        if self._limit and limit > FOREIGN_FACTOR * self._limit:
            return None
        reclaimable = _field(self._cgroup / names.statistics, names.reclaimable)
        return MemoryUse(max(0, used - reclaimable), limit)


@dataclass(frozen=True)
class _Names:
    """Where a version of cgroups keeps its figures. File cache in `reclaimable` can be given up."""

    limit: str
    used: str
    statistics: str
    reclaimable: str


VERSION_2 = _Names("memory.max", "memory.current", "memory.stat", "inactive_file")
VERSION_1 = _Names(
    "memory/memory.limit_in_bytes",
    "memory/memory.usage_in_bytes",
    "memory/memory.stat",
    "total_inactive_file",
)


def _number(path: Path) -> int | None:
    """The number in a file; None without one (`max` says that there is no limit)."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _field(path: Path, name: str) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        key, _, value = line.partition(" ")
        if key == name and value.strip().isdigit():
            return int(value)
    return 0


def _resident(process: Path) -> int:
    """Resident bytes of this process; 0 where /proc has no such file."""
    try:
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return 0
    for line in lines:
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
