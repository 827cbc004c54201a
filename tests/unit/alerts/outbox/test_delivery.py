"""What follows from each attempt."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from functions.alerts.channels import state
from functions.alerts.channels.outcome import Became, Outcome
from functions.alerts.message import Event
from functions.alerts.outbox import kept
from functions.alerts.outbox.delivery import (
    ATTEMPT_SECONDS,
    CLAIM_SECONDS,
    GIVEN_UP_SECONDS,
    JITTER,
    PAUSES,
    Delivery,
    Status,
    of_message,
    overtaken,
    pause,
    waiting,
)
from functions.documents import Scope
from tests.unit.alerts.channels.letters import letter

NOW = 1_800_000_000.0
MESSAGE = letter().message
FRESH = of_message(MESSAGE, "pager", NOW, NOW)
LATER = Outcome(Became.LATER, "503")
OUTCOMES = st.builds(
    Outcome, st.sampled_from(list(Became)), st.text(max_size=20), st.none() | st.floats(0, 3600)
)


def test_the_way_of_one_that_fails_for_a_day() -> None:
    delivery, now, times = FRESH, NOW, []
    while delivery.status is Status.DUE:
        times.append(now - NOW)
        delivery = delivery.claimed(now).after(LATER, now, luck=0.5)
        now = delivery.due_at or now
    assert times[:7] == [0, 10, 30, 60, 120, 240, 540]
    assert times[-1] >= GIVEN_UP_SECONDS > times[-2]
    assert (delivery.status, delivery.reason) == (Status.DEAD, "503")
    assert delivery.attempts == len(times) == 33


@given(st.lists(st.tuples(OUTCOMES, st.floats(0, 1), st.floats(0, 7200)), max_size=60))
def test_whatever_happens_it_ends_within_a_day_or_is_due(
    attempts: list[tuple[Outcome, float, float]],
) -> None:
    delivery, now = FRESH, NOW
    for outcome, luck, late in attempts:
        if delivery.status is not Status.DUE:
            assert delivery.due_at is None
            assert delivery.ended_at is not None
            break
        assert delivery.due_at is not None
        now = delivery.due_at + late
        claimed = delivery.claimed(now)
        assert claimed.due_at == now + CLAIM_SECONDS
        delivery = claimed.after(outcome, now, luck)
        if outcome.became is Became.TAKEN:
            assert delivery.status is Status.DELIVERED
        elif outcome.became is not Became.LATER or now - NOW >= GIVEN_UP_SECONDS:
            assert delivery.status is Status.DEAD
        else:
            assert delivery.due_at is not None
            assert delivery.due_at >= now + max(outcome.wait or 0, PAUSES[0] * (1 - JITTER))
    assert Delivery.from_document(delivery.to_document(NOW)).to_view()["status"] == delivery.status


@given(st.integers(1, 100), st.floats(0, 1))
def test_pauses_grow(attempts: int, luck: float) -> None:
    assert 8 <= pause(attempts, luck) <= 4321
    assert pause(attempts, 0.5) <= pause(attempts + 1, 0.5)


def test_a_dead_one_has_another_day() -> None:
    dead = FRESH.claimed(NOW).after(Outcome(Became.NEVER, "400"), NOW, 0.5)
    again = dead.again(NOW + 10**6)
    assert (again.status, again.attempts, again.due_at) == (Status.DUE, 0, NOW + 10**6)
    later = again.claimed(NOW + 10**6).after(LATER, NOW + 10**6, 0.5)
    assert later.status is Status.DUE


def test_the_order_of_a_channel() -> None:
    made = [
        Delivery(name, "c", "a", event, "P1", at, NOW, NOW)
        for name, event, at in [
            ("late", Event.TRIGGER, 2.0),
            ("end", Event.RESOLVE, 1.0),
            ("begin", Event.TRIGGER, 1.0),
            ("taken", Event.ACKNOWLEDGE, 1.0),
        ]
    ]
    assert [each.message for each in waiting(made)] == ["begin", "taken", "end", "late"]


def test_a_channel_fails_rests_and_is_well_again() -> None:
    failing = state.after(None, Outcome(Became.LATER, "429", 60.0), NOW)
    assert failing is not None
    assert (failing.word, failing.resting(NOW + 59), failing.resting(NOW + 60)) == (
        "failing",
        True,
        False,
    )
    still = state.after(failing, LATER, NOW + 60)
    assert still is not None
    assert (still.since, still.resting(NOW + 60)) == (NOW, False)
    assert state.after(still, Outcome(Became.NEVER), NOW + 61) == still
    assert state.after(still, Outcome(Became.TAKEN), NOW + 61) is None
    gone = state.after(still, Outcome(Became.GONE, "410"), NOW + 61)
    assert gone is not None
    assert gone.word == "off"
    assert state.State.from_document(gone.to_document()) == gone


def test_a_message_that_an_older_bundle_wrote_is_told() -> None:
    old = {
        "severity": "P2",
        "about": "rollouts/r",
        "title": "It moves",
        "text": "Because.",
        "facts": "{}",
    }
    found = kept.message("m", old)
    assert found.texts["fr"] == found.texts["en"]
    assert (found.texts["en"].title, found.event) == ("It moves", Event.NEWS)


def test_a_message_is_kept_as_it_is() -> None:
    write = kept.enqueue(Scope("main", "production"), MESSAGE, NOW)
    assert write.path.endswith("/outbox/m-1")
    assert kept.message("m-1", write.data) == MESSAGE


def told(name: str, event: Event, status: Status = Status.DEAD, at: float = NOW) -> Delivery:
    return Delivery(name, "c", "incidents/1", event, "P1", at, NOW, None, status)


def test_a_dead_one_that_a_later_one_has_overtaken() -> None:
    dead = told("begin", Event.TRIGGER)
    for event in (Event.UPDATE, Event.ACKNOWLEDGE, Event.RESOLVE):
        later = told("later", event, Status.DELIVERED, NOW + 1)
        assert overtaken(dead, [dead, later]) == later
    for status in Status:
        end = told("end", Event.RESOLVE, status, NOW + 1)
        assert overtaken(dead, [end]) == end, "the end may be on its way"
        assert overtaken(end, [dead, end]) is None


def test_what_no_later_one_contradicts_is_tried_anew() -> None:
    dead = told("begin", Event.TRIGGER)
    for other in (
        told("before", Event.RESOLVE, Status.DELIVERED, NOW - 1),
        told("lost", Event.UPDATE, Status.DEAD, NOW + 1),
        replace(told("x", Event.RESOLVE, at=NOW + 1), channel="another"),
        replace(told("x", Event.RESOLVE, at=NOW + 1), about="incidents/2"),
    ):
        assert overtaken(dead, [dead, other]) is None
    news = told("news", Event.NEWS)
    assert overtaken(news, [told("later", Event.NEWS, Status.DELIVERED, NOW + 1)]) is None


def test_an_attempt_begins_only_when_it_ends_within_its_claim() -> None:
    claimed = FRESH.claimed(NOW)
    last = NOW + CLAIM_SECONDS - ATTEMPT_SECONDS
    assert claimed.held(NOW)
    assert claimed.held(last)
    assert not claimed.held(last + 0.1)
