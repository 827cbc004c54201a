"""What a terminal is given, and what it is asked: a real one, as a program sees it."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cli import __main__ as command
from cli.answer import Answer, Proposal
from cli.terminal import Terminal, coloured, printable

PLAN = {"flags": ["a"]}
DIFF = 'a:\n  - state: "ENABLED"\n  + state: "DISABLED"'


@contextmanager
def terminal(typed: str) -> Iterator[int]:
    """Standard input and output are a terminal, somebody types; yields where to read it from."""
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    saved = sys.stdin, sys.stdout
    with open(theirs, "w", closefd=False) as out, open(theirs, closefd=False) as inside:
        sys.stdin, sys.stdout = inside, out
        try:
            yield ours
        finally:
            out.flush()
            sys.stdin, sys.stdout = saved
            os.close(ours)
            os.close(theirs)


def read(ours: int) -> str:
    """All that was said up to the question: a terminal hands it on piece by piece."""
    said = b""
    while b"Change it? [y/N] " not in said:
        said += os.read(ours, 1000)
    return said.decode()


def settle(*, agreed: bool = False, as_json: bool = False, **environ: str) -> tuple[Answer, bool]:
    """What comes of a proposal, and whether it was carried out."""
    done: list[bool] = []

    def carry_out() -> Answer:
        done.append(True)
        return Answer({"generation": 2}, "Done.")

    proposal = Proposal(PLAN, DIFF, "Change it?", carry_out)
    told = command._settled(proposal, Terminal(environ), agreed=agreed, as_json=as_json)
    return told, bool(done)


@pytest.mark.parametrize(
    ("typed", "done"),
    [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("\4", False)],
)
def test_a_person_is_asked(typed: str, done: bool) -> None:
    with terminal(typed) as ours:
        answer, carried_out = settle()
        said = read(ours)
    assert '\x1b[31m  - state: "ENABLED"\x1b[0m' in said
    assert carried_out is done
    assert answer.exit_code == (0 if done else 3)


def test_no_colour_where_none_is_wanted() -> None:
    with terminal("n\n") as ours:
        settle(NO_COLOR="1")
        assert "\x1b" not in read(ours)


def test_nobody_there(capsys: pytest.CaptureFixture[str]) -> None:
    answer, done = settle()
    assert (answer.exit_code, done) == (3, False)
    assert "Nothing was changed" in answer.text
    assert capsys.readouterr().out == DIFF + "\n\n"


def test_programs_agree_beforehand(capsys: pytest.CaptureFixture[str]) -> None:
    assert settle(agreed=True) == (Answer({"generation": 2}, "Done."), True)
    assert capsys.readouterr().out == DIFF + "\n\n", "the log of a CI shows what was done"
    assert settle(as_json=True) == (Answer(PLAN, "", 3), False)
    assert settle(agreed=True, as_json=True)[1]
    assert capsys.readouterr().out == ""


def test_text_of_others_does_not_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb\nc\x9b\u202ed") == "a\\u001b[2Jb\nc\\u009b\\u202ed"
    assert printable("déjà vu: 日本, 👩‍🚀") == "déjà vu: 日本, 👩‍🚀"


def test_colours_are_for_diffs() -> None:
    assert coloured("a-b\n+c\n- d") == "a-b\n+c\n\x1b[31m- d\x1b[0m"
