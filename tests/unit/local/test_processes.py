from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local import family, processes
from local.processes import Child, Processes, StartError, wait_for_http, wait_for_text

# A child that leaves a grandchild behind, as firebase-tools does; both ignore a polite request.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
inner = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", inner])
print("ready", flush=True)
time.sleep(600)
"""
LEAVES_AN_ORPHAN = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
"""


@pytest.fixture(autouse=True)
def _own_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "RUNS", tmp_path / "run")


def _python(run: Processes, code: str) -> Child:
    return run.start("child", [sys.executable, "-c", code])


def _alive(members: list[family.Seen]) -> list[family.Seen]:
    wanted = {each.identity for each in members}
    return [each for each in family.everybody() if each.identity in wanted and not each.zombie]


def test_leaving_the_block_ends_a_child_and_what_it_started(tmp_path: Path) -> None:
    with Processes(tmp_path) as run:
        child = _python(run, STUBBORN)
        wait_for_text("ready", child, seconds=20)
        members = family.of(child.pid, family.everybody())
        assert len(members) == 2
        child.end(grace=0.2)
    assert _alive(members) == []
    assert list((tmp_path / "run").iterdir()) == []


def test_an_orphan_whose_parent_has_gone_is_ended(tmp_path: Path) -> None:
    with Processes(tmp_path) as run:
        child = _python(run, LEAVES_AN_ORPHAN)
        while child.alive:
            time.sleep(0.05)
        members = [each for each in family.everybody() if each.group == child.pid]
        assert len(members) == 1
    assert _alive(members) == []


def test_an_error_ends_the_children_too(tmp_path: Path) -> None:
    def start_and_fail() -> None:
        with Processes(tmp_path) as run:
            members.append(_python(run, "import time; time.sleep(600)").pid)
            raise RuntimeError("on purpose")

    members: list[int] = []
    with pytest.raises(RuntimeError, match="on purpose"):
        start_and_fail()
    assert members[0] not in {each.pid for each in family.everybody() if not each.zombie}


def test_a_child_that_ends_early_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with Processes(tmp_path) as run:
        child = _python(run, "print('no such flag'); raise SystemExit(3)")
        with pytest.raises(StartError, match=r"child ended before it was ready[\s\S]*no such flag"):
            wait_for_http("http://127.0.0.1:9/", child, seconds=20)


def test_a_child_that_never_answers_is_reported(tmp_path: Path) -> None:
    with Processes(tmp_path) as run:
        child = _python(run, "import time; time.sleep(600)")
        with pytest.raises(StartError, match="did not say 'ready' within 0 s"):
            wait_for_text("ready", child, seconds=0.2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_parent_ends_its_children(tmp_path: Path, number: signal.Signals) -> None:
    parent, child = _parent(tmp_path)
    parent.send_signal(number)
    parent.wait(timeout=20)
    assert _alive([child]) == []


def test_what_a_killed_run_left_behind_is_ended_by_the_next(tmp_path: Path) -> None:
    parent, child = _parent(tmp_path)
    assert processes.end_leftovers() == 0, "a run that goes on is left alone"
    assert processes.runs_going_on() == {parent.pid: "child"}
    parent.kill()
    parent.wait()
    assert len(_alive([child])) == 1
    assert processes.runs_going_on() == {}
    assert processes.end_leftovers() == 1
    assert _alive([child]) == []
    assert processes.end_leftovers() == 0


def test_a_stranger_with_a_remembered_id_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    note = {
        "name": "run",
        "pid": os.getpid(),
        "started": "Mon Nov 21 01:20:00 1994",
        "children": [{"name": "x", "pid": stranger.pid, "started": "Mon Nov 21 01:20:00 1994"}],
    }
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "1.json").write_text(json.dumps(note))
    (tmp_path / "run" / "2.json").write_text("half a no")
    try:
        assert processes.end_leftovers() == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def _parent(tmp_path: Path) -> tuple[subprocess.Popen[bytes], family.Seen]:
    """A process that runs `Processes` with one child; returns both."""
    code = f"""
import time
from pathlib import Path
from local import processes
processes.RUNS = Path({str(tmp_path / "run")!r})
processes.exit_on_signals()
with processes.Processes(Path({str(tmp_path)!r})) as run:
    child = run.start("child", ["sleep", "600"])
    Path({str(tmp_path / "pid")!r}).write_text(str(child.pid))
    time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    until = time.monotonic() + 20
    pid = tmp_path / "pid"
    while not (pid.exists() and pid.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    number = int(pid.read_text())
    return parent, next(each for each in family.everybody() if each.pid == number)


def test_old_logs_are_forgotten_and_new_ones_kept(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "x").write_text("")
    for name in ("old.log", "new.log"):
        (tmp_path / name).write_text("")
    for name in ("old", "old.log"):
        os.utime(tmp_path / name, (1, 1))
    processes.forget_old(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["new.log"]
    processes.forget_old(tmp_path / "none")
