"""What may be typed, and that it is told quickly."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from cli.arguments import parser
from local.paths import ROOT

HEAVY = (
    "functions",
    "google.auth",
    "google.cloud.firestore",
    "pydantic",
    "flask",
    "urllib.request",
    "ssl",
    "firebase_admin",
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            "init --project p --administrator u --reason r",
            {"application": "main", "environment": None, "administrator": "u"},
            id="one environment by default",
        ),
        pytest.param(
            "init --project p --administrator u --reason r --environment a --environment b",
            {"environment": ["a", "b"]},
            id="several environments",
        ),
        pytest.param("audit verify --project p --output json", {"output": "json"}, id="audit"),
        pytest.param("rollout status r-1 --timeout 2.5", {"id": "r-1", "timeout": 2.5}, id="gate"),
        pytest.param(
            "rollout rollback r-1 --reason bad",
            {"command": "rollback", "reason": "bad", "url": None},
            id="rollback",
        ),
        pytest.param("rollout promote r-1 --expected-stage 0", {"expected_stage": 0}, id="stage"),
        pytest.param(
            "rollout start r-1 --override-quarantine", {"override_quarantine": True}, id="override"
        ),
        pytest.param(
            "flags copy a b --from staging --to production --segment s --segment t",
            {"keys": ["a", "b"], "source": "staging", "segment": ["s", "t"], "yes": False},
            id="copy",
        ),
        pytest.param(
            "stories erase u --yes", {"uid": "u", "yes": True, "reason": ""}, id="a user's stories"
        ),
        pytest.param("flags export", {"file": None, "form": "flagd"}, id="export"),
        pytest.param(
            "schedules create f --at 2027-01-15T08:00+01:00 --action kill",
            {"at": 1_799_996_400.0, "changes": None},
            id="a time with its zone",
        ),
    ],
)
def test_understood(line: str, expected: dict[str, Any]) -> None:
    arguments = vars(parser().parse_args(line.split()))
    assert {name: arguments[name] for name in expected} == expected
    assert callable(arguments["run"])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "VERB"),
        ("rollout", "VERB"),
        ("rollout undo r-1", "invalid choice"),
        ("rollout rollback", "ID"),
        ("rollout rollback r-1 --expected-stage 1", "--expected-stage"),
        ("rollout status r-1 --timeout soon", "a number of seconds"),
        ("rollout status r-1 --timeout nan", "a number of seconds"),
        ("rollout status r-1 --time 3", "--time"),
        ("flags list --environment Production", "lower-case"),
        ("init --project p --reason r", "--administrator"),
        ("health --application other", "--application"),
        ("stories erase", "UID"),
        ("stories export u --yes", "--yes"),
        ("stories create-version 1.0.0 --prompt p --model m", "--max-output-tokens"),
        ("stories create-version 1.0.0 --temperature nan", "a number"),
        ("stories create-version 1.0.0 --reasoning-effort huge", "invalid choice"),
        ("flags copy a --to production", "--from"),
        ("flags copy a --from b --to c --environment d", "--environment"),
        ("flags kill a --yes", "--yes"),
        ("flags restore a --to 0", "a whole number of at least 1"),
        ("flags history a --limit 200", "at most 199"),
        ("schedules create f --action kill", "--at"),
        ("schedules create f --at 2027-01-15T08:00 --action kill", "with its zone"),
        ("schedules create f --at soon --action kill", "with its zone"),
        ("schedules create f --at 2027-01-15T08:00Z", "--action --changes"),
        ("schedules create f --at 2027-01-15T08:00Z --action kill --changes {}", "not allowed"),
    ],
)
def test_wrong_usage(line: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(line.split())
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_nothing_heavy_is_imported_to_begin_with() -> None:
    code = (
        "import sys, cli.__main__; cli.__main__.parser();"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
