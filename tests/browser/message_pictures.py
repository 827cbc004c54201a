"""Takes the pictures of messages that the docs show.

    venv/bin/python -m tests.browser.message_pictures

It writes docs/images/messages.png and messages-fr.png.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from local.paths import ROOT
from tests.browser import chromium, messages
from tests.browser.pictures import IMAGES, taken

PICTURES = {"en": ("messages.png", "1240,1050"), "fr": ("messages-fr.png", "1240,1110")}


def main() -> int:
    browser = chromium.found()
    if browser is None:
        print("No Chromium or Chrome was found. Install one to take pictures.", file=sys.stderr)
        return 1
    for language, (name, size) in PICTURES.items():
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "messages.html"
            page.write_text(messages.page(language), encoding="utf-8")
            target = IMAGES / name
            taken(browser, page.as_uri(), target, size, chromium.LIGHT)
        print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
