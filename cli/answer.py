"""What a command has to say: an answer, a change to agree to, or what went wrong. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

UNHEALTHY = 1
USAGE = 2
UNCONFIRMED = 3


@dataclass(frozen=True)
class Answer:
    """`data` for `--output json`, `text` for people."""

    data: Any
    text: str
    exit_code: int = 0


@dataclass(frozen=True)
class Proposal:
    """A change that is shown first; `carry_out` makes it once somebody has agreed."""

    data: Any
    text: str
    question: str
    carry_out: Callable[[], Answer]


class Failed(Exception):
    """A command that could not be carried out.

    `problem` has the fields of the API's problem+json: code, detail (what happened), message (what
    that means), remedy (what to do), request_id. All but `detail` may be missing.
    """

    def __init__(self, problem: Mapping[str, Any], exit_code: int = UNHEALTHY) -> None:
        super().__init__(problem.get("detail", ""))
        self.problem = dict(problem)
        self.exit_code = exit_code

    def to_json(self) -> dict[str, Any]:
        return {"error": self.problem}

    def text(self) -> str:
        """What happened, what it means, what to do, and where to look."""
        lines = [f"palier: {_said(self.problem)}"]
        for label, name in (
            ("It means:  ", "message"),
            ("What to do:", "remedy"),
            ("Request id:", "request_id"),
        ):
            if self.problem.get(name):
                lines.append(f"  {label} {self.problem[name]}")
        return "\n".join(lines)


def _said(problem: Mapping[str, Any]) -> str:
    detail = str(problem.get("detail") or "The command failed.")
    return f"{detail} [{problem['code']}]" if problem.get("code") else detail
