"""Takes the pictures of the local Cloud Monitoring that the docs show.

    venv/bin/python -m tests.browser.pictures

It writes docs/images/monitoring-*.png.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from local.monitoring import web
from local.paths import ROOT
from tests.browser import chromium, hour

IMAGES = ROOT / "docs" / "images"
SECONDS = 60
PICTURES = {
    "metrics": ("/", "1320,980", chromium.LIGHT),
    "alerting": ("/alerting", "1320,980", chromium.LIGHT),
    "incidents": ("/incidents", "1320,470", chromium.LIGHT),
    "dashboard": ("/dashboards", "1320,980", chromium.DARK),
}


def main() -> int:
    browser = chromium.found()
    if browser is None:
        print("No Chromium or Chrome was found. Install one to take pictures.", file=sys.stderr)
        return 1
    configuration, watch = hour.place()
    page = web.serve(
        configuration.memory, 0, lambda: float(hour.END), configuration=configuration, watch=watch
    )
    address = f"http://127.0.0.1:{page.server_port}"
    for name, (path, size, scheme) in PICTURES.items():
        target = IMAGES / f"monitoring-{name}.png"
        taken(browser, address + path, target, size, scheme)
        print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1024} KiB")
    page.shutdown()
    return 0


def taken(browser: str, url: str, target: Path, size: str, scheme: int) -> None:
    """A picture of what an address shows. Raises CalledProcessError, TimeoutExpired."""
    with tempfile.TemporaryDirectory() as profile:
        command = chromium.command(browser, profile, size, scheme)
        subprocess.run(
            [*command, f"--screenshot={target}", url],
            check=True,
            timeout=SECONDS,
            capture_output=True,
        )


if __name__ == "__main__":
    sys.exit(main())
