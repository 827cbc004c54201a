"""A browser without a window: where it is, and how it is started."""

from __future__ import annotations

import shutil

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


def found() -> str | None:
    """The path of a browser; None when there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def command(path: str, profile: str, size: str, scheme: int = LIGHT) -> list[str]:
    """Starts it with an empty profile, a size as "1320,1000", and a colour scheme."""
    chosen = [f"--user-data-dir={profile}", f"--window-size={size}"]
    return [path, *OPTIONS, *chosen, f"--blink-settings=preferredColorScheme={scheme}"]
