"""Every command that a guide or a runbook gives is understood as it stands there."""

from __future__ import annotations

import re
import shlex

import pytest

from cli.arguments import parser
from local.paths import ROOT
from tests.unit.cli.test_reference import VERBS

PAGES = sorted([*(ROOT / "docs/how-to").glob("*.md"), *(ROOT / "docs/runbooks").glob("*.md")])
BLOCK = re.compile(r"^\s*```(?:sh|bash|console)\n(.*?)^\s*```", re.MULTILINE | re.DOTALL)
ANY_BLOCK = re.compile(r"^\s*```.*?^\s*```", re.MULTILINE | re.DOTALL)


def in_blocks(text: str) -> list[str]:
    """The lines of a shell that begin with `palier`, each whole."""
    blocks = "\n".join(BLOCK.findall(text)).replace("\\\n", " ")
    return re.findall(r"(?:^|\$\()\s*(palier [^\n]*)", blocks, re.MULTILINE)


def in_sentences(text: str) -> list[str]:
    return re.findall(r"`(palier [^`]+)`", ANY_BLOCK.sub("", text))


def given() -> list[tuple[str, str, bool]]:
    """Every command with its page, and whether it is one to be typed as it is."""
    return [
        (page.name, command, whole)
        for page in PAGES
        for whole, found in ((True, in_blocks), (False, in_sentences))
        for command in found(page.read_text())
    ]


def words_of(command: str) -> list[str]:
    """Up to a pipe, or the end of what a shell puts in another command."""
    words = shlex.split(command.split(" | ")[0].split(" > ")[0], comments=True)
    return words[1:]


def test_the_pages_have_commands() -> None:
    pages = {page for page, _, _ in given()}
    assert {"alerts.md", "respond-to-incidents.md", "p1-burn-rate.md", "slow-answers.md"} <= pages
    assert sum(whole for _, _, whole in given()) >= 50


@pytest.mark.parametrize(("page", "command", "whole"), given())
def test_a_command_is_understood(page: str, command: str, whole: bool) -> None:
    words = words_of(command)
    says = f"palier {' '.join(words)}"
    if not whole and any(f"{verb} ".startswith(f"{says} ") for verb in VERBS):
        return  # a sentence may name a verb, or a group of them, alone
    try:
        understood = parser().parse_args(words)
    except SystemExit:
        pytest.fail(f"{page}: {command}")
    if whole and "development" not in words:
        assert getattr(understood, "reason", "given"), "production asks for a reason"
