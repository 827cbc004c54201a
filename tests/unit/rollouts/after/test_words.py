"""What people are told of what follows a rollout, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.alerts.message import ENGLISH, FRENCH
from functions.rollouts.after import notice, reminder, told
from functions.rollouts.after.reminder import ASKED_SECONDS, DAY, owes
from functions.rollouts.after.rollback import Check, Status
from functions.rollouts.rollout import Rollout, Shift
from functions.rollouts.state import Phase, State
from functions.rollouts.templates import TEMPLATES
from tests.unit.rollouts.after.made import AT, CANDIDATE, CONTROL, rollback

ENDED = Rollout(
    "r-1",
    "f",
    "stories",
    CONTROL,
    CANDIDATE,
    TEMPLATES["canary"],
    AT - DAY,
    "person:a",
    "",
    State(Phase.SUCCEEDED),
    Shift(AT - DAY, AT - DAY, 3),
    decided_at=AT,
)


def test_a_failed_rollback_names_what_failed_and_what_to_do() -> None:
    checks = (
        Check("snapshot", Status.OK, AT, "All is well.", "Tout va bien."),
        Check("metrics", Status.FAILED, AT, "It is still served.", "Elle est encore servie."),
    )
    message = told.of_failure(rollback(checks=checks))
    assert message
    assert message.severity == "P1"
    english, french = message.texts[ENGLISH].text, message.texts[FRENCH].text
    assert english.startswith("It is still served. What to do:")
    assert french.startswith("Elle est encore servie. Que faire :")
    assert message.facts["checks"] == "metrics"
    assert told.of_failure(rollback(checks=checks[:1])) is None


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_notice_says_no_more_than_users_need(language: str) -> None:
    text = notice.of(rollback(reason="a bug", service="stories"))[language]
    for hidden in (CANDIDATE, CONTROL, "stories", "bug", "r-1"):
        assert hidden not in text


def test_the_newest_notices_are_kept() -> None:
    many = [notice.of(rollback(id=f"r-{number}", at=AT + number)) for number in range(30)]
    part = notice.with_notices(None, many, AT + 30)
    assert [each["id"] for each in part["notices"]] == [f"r-{n}" for n in range(29, 9, -1)]
    again = notice.with_notices(part, many[-1:], AT + 30)
    assert again == part, "the same rollback makes one notice"


@pytest.mark.parametrize(
    ("rollout", "after", "expected"),
    [
        pytest.param(ENDED, 0.0, False, id="just over"),
        pytest.param(ENDED, DAY, True, id="a day later"),
        pytest.param(ENDED, ASKED_SECONDS, False, id="long ago"),
        pytest.param(replace(ENDED, shift=None), DAY, False, id="nobody had it"),
        pytest.param(replace(ENDED, state=State(Phase.WATCHING)), DAY, False, id="it runs"),
        pytest.param(replace(ENDED, state=State(Phase.ABORTED)), DAY, True, id="aborted"),
    ],
)
def test_who_owes_lessons(rollout: Rollout, after: float, expected: bool) -> None:
    assert owes(rollout, AT + after) is expected


def test_a_reminder_names_some_and_counts_the_rest() -> None:
    many = [replace(ENDED, id=f"r-{number}") for number in range(12)]
    message = reminder.of_missing(many, AT)
    assert message
    assert message.texts[ENGLISH].title == "Lessons of 12 rollouts are not written down"
    assert " and 2 more." in message.texts[ENGLISH].text
    assert " et 2 de plus." in message.texts[FRENCH].text
    one = reminder.of_missing(many[:1], AT)
    assert one
    assert one.texts[ENGLISH].title == "Lessons of 1 rollout are not written down"
    assert one.texts[FRENCH].title == "Les leçons de 1 déploiement manquent"
    assert one.id == message.id, "one message a week"
    assert reminder.of_missing([], AT) is None
