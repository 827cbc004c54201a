"""Messages reach their channels: through receivers that fail in every way, in order, and once
unless an answer was lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.alerts import outbox
from functions.alerts.channels.catalog import CHANNELS
from functions.alerts.channels.send import Sender
from functions.alerts.channels.store import state_path
from functions.alerts.channels.transport import Transport
from functions.alerts.message import Event
from functions.alerts.outbox import Delivered
from functions.alerts.outbox.delivery import CLAIM_SECONDS, GIVEN_UP_SECONDS
from functions.alerts.outbox.route import route_new
from functions.alerts.outbox.store import DELIVERIES
from functions.clock import ManualClock
from functions.documents import Store, Write
from tests.emulator.alerts.outbox.world import NOW, SCOPE, SENDER, Office, message
from tests.servers.receiver import Behaviour, Receiver, drip, drop, hang, status, taken


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


@pytest.fixture
def slack(office: Office) -> Iterator[Receiver]:
    """A receiver that takes everything; each test writes its script anew."""
    with Receiver([taken()]) as server:
        office.channel("slack", server.address)
        office.route("all", "slack")
        yield server


def told(server: Receiver) -> list[str]:
    return [each.json["text"].split(" ")[-1] for each in server.received]


def test_without_routes_the_log_is_told_once(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.write(message("a"))
    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(lambda _: office.look(), range(3)))
    assert sum(each.sent for each in ended) == 1
    office.clock.advance(10**6)
    assert office.look() == Delivered()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [line] = [each for each in lines if each["message"] == "notification"]
    assert line["title"] == "About a"
    assert line["environment"] == SCOPE.environment
    assert line["service"] == "stories"
    assert office.statuses() == {"a_log": "delivered"}


def test_a_message_arrives(office: Office, slack: Receiver) -> None:
    office.write(message("a"))
    assert office.look() == Delivered(sent=1)
    assert told(slack) == ["a"]
    assert office.statuses() == {"a_slack": "delivered"}


FAILURES: dict[str, tuple[Behaviour, int]] = {
    "hangs": (hang, 1),
    "drips": (drip, 1),
    "answers 500": (status(500), 1),
    "answers 429": (status(429), 1),
    "redirects": (status(307, location="http://127.0.0.1:1/"), 1),
    "drops the connection": (drop, 1),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_each_message_arrives_after_failures(office: Office, slack: Receiver, failure: str) -> None:
    """Two attempts fail, the third is taken; as often as that the receiver hears of it."""
    behaviour, _ = FAILURES[failure]
    slack.script = [behaviour, behaviour, taken()]
    office.write(message("a"))
    began = time.monotonic()
    assert office.look() == Delivered(failed=1)
    assert time.monotonic() - began < 3, "one that hangs costs one time limit"
    office.looks(60)
    assert told(slack) == ["a"] * 3
    assert office.statuses() == {"a_slack": "delivered"}


def test_nobody_listens_and_then_somebody_does(office: Office) -> None:
    with Receiver([taken()]) as server:
        office.channel("slack", server.address.replace(str(server.port), "1"))
        office.route("all", "slack")
        office.write(message("a"))
        assert office.look() == Delivered(failed=1)
        office.channel("slack", server.address)
        office.looks(30)
        assert told(server) == ["a"]


def test_a_message_that_is_not_taken_is_dead_at_once_and_stops_no_other(
    office: Office, slack: Receiver
) -> None:
    slack.script = [status(400, "invalid_blocks"), taken()]
    office.write(message("a"), message("b"))
    assert office.look() == Delivered(sent=1, dead=1)
    assert told(slack) == ["a", "b"]
    dead = office.deliveries()["a_slack"]
    assert dead.status.value == "dead"
    assert "invalid_blocks" in dead.reason
    office.looks(60)
    assert told(slack) == ["a", "b"], "a 400 is never tried again"


def test_410_switches_the_channel_off(office: Office, slack: Receiver) -> None:
    slack.script = [status(410)]
    office.write(message("a"), message("b"))
    office.look()
    office.write(message("c", about="rollouts/r2"))
    office.looks(30)
    assert told(slack) == ["a"]
    assert set(office.statuses().values()) == {"dead"}
    assert "switched off" in office.deliveries()["c_slack"].reason


def test_429_is_respected_for_all_that_the_channel_is_told(office: Office, slack: Receiver) -> None:
    slack.script = [status(429, Retry_After="120"), taken()]
    office.write(message("a"))
    office.look()
    office.write(message("b", about="rollouts/r2"))
    office.looks(110)
    assert told(slack) == ["a"]
    office.looks(40)
    assert sorted(told(slack)) == ["a", "a", "b"]


def test_given_up_after_a_day_and_listed(office: Office, slack: Receiver) -> None:
    slack.script = [status(503)]
    office.write(message("a"))
    office.looks(GIVEN_UP_SECONDS + 7200, every=900)
    assert office.statuses() == {"a_slack": "dead"}
    dead = office.deliveries()["a_slack"]
    assert dead.reason.startswith("503")
    assert dead.attempts == len(slack.received)
    assert 20 < dead.attempts < 60
    assert outbox_dead(office) == 1


def outbox_dead(office: Office) -> int:
    from functions.alerts.outbox.store import dead

    return dead(office.store, SCOPE)


def test_what_is_about_the_same_comes_in_order(office: Office, slack: Receiver) -> None:
    """The trigger fails; its resolve is due by then, and waits. News of something else does not."""
    slack.script = [status(500), taken()]
    office.write(
        message("trigger", Event.TRIGGER, "incidents/1"),
        message("resolve", Event.RESOLVE, "incidents/1"),
    )
    office.look()
    office.write(message("other", about="incidents/2"))
    office.look()
    assert told(slack) == ["trigger", "other"]
    office.looks(40)
    assert told(slack) == ["trigger", "other", "trigger", "resolve"]


def test_of_one_moment_the_trigger_comes_first(office: Office, slack: Receiver) -> None:
    events = {"a": Event.RESOLVE, "b": Event.ACKNOWLEDGE, "c": Event.UPDATE, "d": Event.TRIGGER}
    now = office.clock.now()
    office.store.commit(
        [
            outbox.enqueue(SCOPE, message(name, event, "incidents/1"), now)
            for name, event in events.items()
        ]
    )
    office.look()
    assert told(slack) == ["d", "c", "b", "a"]


def test_the_end_is_told_to_whoever_heard_of_the_beginning(office: Office, slack: Receiver) -> None:
    """The route was changed meanwhile: a page that nobody resolves would stay open for ever."""
    office.route("all", "slack", levels=["L2"])
    first = message("begun", Event.TRIGGER, "incidents/1")
    office.write(first.__class__(**{**vars(first), "level": "L2"}))
    office.look()
    office.route("all", "slack", levels=["L3"])
    office.write(message("ended", Event.RESOLVE, "incidents/1"))
    office.look()
    assert told(slack) == ["begun", "ended"]


def test_a_channel_that_hangs_delays_no_other(office: Office, slack: Receiver) -> None:
    with Receiver([hang]) as hanging:
        office.channel("hanging", hanging.address)
        office.route("all", "hanging", "slack")
        office.write(*(message(f"m{n}", about=f"rollouts/{n}") for n in range(5)))
        began = time.monotonic()
        assert office.look() == Delivered(sent=5, failed=1)
        assert time.monotonic() - began < 3
        assert slack.times[-1] - began < 1.5
        assert len(hanging.received) == 1, "left alone after the first failure"


def test_a_channel_that_was_removed_leaves_dead_letters(office: Office, slack: Receiver) -> None:
    slack.script = [status(500)]
    office.write(message("a"))
    office.look()
    from functions.catalog import remove
    from functions.changes import Change, commit_change
    from functions.identity import Actor, Permission

    change = Change(SCOPE, Actor.operator("test"), Permission.EDIT_ALERTS, "a test")
    commit_change(office.store, office.clock, change, remove(CHANNELS, "slack"))
    office.clock.advance(60)
    assert office.look() == Delivered(dead=1)
    assert "no such channel" in office.deliveries()["a_slack"].reason


def test_a_process_that_dies_while_sending_leaves_the_message_due(
    office: Office, slack: Receiver
) -> None:
    class Dying(Transport):
        def post(self, post: object) -> object:  # type: ignore[override]
            raise KeyboardInterrupt

    office.write(message("a"))
    with pytest.raises(KeyboardInterrupt):
        office.look(Sender(Dying(local=True)))
    assert office.look() == Delivered()
    office.clock.advance(CLAIM_SECONDS)
    assert office.look() == Delivered(sent=1)
    assert told(slack) == ["a"]


def test_whose_claim_is_nearly_over_sends_nothing(office: Office, slack: Receiver) -> None:
    """Held up once the claim stands, while somebody else may be about to send."""

    class HeldUp(ManualClock):
        jumped = False

        def now(self) -> float:
            if not self.jumped and office.deliveries()["a_slack"].attempts:
                self.jumped = True
                self.advance(CLAIM_SECONDS - 10)
            return super().now()

    office.write(message("a"))
    route_new(office.store, SCOPE, office.clock.now())
    office.clock = HeldUp(office.clock.now())
    assert office.look() == Delivered()
    assert told(slack) == []
    office.clock.advance(10)
    assert office.look() == Delivered(sent=1)
    assert told(slack) == ["a"]


def test_many_looks_at_once_tell_each_once_and_in_order(office: Office, slack: Receiver) -> None:
    names = [f"m{n}" for n in range(8)]
    office.write(*(message(name) for name in names))
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            list(pool.map(lambda _: office.look(), range(4)))
            office.clock.advance(1)
    assert told(slack) == names


def test_an_unreadable_message_stops_no_other(office: Office, slack: Receiver) -> None:
    write = outbox.enqueue(SCOPE, message("bad"), office.clock.now())
    office.store.commit([Write.create(write.path, {**write.data, "event": "nonsense"})])
    office.write(message("good"))
    office.look()
    assert told(slack) == ["good"]
    document = office.store.get(SCOPE.doc("outbox", "bad"))
    assert document is not None
    assert document.data["status"] == "unreadable"


def test_a_delivery_of_a_later_version_stops_no_other(office: Office, slack: Receiver) -> None:
    office.write(message("good"))
    route_new(office.store, SCOPE, office.clock.now())
    document = office.store.get(SCOPE.doc(DELIVERIES, "good_slack"))
    assert document is not None
    newer = {**document.data, "event": "postmortem", "message": "newer"}
    path = SCOPE.doc(DELIVERIES, "newer_slack")
    office.store.commit([Write.create(path, newer)])
    assert office.look() == Delivered(sent=1)
    assert told(slack) == ["good"]
    assert list(office.deliveries()) == ["good_slack"]
    kept = office.store.get(path)
    assert kept is not None
    assert kept.data["status"] == "due", "a version that can read it tells it"


def test_a_routed_message_of_a_later_version_stops_no_other(
    office: Office, slack: Receiver
) -> None:
    office.write(message("newer", about="rollouts/r2"), message("good"))
    route_new(office.store, SCOPE, office.clock.now())
    document = office.store.get(SCOPE.doc("outbox", "newer"))
    assert document is not None
    office.store.commit([Write.update(document, {**document.data, "event": "postmortem"})])
    assert office.look() == Delivered(sent=1, failed=1)
    assert told(slack) == ["good"]
    assert office.statuses() == {"newer_slack": "due", "good_slack": "delivered"}
    assert office.store.get(state_path(SCOPE, "slack")) is None, "the channel is well"


def test_a_state_that_can_not_be_read_stops_no_other_channel(
    office: Office, slack: Receiver
) -> None:
    with Receiver([taken()]) as other:
        office.channel("odd", other.address)
        office.route("all", "odd", "slack")
        office.store.commit([Write.set(state_path(SCOPE, "odd"), {"mood": "odd"})])
        office.write(message("a"))
        assert office.look() == Delivered(sent=1)
    assert told(slack) == ["a"]


def test_a_channel_of_a_later_version_is_told_by_one_that_can_read_it(
    office: Office, slack: Receiver
) -> None:
    """Neither lost when it is routed nor when it is sent."""
    office.define(CHANNELS, "slack", {"kind": "pigeon"})
    office.write(message("a"))
    assert office.look() == Delivered(failed=1)
    assert office.statuses() == {"a_slack": "due"}
    office.define(CHANNELS, "slack", {"kind": "slack", "later_field": [1]})
    office.clock.advance(60)
    assert office.look() == Delivered(sent=1)
    assert told(slack) == ["a"]


@pytest.mark.parametrize("part", ["channels", "routes"])
def test_people_are_told_although_what_is_published_is_damaged(
    office: Office, slack: Receiver, part: str
) -> None:
    pointer = office.store.get(SCOPE.doc("published", "current"))
    assert pointer is not None
    path = SCOPE.doc("parts", pointer.data["parts"][part])
    office.store.commit([Write.set(path, {"name": part, "body": b"damaged"})])
    office.write(message("a"))
    assert office.look() == Delivered(sent=1)
    assert told(slack) == ["a"]


def test_an_idle_look_costs_two_reads(office: Office, slack: Receiver) -> None:
    before = dict(office.store.operations)
    office.look()
    after = dict(office.store.operations)
    assert after["reads"] - before["reads"] == 2
    assert after["commits"] == before["commits"]


def test_secrets_stand_in_no_delivery_and_no_log(
    office: Office, slack: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    """A receiver that repeats what it was sent."""
    canary = "routing-key-canary-0123456789abc"
    with Receiver([status(500, f"bad {canary}")]) as echo:
        office.channel("pager", echo.address, "pagerduty", {"routing_key": canary})
        office.route("all", "pager")
        office.write(message("a"))
        office.look()
        assert echo.received[0].json["routing_key"] == canary
    assert canary not in json.dumps([each.to_view() for each in office.deliveries().values()])
    output = capsys.readouterr()
    assert canary not in output.out + output.err


def test_old_messages_and_deliveries_are_deleted(office: Office) -> None:
    office.write(message("a"))
    office.look()
    end = NOW + outbox.KEPT_SECONDS + 1
    assert outbox.cleanup(office.store, SCOPE, NOW + outbox.KEPT_SECONDS - 1) == 0
    assert outbox.cleanup(office.store, SCOPE, end) == 2


def test_without_the_local_setting_nothing_on_this_machine_is_called(
    office: Office, slack: Receiver
) -> None:
    office.write(message("a"))
    assert office.look(Sender()) == Delivered(failed=1)
    assert slack.received == []
    office.clock.advance(60)
    assert office.look(SENDER) == Delivered(sent=1)
