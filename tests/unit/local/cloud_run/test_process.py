"""`python -m local.cloud_run`, as a person starts it, and the real client."""

from __future__ import annotations

import re
import subprocess
import sys

from functions.rollouts.traffic.cloud_run import CloudRun
from local.cloud_run.__main__ import FIRST
from local.paths import ROOT


def test_it_serves_until_it_is_ended() -> None:
    command = [sys.executable, "-m", "local.cloud_run", "--port", "0", "--delay", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            told = re.match(
                r"Cloud Run on (\S+): (\S+), (\S+) and (\S+)", process.stdout.readline()
            )
            assert told
            observed = CloudRun(told[1]).service(FIRST, 10)
            assert told[2] == FIRST
            assert observed.shares == {told[4]: 100}
        finally:
            process.terminate()
        assert process.wait(10) == 0
