from dataclasses import replace

import pytest

from functions.rollouts import state
from functions.rollouts.rollout import Occasion, Rollout, moved
from functions.rollouts.templates import TEMPLATES
from functions.rollouts.told import of_transition, unexplained
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
    assert message.severity == severity
    assert message.texts["en"].text.startswith(text)
    assert "stories.version → 2" in message.texts["en"].title


def test_one_message_a_transition() -> None:
    first = of_transition(BAKING, "started", BY_HAND)
    again = of_transition(BAKING, "started", BY_HAND)
    assert first == again
    assert of_transition(PENDING, "start_requested", BY_HAND) is None


@pytest.mark.parametrize(
    ("actor", "english", "french"),
    [
        ("person:a", "Asked for by Ada.", "Demandé par Ada."),
        ("person:b", "Asked for by somebody.", "Demandé par quelqu'un."),
        ("machine:tick", "Asked for by Palier.", "Demandé par Palier."),
    ],
)
def test_who_asked_is_named(actor: str, english: str, french: str) -> None:
    plain, occasion = replace(BAKING, reason=""), Occasion(9.0, 6, actor)
    assert unexplained(plain, occasion)
    message = of_transition(plain, "advanced", occasion, {"person:a": "Ada"})
    assert message
    assert (message.texts["en"].text, message.texts["fr"].text) == (english, french)
    assert not unexplained(BAKING, occasion)
    assert not unexplained(plain, BY_HAND)


def test_what_palier_did_and_what_to_do_in_both_languages() -> None:
    message = of_transition(BAKING, "rolled_back", judged(Kind.FAIL, "evidence"))
    assert message
    assert message.texts["en"].text == (
        "Because. The split had last changed 7 s before. All users get 1 again. 2 is not released "
        "anew without an override. What to do: find out what failed before you release it again "
        "(palier rollout show r1)."
    )
    assert message.texts["fr"].text == (
        "Because. Le partage avait changé 7 s plus tôt. Tous les utilisateurs retrouvent 1. 2 ne "
        "repart pas sans dérogation. Que faire : trouvez la cause avant de relancer la version "
        "(palier rollout show r1)."
    )
    by_hand = of_transition(BAKING, "superseded", BY_HAND)
    assert by_hand
    assert "Personne n'a eu 2." in by_hand.texts["fr"].text
