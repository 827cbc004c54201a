"""How full the container is, from the files that say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions.stories.limits.memory import ContainerMemory, MemoryUse

MIB = 1024 * 1024


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


VERSION_2 = {
    "memory.max": f"{512 * MIB}\n",
    "memory.current": f"{300 * MIB}\n",
    "memory.stat": f"anon 1\ninactive_file {100 * MIB}\nactive_file 5\n",
}
VERSION_1 = {
    "memory/memory.limit_in_bytes": f"{512 * MIB}\n",
    "memory/memory.usage_in_bytes": f"{300 * MIB}\n",
    "memory/memory.stat": f"total_inactive_file {50 * MIB}\n",
}
PROCESS = {"status": "Name:\tpython\nVmRSS:\t  102400 kB\nThreads: 5\n"}


@pytest.mark.parametrize(
    ("files", "limit", "use"),
    [
        pytest.param(VERSION_2, 512 * MIB, MemoryUse(200 * MIB, 512 * MIB), id="version 2"),
        pytest.param(VERSION_1, 512 * MIB, MemoryUse(250 * MIB, 512 * MIB), id="version 1"),
        pytest.param(
            VERSION_2, 0, MemoryUse(200 * MIB, 512 * MIB), id="the cgroup knows the limit"
        ),
        pytest.param(
            VERSION_2,
            128 * MIB,
            MemoryUse(100 * MIB, 128 * MIB),
            id="the machine's cgroup, not ours",
        ),
        pytest.param(
            {**VERSION_2, "memory.max": "max\n"},
            256 * MIB,
            MemoryUse(100 * MIB, 256 * MIB),
            id="no limit in the cgroup: the process's own memory",
        ),
        pytest.param({}, 256 * MIB, MemoryUse(100 * MIB, 256 * MIB), id="no cgroup"),
        pytest.param({"memory.max": "?"}, 0, MemoryUse(100 * MIB, 0), id="nothing readable"),
    ],
)
def test_reading(tmp_path: Path, files: dict[str, str], limit: int, use: MemoryUse) -> None:
    process = write(tmp_path / "proc", PROCESS)
    cgroup = write(tmp_path / "cgroup", files)
    assert ContainerMemory(limit, cgroup=cgroup, process=process).read() == use


def test_this_machine_can_be_read() -> None:
    assert ContainerMemory(0).read().used > 0


def test_without_proc_nothing_is_refused(tmp_path: Path) -> None:
    use = ContainerMemory(0, cgroup=tmp_path, process=tmp_path).read()
    assert (use.share, use.admits) == (0.0, True)


@pytest.mark.parametrize(
    ("used", "admits"),
    [
        pytest.param(100 * MIB, True, id="room"),
        pytest.param(450 * MIB, True, id="just below"),
        pytest.param(460 * MIB, False, id="a story more passes nine tenths"),
        pytest.param(600 * MIB, False, id="above the limit already"),
    ],
)
def test_admission(used: int, admits: bool) -> None:
    assert MemoryUse(used, 512 * MIB).admits is admits
