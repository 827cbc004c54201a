"""What people are told of a scheduled change that was not made, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from functions.alerts.scheduled import ANY_OTHER, of_failure
from functions.errors import PayloadTooLarge
from functions.flags import firing
from functions.flags import schedule as moves
from functions.flags.composition import Prerequisite
from functions.flags.flag import Flag
from functions.flags.schedule import Action, Schedule, State, Wish
from functions.published import encode_part
from tests.unit.flags.test_firing import BY, DEFINITION, FLAG, NOW, PLENTY, scheduled, standing

READER = Flag("new-reader", {"state": "ENABLED", "variants": {"on": True}})
NEEDS = replace(
    Flag("inner", DEFINITION, prerequisites=(Prerequisite("f", ("on",)),)), off_variant="off"
)


def test_a_scheduled_change_that_was_not_made() -> None:
    wish = Wish(1060.0, Action.KILL)
    schedule = moves.new("s-1", READER, wish, 1000.0, "person:ada", "the night")
    told = of_failure(moves.fail(schedule, 1065.0, "machine:tick", "The flag is archived."))
    assert told == of_failure(moves.fail(schedule, 1065.0, "machine:tick", "The flag is archived."))
    assert (told.id, told.severity) == ("schedule-s-1", "P2")
    assert told.texts["en"].title == "new-reader: the scheduled kill was not made"
    assert told.texts["en"].text.startswith(
        "The flag is archived. Nothing was changed. What to do: "
    )
    assert told.texts["fr"].title == "new-reader : la coupure programmée n'a pas été faite"
    assert "the night" not in str(told), "what people write as a reason stays out of logs"


@pytest.mark.parametrize("action", list(Action))
def test_every_action_has_its_french(action: Action) -> None:
    archived = action is Action.RESTORE
    changes = {"owner": "x"} if action is Action.EDIT else None
    schedule = scheduled(1, replace(FLAG, archived=archived), changes, action)
    title = of_failure(moves.fail(schedule, NOW, BY, "No.")).texts["fr"].title
    assert action.value not in title
    assert "programmé" in title


def failed(schedule: Schedule, *flags: Flag, **world: Any) -> Schedule:
    [effect] = firing.fire(standing(flags, [schedule], **world), [schedule], NOW, BY, PLENTY)
    assert effect.schedule.state is State.FAILED
    return effect.schedule


def too_large() -> Schedule:
    noise = Random(1).randbytes(1_500_000).hex()
    with pytest.raises(PayloadTooLarge) as refused:
        encode_part("flags", {"noise": noise}, NOW)
    return moves.fail(scheduled(1, FLAG, {"owner": "x"}), NOW, BY, str(refused.value))


OFF_ONLY = {"state": "ENABLED", "variants": {"off": False}, "defaultVariant": "off"}
ARCHIVED = replace(FLAG, archived=True)
EDIT = scheduled(1, FLAG, {"owner": "x"})
FAILURES: dict[str, Callable[[], Schedule]] = {
    "n'existe plus": lambda: failed(EDIT),
    "a modifié : owner.": lambda: failed(EDIT, replace(FLAG, owner="press", revision=2)),
    "est archivé": lambda: failed(EDIT, ARCHIVED),
    "utilisé par : rollout r-1.": lambda: failed(
        scheduled(1, FLAG, action=Action.ARCHIVE), FLAG, used={"f": ["rollout r-1"]}
    ),
    "le drapeau inner a besoin": lambda: failed(
        scheduled(1, FLAG, {"definition": OFF_ONLY}), FLAG, NEEDS
    ),
    "contient déjà 0 drapeaux": lambda: failed(
        scheduled(1, ARCHIVED, action=Action.RESTORE), ARCHIVED, most=0
    ),
    "ne tiendraient plus": too_large,
    "GET /v1/schedules/s-1": lambda: failed(scheduled(1, FLAG, {"off_variant": "blue"}), FLAG),
}


@pytest.mark.parametrize("said", FAILURES)
def test_why_in_french_as_it_really_fails(said: str) -> None:
    schedule = FAILURES[said]()
    told = of_failure(schedule).texts
    assert schedule.why
    assert schedule.why in told["en"].text
    assert schedule.why not in told["fr"].text
    assert said in told["fr"].text
    assert (ANY_OTHER in told["fr"].text) == ("GET" in said)
