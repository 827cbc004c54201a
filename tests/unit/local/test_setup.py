from __future__ import annotations

import sys
from pathlib import Path

import pytest

from local import jars, pythons, setup
from local.paths import ROOT
from local.setup import SetupError, Step


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(setup, "LOGS", tmp_path / "logs")


def _step(tmp_path: Path, *codes: str, version: str = "1") -> Step:
    lock = tmp_path / "lock.txt"
    if not lock.exists():
        lock.write_text("a==1")
    made = tmp_path / "made"
    commands = [[sys.executable, "-c", code] for code in codes]
    return Step("thing", "A thing", [lock], made, version, commands)


def _make(tmp_path: Path) -> str:
    return f"import pathlib; pathlib.Path({str(tmp_path / 'made')!r}).write_text('x')"


def test_a_step_is_done_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    step = _step(tmp_path, "pass", _make(tmp_path))
    assert not step.done()
    setup.install([step])
    assert step.done()
    assert "A thing" in capsys.readouterr().out
    setup.install([step])
    assert capsys.readouterr().out == ""


def test_a_step_is_done_again_when_its_lock_file_changed(tmp_path: Path) -> None:
    setup.install([_step(tmp_path, _make(tmp_path))])
    (tmp_path / "lock.txt").write_text("a==2")
    assert not _step(tmp_path).done()


def test_a_step_is_done_again_when_its_version_changed(tmp_path: Path) -> None:
    setup.install([_step(tmp_path, _make(tmp_path))])
    assert _step(tmp_path).done()
    assert not _step(tmp_path, version="2").done()


def test_a_step_is_done_again_when_its_result_has_gone(tmp_path: Path) -> None:
    setup.install([_step(tmp_path, _make(tmp_path))])
    (tmp_path / "made").unlink()
    assert not _step(tmp_path).done()


def test_a_failed_step_says_so_and_counts_as_not_done(tmp_path: Path) -> None:
    setup.install([_step(tmp_path, _make(tmp_path))])
    (tmp_path / "lock.txt").write_text("a==2")
    step = _step(tmp_path, "raise SystemExit('no such package')")
    with pytest.raises(SetupError, match=r"A thing failed \(exit code 1\)[\s\S]*no such package"):
        setup.install([step])
    (tmp_path / "lock.txt").write_text("a==1")
    assert not step.done(), "what it left may be half done, whatever the lock file says"


def test_a_failed_step_ends_the_others(tmp_path: Path) -> None:
    slow = Step("slow", "Slow", [], tmp_path, "1", [[sys.executable, "-c", _forever(tmp_path)]])
    waits = _wait_for(tmp_path / "pid") + "; raise SystemExit(3)"
    with pytest.raises(SetupError):
        setup.install([slow, _step(tmp_path, waits)])
    pid = int((tmp_path / "pid").read_text())
    assert not Path(f"/proc/{pid}").exists()


def _forever(tmp_path: Path) -> str:
    path = str(tmp_path / "pid")
    return (
        f"import os, pathlib, time; pathlib.Path({path!r}).write_text(str(os.getpid())); "
        "time.sleep(600)"
    )


def _wait_for(path: Path) -> str:
    condition = f"pathlib.Path({str(path)!r}).exists()"
    return f"import pathlib, time; [time.sleep(0.02) for _ in range(500) if not {condition}]"


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    step = Step("thing", "A thing", [], tmp_path, "1", [["/no/such/program"]])
    with pytest.raises(SetupError, match="A thing: /no/such/program"):
        setup.install([step])


@pytest.mark.parametrize(
    ("text", "major"), [("v20.20.2\n", 20), ("v18.1.0", 18), ("22.0.0", 22), ("", 0), ("?", 0)]
)
def test_nodes_version_is_read(text: str, major: int) -> None:
    assert setup.node_version(text) == major


def _program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(("node", "said"), [(None, "is needed"), ("echo v18.0.0", "is too old")])
def test_without_node_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node: str | None, said: str
) -> None:
    if node is not None:
        _program(tmp_path / "node", node)
    _program(tmp_path / "npm", "true")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match=rf"{said}[\s\S]*nodejs.org"):
        setup.require_node()


def test_a_python_that_only_complains_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path / "python3.12", "echo 'command not found' >&2; exit 127")
    _program(tmp_path / "python3.13", "echo 3.13")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.delenv(pythons.VARIABLE, raising=False)
    assert pythons.best() == "python3.13"


def test_the_running_python_serves_when_no_other_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path / "python3", "echo 3.9")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(pythons.VARIABLE, raising=False)
    assert pythons.best() == sys.executable


def test_without_any_python_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    monkeypatch.delenv(pythons.VARIABLE, raising=False)
    with pytest.raises(pythons.NoPythonError, match="apt-get install python3 python3-venv"):
        pythons.best()
    monkeypatch.setenv(pythons.VARIABLE, str(tmp_path / "mine"))
    with pytest.raises(pythons.NoPythonError, match="mine is no usable Python"):
        pythons.best()


def test_no_emulator_is_one_clear_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*, download: bool = False) -> Path:
        raise jars.MissingEmulatorError(jars.HOW_TO_GET_FIRESTORE)

    monkeypatch.setattr(setup, "require_node", lambda: None)
    monkeypatch.setattr(setup, "install", lambda _steps: None)
    monkeypatch.setattr(jars, "firestore_jar", missing)
    assert setup.main([]) == 1
    said = capsys.readouterr().err
    assert "gcloud components install" in said
    assert "FIRESTORE_EMULATOR_BINARY_PATH" in said
    assert "Traceback" not in said


def test_set_up_runs_on_an_older_python_far_enough_to_say_so() -> None:
    """The system's python3 may be 3.9: it must still be able to read these modules."""
    import ast

    for name in ("setup", "pythons", "jars", "paths"):
        source = (ROOT / "local" / f"{name}.py").read_text()
        ast.parse(source, feature_version=(3, 8))
        assert "from __future__ import annotations" in source
