"""The alert policies and the dashboard of Palier's rules, on this machine's Cloud Monitoring.

It is the command that a real project gets them with, so the local page shows what Cloud Console
would.
"""

from __future__ import annotations

import subprocess
import sys

from local.monitoring import FIRST_CHANNEL
from local.paths import ROOT

FOLDER = "monitoring"
SECONDS = 60


class PoliciesError(Exception):
    """They could not be applied. The text is what the command said."""


def apply(project: str, address: str, page: str) -> None:
    """Applies what is checked in to the server at `address`, host:port, and its `page`, a URL.

    Raises PoliciesError.
    """
    command = [sys.executable, "-m", "cli", "monitoring", "apply", "--yes"]
    command += ["--project", project, "--address", address, "--page", page]
    command += ["--channel", f"projects/{project}/notificationChannels/{FIRST_CHANNEL}", FOLDER]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise PoliciesError(f"It took longer than {SECONDS} s.") from None
    if done.returncode:
        raise PoliciesError((done.stderr or done.stdout).strip())
