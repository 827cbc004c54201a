"""The emulator's processes of one function, killed by the operating system."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from local import family


def kill(function: str) -> int:
    """SIGKILL to every process that we started in which the function is served; how many."""
    wanted = f"FUNCTION_TARGET={function}".encode()
    killed = 0
    for each in family.of(os.getpid(), family.everybody()):
        try:
            if wanted in Path(f"/proc/{each.pid}/environ").read_bytes().split(b"\0"):
                os.kill(each.pid, signal.SIGKILL)
                killed += 1
        except OSError:
            continue  # it has ended
    return killed
