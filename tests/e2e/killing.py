"""The emulator's processes of one function, killed by the operating system."""

from __future__ import annotations

import os
import random
import signal
from contextlib import suppress
from pathlib import Path

from local import family
from local.family import Seen


def kill(function: str, one_of: random.Random | None = None) -> int:
    """SIGKILL to the instances of ours that serve a function, or to `one_of` them; how many."""
    seen = family.of(os.getpid(), family.everybody())
    serving = {each.pid for each in seen if _serves(each, function)}
    instances = [each for each in seen if each.pid in serving and each.parent not in serving]
    if one_of and instances:
        instances = [one_of.choice(instances)]
    for instance in instances:
        for each in family.of(instance.pid, seen):
            with suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGKILL)
    return len(instances)


def _serves(process: Seen, function: str) -> bool:
    try:
        environment = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False  # it has ended, or is none of ours
    return f"FUNCTION_TARGET={function}".encode() in environment
