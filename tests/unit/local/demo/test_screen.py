"""The demo's screen, as a terminal shows it."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from functions.alerts.rules import FIRING, Key, State
from local.demo.screen import View, draw
from local.demo.traffic import Call

NOW = 1_000.0
VIEW = View(
    act="A release",
    control="1.2.0",
    candidate="1.3.0",
    share=10.0,
    users=240,
    now=NOW,
    calls=[
        Call(NOW - 2, NOW - 1, "a", "1.2.0", "OK"),
        Call(NOW - 2, NOW - 1, "b", "1.3.0", "OPENAI_ERROR"),
        Call(NOW - 90, NOW - 89, "c", "1.2.0", "TIMEOUT"),
    ],
)


def shown(view: View) -> str:
    console = Console(width=130, file=io.StringIO())
    with console.capture() as captured:
        console.print(draw(view))
    return captured.get()


def test_both_versions_stand_beside_their_thresholds() -> None:
    text = shown(VIEW)
    assert "1.3.0 10 %, 1.2.0 90 %" in text
    assert "P1 > 5 %, P2 > 2 %, P3 > 1 %" in text
    assert "P1 > 30 s" in text
    rows = {version: _row(text, version) for version in ("1.2.0", "1.3.0")}
    assert rows["1.2.0"] == ["1.2.0", "1", "0", "%", "1", "s"]
    assert rows["1.3.0"] == ["1.3.0", "1", "100", "%", "1", "s"]


def _row(text: str, version: str) -> list[str]:
    """The words of the line that begins with a version."""
    lines = (line.strip("│ ").split() for line in text.splitlines())
    return next(words for words in lines if words and words[0] == version)


def test_what_is_long_ago_is_not_shown() -> None:
    later = replace(VIEW, now=NOW + 60)
    assert _row(shown(later), "1.2.0") == ["1.2.0", "0", "-", "-"]


def test_firing_alerts_and_transitions() -> None:
    alert = State(Key("p1-error-rate", "stories", "1.3.0"), "P1", FIRING, NOW, 0.05)
    moved = {
        "second": 18.3,
        "rollout": "1.3.0",
        "kind": "rolled_back",
        "percentage": 0.0,
        "sentence": "Rolled back: 9 users hit errors on the new version.",
    }
    text = shown(replace(VIEW, alerts=[alert], transitions=[moved]))
    assert "P1 error-rate 1.3.0" in text
    assert "18.3 s" in text
    assert "Rolled back: 9 users" in text
    assert "No alert fires" in shown(VIEW)


def test_without_a_candidate_one_serves_everybody() -> None:
    assert "1.2.0 serves everybody" in shown(replace(VIEW, candidate=""))
