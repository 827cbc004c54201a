"""A browser without a window. Where CI has none, Debian's is installed; elsewhere tests are left
out, and say so."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)
DARK, LIGHT = 0, 1
Open = Callable[..., AbstractContextManager[None]]


@pytest.fixture(scope="session")
def browser() -> str:
    """The path of a browser."""
    found = _found()
    if found is None and os.environ.get("CI") == "true" and os.geteuid() == 0:
        for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *command], check=True, timeout=600)
        found = _found()
    if found is None:
        pytest.skip("No Chromium or Chrome was found. Install one to have its tests run.")
    return found


@pytest.fixture
def open_page(browser: str, tmp_path: Path) -> Open:
    """Opens an address for as long as the block lasts."""

    @contextmanager
    def opened(url: str, scheme: int = LIGHT, size: str = "1320,1000") -> Iterator[None]:
        command = [browser, *OPTIONS, f"--user-data-dir={tmp_path}", f"--window-size={size}"]
        command += [f"--blink-settings=preferredColorScheme={scheme}", "--remote-debugging-port=0"]
        with subprocess.Popen(
            [*command, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                yield
            finally:
                process.terminate()
                process.wait(20)

    return opened


def _found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)
