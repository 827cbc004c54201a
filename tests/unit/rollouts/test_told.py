from dataclasses import replace

import pytest

from functions.rollouts import state
from functions.rollouts.plan import TEMPLATES
from functions.rollouts.rollout import Occasion, Rollout, moved
from functions.rollouts.told import of_transition
from functions.rollouts.verdict import Kind, Verdict

PENDING = Rollout(
    "r1", "stories.version", "stories", "1", "2", TEMPLATES["canary"], 0.0, "person:a", "why"
)
BAKING = moved(
    replace(PENDING, state=state.start(PENDING.state, 1.0)),
    state.begin(PENDING.plan, state.start(PENDING.state, 1.0), 2.0),
    Occasion(2.0, 5, "machine:tick"),
)
BY_HAND = Occasion(9.0, 6, "person:a", "looks odd")


def judged(kind: Kind, rule: str) -> Occasion:
    return Occasion(9.0, 6, "machine:tick", verdict=Verdict(kind, rule, "Because."))


@pytest.mark.parametrize(
    ("kind", "occasion", "severity", "text"),
    [
        ("rolled_back", judged(Kind.FAIL, "evidence"), "P1", "Because."),
        ("rolled_back", BY_HAND, "P2", "looks odd"),
        ("stepped_back", judged(Kind.FAIL, "internal"), "P1", "Because."),
        ("paused", judged(Kind.PAUSE, "upstream"), "P1", "Because."),
        ("paused", judged(Kind.PAUSE, "requests"), "P2", "Because."),
        ("paused", BY_HAND, "P3", "looks odd"),
        ("advanced", judged(Kind.PASS, "healthy"), "P3", "Because."),
        ("superseded", Occasion(9.0, 6, "machine:tick", "It is gone."), "P2", "It is gone."),
    ],
)
def test_who_is_woken(kind: str, occasion: Occasion, severity: str, text: str) -> None:
    message = of_transition(BAKING, kind, occasion)
    assert message
    assert (message.severity, message.texts["en"].text) == (severity, text)
    assert "stories.version → 2" in message.texts["en"].title


def test_one_message_a_transition() -> None:
    first = of_transition(BAKING, "started", BY_HAND)
    again = of_transition(BAKING, "started", BY_HAND)
    assert first == again
    assert of_transition(PENDING, "start_requested", BY_HAND) is None
