"""`python -m local.monitoring` serves both ports and ends when it is told to."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request

from local.ports import free_port


def test_it_starts_and_ends() -> None:
    http = free_port()
    command = [sys.executable, "-m", "local.monitoring"]
    command += ["--port", str(free_port()), "--http-port", str(http)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{http}/" in process.stdout.readline()
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/points") as answer:
            assert json.load(answer)["points_written"] == 0
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/incidents.json") as answer:
            assert json.load(answer)["open"] == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
