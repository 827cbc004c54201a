"""The prompts of the bundle: files under `prompts/`, named by their id, known by their hash.

A prompt that a version names never changes: a new wording is a new file. The unit tests hold the
hashes of all of them, and a version whose prompt has changed all the same is refused when served.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from functions.errors import NotFound

FOLDER = Path(__file__).parent / "prompts"
IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Prompt:
    id: str
    text: str
    hash: str


@functools.cache
def load(identifier: str) -> Prompt:
    """The prompt of that id. Raises NotFound when this bundle doesn't have it."""
    path = FOLDER / f"{identifier}.md"
    if not IDENTIFIER.fullmatch(identifier) or not path.is_file():
        raise NotFound(
            "This bundle has no prompt of that id.",
            remedy=f"Name one of: {', '.join(identifiers())}; or deploy a bundle that has it.",
        )
    text = path.read_text(encoding="utf-8")
    return Prompt(identifier, text, hashlib.sha256(text.encode()).hexdigest())


def identifiers() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.md"))
