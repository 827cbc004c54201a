"""Runs the tests of firestore.rules: they are in JavaScript, like the clients they stand for."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from local.paths import ROOT

TESTS = Path(__file__).parent / "rules.test.mjs"
AT_LEAST = 3 * 6 * 10  # clients, doors, paths


def test_clients_cannot_touch_firestore(firestore_emulator: str) -> None:
    environment = {**os.environ, "FIRESTORE_EMULATOR_HOST": firestore_emulator}
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", str(TESTS)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert passed is not None, done.stdout[-5000:]
    assert int(passed[1]) >= AT_LEAST
