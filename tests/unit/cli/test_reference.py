"""docs/reference/cli.md names every verb with all of its options, and no others."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import pytest

from cli.arguments import parser
from local.paths import ROOT

PAGE = (ROOT / "docs/reference/cli.md").read_text()
COMMON = {"-h", "--help", "--output"}
BUNDLE = {"--url", "--application", "--environment"}
"""Explained once: every verb has the first, every one that asks a bundle the second."""


def _verbs(of: argparse.ArgumentParser) -> Iterator[tuple[str, set[str], set[str]]]:
    """The words of each verb, its options, and what it takes without a name."""
    groups = [each for each in of._actions if isinstance(each, argparse._SubParsersAction)]
    if not groups:
        named = {option for action in of._actions for option in action.option_strings}
        plain = {str(each.metavar) for each in of._actions if not each.option_strings}
        yield of.prog, named, plain
    for group in groups:
        for verb in group.choices.values():
            yield from _verbs(verb)


VERBS = {prog: (options, plain) for prog, options, plain in _verbs(parser())}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_with_its_options(verb: str) -> None:
    options, plain = VERBS[verb]
    found = re.search(rf"^### `{verb}( [^`]*)?`$(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"no section for {verb}"
    assert {word.strip("[].") for word in (found[1] or "").split() if word.isupper()} == plain
    said = set(re.findall(r"--[a-z][a-z-]*", found[2].partition("```")[0]))
    own = options - COMMON - (BUNDLE if "--url" in options else set())
    assert said == own


def test_no_verb_that_does_not_exist() -> None:
    for line in re.findall(r"^(?:### `)?(palier [a-z].*?)`?$", PAGE, re.MULTILINE):
        assert any(line.startswith(verb) for verb in VERBS), line


def test_every_example_can_be_parsed() -> None:
    examples = re.findall(r"^(palier .*?)(?:\s+#.*)?$", PAGE, re.MULTILINE)
    assert len(examples) >= 8
    known = parser()
    for line in examples:
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
        known.parse_args(words[1:])
