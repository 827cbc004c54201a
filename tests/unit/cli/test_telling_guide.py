"""The commands of the guide are understood, and its way to a signing secret makes one."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from cli.arguments import parser
from functions.alerts.channels import webhook
from local.paths import ROOT

GUIDE = (ROOT / "docs" / "how-to" / "tell-people.md").read_text()
COMMANDS = re.findall(r"^palier (.+)$", GUIDE, re.MULTILINE)


def test_the_guide_has_commands() -> None:
    assert len(COMMANDS) >= 8


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_understood(command: str) -> None:
    assert parser().parse_args(shlex.split(command)).run


def test_a_secret_is_made() -> None:
    found = re.search(r'python3 -c "([^"]+)"', GUIDE)
    assert found
    made = subprocess.run(
        [sys.executable, "-c", found[1]], capture_output=True, text=True, check=True
    )
    assert len(webhook.key(made.stdout.strip())) == 32
