"""The house's rules that the contracts of import-linter (pyproject.toml) can't express."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUNDLE = [ROOT / "main.py", *sorted((ROOT / "functions").rglob("*.py"))]
SOURCES = [*BUNDLE, *sorted((ROOT / "cli").rglob("*.py"))]

# A vendor's package → the files that may import it.
VENDORS = {
    "firebase_functions": {"main.py", "functions/settings.py"},
    "firebase_admin": {"main.py", "functions/tokens.py"},
    "openai": {"functions/stories/model/openai.py"},
    "google.cloud.firestore": {"functions/documents.py", "functions/wiring.py"},
    "google.cloud.monitoring_v3": {"functions/metrics/cloud_monitoring.py"},
    "google.cloud.run_v2": {"functions/rollouts/traffic/cloud_run.py"},
    "google.api_core": {
        "functions/documents.py",
        "functions/metrics/cloud_monitoring.py",
        "functions/rollouts/traffic/cloud_run.py",
    },
    "grpc": {"functions/metrics/cloud_monitoring.py", "functions/rollouts/traffic/cloud_run.py"},
}
IN_THE_SURFACES = {"wiring", "api", "admin"}  # tests/emulator/test_surfaces.py
CLOCKS = {"time", "monotonic", "perf_counter", "now", "utcnow", "today", "sleep"}
READS_THE_CLOCK = {
    "functions/clock.py": "it is the clock",
    "functions/metrics/cloud_monitoring.py": "the deadline of one call; it decides nothing",
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_s_package_in_its_adapter_only(vendor: str) -> None:
    found = {
        name(path)
        for path in BUNDLE
        if any(f"{each}.".startswith(f"{vendor}.") for each in imports(path))
    }
    assert found <= VENDORS[vendor]
    assert vendor == "grpc" or found, f"nobody imports {vendor}: the rule is out of date"


def test_no_other_package_of_google_s() -> None:
    for path in BUNDLE:
        for each in imports(path):
            if each.startswith("google.") and name(path) != "functions/wiring.py":
                assert any(f"{each}.".startswith(f"{vendor}.") for vendor in VENDORS) or (
                    each.startswith(("google.auth.", "google.cloud.", "google.protobuf."))
                    and name(path) in VENDORS["google.api_core"]
                ), (name(path), each)


def test_nothing_reads_the_clock_but_the_clock() -> None:
    for path in BUNDLE:
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = node.func.value
            if (
                isinstance(owner, (ast.Name, ast.Attribute))
                and (owner.id if isinstance(owner, ast.Name) else owner.attr)
                in ("time", "datetime", "date")
                and node.func.attr in CLOCKS
            ):
                assert name(path) in READS_THE_CLOCK, (name(path), node.lineno)


def test_every_pure_module_exists() -> None:
    """A contract that names a module that was renamed would hold nothing."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    for contract in contracts:
        for module in contract.get("source_modules", []):
            path = ROOT / module.replace(".", "/")
            assert path.is_dir() or path.with_suffix(".py").is_file(), module


def test_the_bundle_s_modules_are_known_by_a_test() -> None:
    """Tests mirror the modules: each file of the ground floor has a test of its name."""
    tested = {path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("test_*.py")}
    ground_floor = {path.stem for path in (ROOT / "functions").glob("*.py")} - {"__init__"}
    assert ground_floor - tested - IN_THE_SURFACES == set()


def test_no_source_holds_a_path_of_a_machine() -> None:
    for path in SOURCES:
        text = path.read_text()
        assert "/home/" not in text, path
        assert "/Users/" not in text, path
