"""Removes what set-up installed and runs wrote: `make clean`. What git tracks is left alone."""

from __future__ import annotations

import shutil

from local import processes
from local.paths import NODE_MODULES, ROOT, STATE, VENV

CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache")


def main() -> None:
    ended = processes.end_leftovers()
    if ended:
        print(f"Ended {ended} processes that an earlier run left behind.")
    for path in [VENV, NODE_MODULES, STATE, *(ROOT / name for name in CACHES)]:
        shutil.rmtree(path, ignore_errors=True)
    for folder in ("functions", "local", "cli", "benchmarks", "tests"):
        for cache in list((ROOT / folder).rglob("__pycache__")):
            shutil.rmtree(cache, ignore_errors=True)
    print("Clean: the next make target sets everything up again.")


if __name__ == "__main__":
    main()
