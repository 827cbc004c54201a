from __future__ import annotations

import json
import re

from local import lock
from local.paths import NODE, ROOT

LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "é"},
        "node_modules/a": {"version": "1.0.0", "resolved": "https://x/a.tgz", "integrity": "i"},
    },
}


def test_addresses_are_taken_out_and_nothing_else() -> None:
    text = lock.without_addresses(json.dumps(LOCK))
    kept = {"": {"name": "é"}, "node_modules/a": {"version": "1.0.0", "integrity": "i"}}
    assert json.loads(text)["packages"] == kept
    assert lock.without_addresses(text) == text


def test_the_lock_files_name_no_registry() -> None:
    assert "resolved" not in (NODE / "package-lock.json").read_text()
    for name in ("requirements.txt", "requirements-dev.txt"):
        assert not re.search(r"https?://|index-url|find-links", (ROOT / name).read_text())


def test_firebase_tools_is_pinned() -> None:
    packages = json.loads((NODE / "package.json").read_text())["devDependencies"]
    assert packages["firebase-tools"].startswith("15.")
    assert all(version[0].isdigit() for version in packages.values())
