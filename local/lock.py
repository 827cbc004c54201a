"""`make lock`: compiles the requirements and Node's lock file anew.

Versions that still fit are kept; `make lock UPGRADE=1` takes the newest allowed. The result names
no registry, so that it installs from any.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from local.paths import NODE, ROOT, STATE

UV = STATE / "uv"
OPTIONS = (
    "--quiet",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--custom-compile-command=make lock",
)


def compile_requirements(uv: Path, name: str, *more: str) -> None:
    """Writes `name`.txt from `name`.in."""
    command = [str(uv), "pip", "compile", *OPTIONS, *more, f"{name}.in"]
    subprocess.run([*command, "--output-file", f"{name}.txt"], cwd=ROOT, check=True)
    print(f"{name}.txt")


def compile_node(*, upgrade: bool) -> None:
    """Writes package-lock.json from package.json."""
    verb = "update" if upgrade else "install"
    command = ["npm", "--prefix", str(NODE), verb, "--package-lock-only", "--ignore-scripts"]
    subprocess.run([*command, "--no-audit", "--no-fund"], cwd=ROOT, check=True)
    path = NODE / "package-lock.json"
    path.write_text(without_addresses(path.read_text()))
    print(path.relative_to(ROOT))


def without_addresses(lock: str) -> str:
    """npm's own setting for this leaves some in."""
    content = json.loads(lock)
    for package in content["packages"].values():
        package.pop("resolved", None)
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def install_uv() -> Path:
    """uv in a virtual environment of its own, which is thrown away afterwards."""
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(UV)], check=True)
    pip = [str(UV / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--disable-pip-version-check", "uv"], check=True)
    return UV / "bin" / "uv"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest allowed")
    upgrade = parser.parse_args().upgrade
    more = ["--upgrade"] if upgrade else []
    try:
        uv = install_uv()
        compile_requirements(uv, "requirements", *more)
        compile_requirements(uv, "requirements-dev", "-c", "requirements.txt", *more)
        compile_node(upgrade=upgrade)
    except subprocess.CalledProcessError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(UV, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
