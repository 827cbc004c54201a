"""Where a command is read and answered: a person's terminal, or a pipe."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

RED, GREEN, PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[0m"
CHANGED = re.compile(r"^ *([+-]) .*$", re.MULTILINE)
"""A line of a diff. No other line begins like that: keys begin with a letter or a digit."""

STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves the cursor, colours, or turns the direction of what follows."""


def printable(text: str) -> str:
    """Descriptions and reasons are other people's text: what would steer the terminal is written
    as JSON writes it."""
    return STEERING.sub(lambda character: f"\\u{ord(character[0]):04x}", text)


def coloured(text: str) -> str:
    """What was taken away in red, what came in green."""
    return CHANGED.sub(
        lambda line: f"{GREEN if line[1] == '+' else RED}{line[0]}{PLAIN}",
        text,
    )


class Terminal:
    """Standard input and output, as they are at the moment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._colours = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"

    @property
    def somebody_there(self) -> bool:
        return sys.stdin.isatty() and sys.stdout.isatty()

    def show(self, text: str) -> None:
        shown = printable(text)
        print(coloured(shown) if self._colours and sys.stdout.isatty() else shown)

    def agrees(self, question: str) -> bool:
        """Whether the person says yes; nothing said is no."""
        print(f"{printable(question)} [y/N] ", end="", flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")
