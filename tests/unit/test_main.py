"""The table of contents: the deploy manifest, and no logic beside it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MANIFEST = Path(__file__).parent / "manifest.yaml"
SOURCE = ast.parse((ROOT / "main.py").read_text())
FUNCTIONS = [node for node in SOURCE.body if isinstance(node, ast.FunctionDef)]
DEPLOYED = [node for node in FUNCTIONS if not node.name.startswith("_")]
WRITE = """
import sys
from firebase_functions.private import serving
sys.stdout.write(serving.functions_as_yaml(serving.get_functions()))
"""


@pytest.fixture(scope="module")
def manifest() -> str:
    """As the deployment asks for it: in a process of its own, without any setting."""
    environment = {"PATH": os.environ["PATH"], "GCLOUD_PROJECT": "demo-manifest"}
    done = subprocess.run(
        [sys.executable, "-c", WRITE],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_manifest_is_the_one_checked_in(manifest: str) -> None:
    """After a wanted change, write it anew: UPDATE_MANIFEST=1 pytest tests/unit/test_main.py"""
    if os.environ.get("UPDATE_MANIFEST"):
        MANIFEST.write_text(manifest)
    assert yaml.safe_load(manifest) == yaml.safe_load(MANIFEST.read_text())


def endpoints() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())["endpoints"]
    return found


def test_every_function_of_the_file_is_deployed() -> None:
    assert set(endpoints()) == {node.name for node in DEPLOYED}
    assert all(name == endpoint["entryPoint"] for name, endpoint in endpoints().items())


@pytest.mark.parametrize("name", [node.name for node in DEPLOYED])
def test_resources_are_explicit(name: str) -> None:
    """Without cpu, a function gets a sixth of one and serves one request at a time."""
    endpoint = endpoints()[name]
    assert endpoint["cpu"] >= 1
    assert endpoint["concurrency"] >= 1
    assert endpoint["availableMemoryMb"] >= 512
    assert endpoint["timeoutSeconds"] >= 30


def test_only_what_makes_stories_has_the_secret() -> None:
    with_secrets = {
        name: [secret["key"] for secret in endpoint["secretEnvironmentVariables"]]
        for name, endpoint in endpoints().items()
        if endpoint.get("secretEnvironmentVariables")
    }
    assert set(with_secrets) == {"api", "generate_story", "stream_story"}
    assert all(keys == ["OPENAI_API_KEY"] for keys in with_secrets.values())


def test_the_server_has_a_thread_for_every_request() -> None:
    lines = (ROOT / ".env").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert int(settings["THREADS"]) == max(each["concurrency"] for each in endpoints().values())


def test_hosting_sends_requests_where_the_functions_are() -> None:
    hosting = json.loads((ROOT / "firebase.json").read_text())["hosting"]
    for rewrite in hosting["rewrites"]:
        function = rewrite["function"]
        assert endpoints()[function["functionId"]]["region"] == [function["region"]], rewrite
    assert {rewrite["function"]["functionId"] for rewrite in hosting["rewrites"]} == {
        "api",
        "admin",
    }


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda node: node.name)
def test_functions_do_nothing_but_call(function: ast.FunctionDef) -> None:
    body = [node for node in function.body if not _documents(node)]
    *imports, last = body
    assert all(isinstance(node, ast.ImportFrom) for node in imports)
    assert isinstance(last, (ast.Return, ast.Expr))
    assert isinstance(last.value, ast.Call)


def _documents(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_no_other_logic() -> None:
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.Assign, ast.Expr)
    assert all(isinstance(node, allowed) for node in SOURCE.body)
    branches = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.Lambda, ast.IfExp, ast.BoolOp)
    assert not [node for node in ast.walk(SOURCE) if isinstance(node, branches)]


def test_every_deployed_function_says_what_it_is_for() -> None:
    assert all(ast.get_docstring(node) for node in DEPLOYED)


def test_annotations_are_not_postponed() -> None:
    """They would break the discovery of functions at deploy time."""
    names = [node.module for node in SOURCE.body if isinstance(node, ast.ImportFrom)]
    assert "__future__" not in names
