"""Where things are in a checkout. Standard library only: set-up runs first."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".palier"  # all that running Palier locally writes; never committed
LOGS = STATE / "logs"
RUNS = STATE / "run"
VENV = ROOT / "venv"  # the functions emulator insists on this place
# Not in the root: firebase-tools takes a folder with a package.json for a Node bundle.
NODE = ROOT / "local"
NODE_MODULES = NODE / "node_modules"
FIXTURES = ROOT / "local" / "fixtures"
