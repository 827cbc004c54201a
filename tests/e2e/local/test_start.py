"""`make start` as a user runs it: it says where everything is, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import family, ports
from local.paths import ROOT

UP = "Ctrl-C ends everything."


@pytest.fixture
def environment() -> dict[str, str]:
    chosen = ports.free().named().items()
    return {**os.environ, **{ports.variable(name): str(port) for name, port in chosen}}


@pytest.fixture
def started(tmp_path: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "said").open("wb") as output:
        command = [sys.executable, "-m", "local.start"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        yield process
        if process.poll() is None:
            process.kill()
        process.wait()


def _said(tmp_path: Path) -> str:
    return (tmp_path / "said").read_text()


def _as_told(said: str) -> str:
    """What the example of the start answers, run as it is printed."""
    example = said[said.index("  curl ") : said.index(UP)]
    done = subprocess.run(example, shell=True, capture_output=True, text=True, check=True)
    return json.dumps(json.loads(done.stdout))


def test_ctrl_c_ends_everything(
    tmp_path: Path, environment: dict[str, str], started: subprocess.Popen[bytes]
) -> None:
    until = time.monotonic() + 200
    while UP not in _said(tmp_path) and started.poll() is None and time.monotonic() < until:
        time.sleep(0.2)
    assert UP in _said(tmp_path), _said(tmp_path)
    hosting = f"http://127.0.0.1:{environment['PALIER_PORT_HOSTING']}/"
    assert hosting[:-1] in _said(tmp_path)
    with urllib.request.urlopen(hosting, timeout=30) as answer:
        assert b"<title>Palier</title>" in answer.read()
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    with urllib.request.urlopen(f"{hosting}api/v1/health", timeout=60) as answer:
        assert answer.status == 200  # and a process of the function exists now
    assert '"value": true' in _as_told(_said(tmp_path))
    members = family.of(started.pid, family.everybody())
    assert len(members) > 6

    started.send_signal(signal.SIGINT)
    assert started.wait(timeout=60) == 0

    left = {each.identity for each in family.everybody() if not each.zombie}
    assert not left & {each.identity for each in members}
    ports.require_free({"hosting": int(environment["PALIER_PORT_HOSTING"])})
    assert "Traceback" not in _said(tmp_path)


def test_a_port_in_use_is_said_at_once(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environment["PALIER_PORT_AUTH"]))):
        done = subprocess.run(
            [sys.executable, "-m", "local.start"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    number = environment["PALIER_PORT_AUTH"]
    assert re.search(rf"port {number} \(auth\).*PALIER_PORT_AUTH=NUMBER", done.stderr)
    assert "Traceback" not in done.stderr
