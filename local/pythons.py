"""Finds the Python to make the virtual environment with. Standard library only, any Python 3.8+."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# The deployed version first; the others behave alike in the tests.
WANTED = ("3.12", "3.13", "3.11")
VARIABLE = "PALIER_PYTHON"

# A version's name on PATH may be a shim that only complains, and Debian splits `venv` off.
PROBE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"

HOW_TO_GET_PYTHON = f"""\
No usable Python {" or ".join(sorted(WANTED))} was found (it must have the venv module).
  - Debian, Ubuntu:  apt-get install python3 python3-venv
  - macOS:           brew install python@3.12
  - elsewhere:       https://www.python.org/downloads/
Or name one yourself:  {VARIABLE}=/path/to/python3.12 make start"""


class NoPythonError(Exception):
    """No Python from 3.11 to 3.13 runs on this machine. The text says how to get one."""


def version_of(python: str) -> str | None:
    """Its version, like "3.12", when it runs and can make a virtual environment."""
    try:
        done = subprocess.run(
            [python, "-c", PROBE], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = done.stdout.strip()
    return version if version in WANTED else None


def best() -> str:
    """The path or name of the best Python there is. Raises NoPythonError."""
    chosen = os.environ.get(VARIABLE, "")
    if chosen:
        if version_of(chosen) is None:
            raise NoPythonError(f"{VARIABLE}={chosen} is no usable Python.\n{HOW_TO_GET_PYTHON}")
        return chosen
    for version in WANTED:
        if version_of(f"python{version}") == version:
            return f"python{version}"
    for python in ("python3", sys.executable):
        if version_of(python) is not None:
            return python
    raise NoPythonError(HOW_TO_GET_PYTHON)


def works(venv: Path) -> bool:
    """Whether a virtual environment is there, runs, and has a Python that we want."""
    return version_of(str(venv / "bin" / "python")) is not None
