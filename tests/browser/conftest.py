"""A browser for tests. Without one they are left out, and say so."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.browser import chromium

Open = Callable[..., AbstractContextManager[None]]


@pytest.fixture(scope="session")
def browser() -> str:
    """The path of a browser."""
    found = chromium.found()
    if found is None:
        pytest.skip("No Chromium or Chrome was found. Install one to have its tests run.")
    return found


@pytest.fixture
def open_page(browser: str, tmp_path: Path) -> Open:
    """Opens an address for as long as the block lasts."""

    @contextmanager
    def opened(url: str, scheme: int = chromium.LIGHT, size: str = "1320,1000") -> Iterator[None]:
        command = chromium.command(browser, str(tmp_path), size, scheme)
        with subprocess.Popen(
            [*command, "--remote-debugging-port=0", url],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield
            finally:
                process.terminate()
                process.wait(20)

    return opened
