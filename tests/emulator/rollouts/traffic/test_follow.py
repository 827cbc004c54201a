"""Traffic follows a rollback: with the real client, on a local Cloud Run that has its own mind."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from google.cloud import firestore

from functions.catalog import remove
from functions.metrics.store import load_recent
from functions.rollouts import commands
from functions.rollouts.after import store as rollbacks
from functions.rollouts.after.rollback import Status
from functions.rollouts.after.verify import verify
from functions.rollouts.traffic import catalog
from functions.rollouts.traffic.catalog import SERVING
from functions.rollouts.traffic.cloud_run import CloudRun, CloudRunError, Denied, Unreachable
from functions.rollouts.traffic.follow import Follower
from functions.rollouts.traffic.move import Became
from functions.rollouts.traffic.observed import Observed
from local.monitoring.faults import Fault
from tests.emulator.rollouts.counted import CountedStore
from tests.emulator.rollouts.traffic.cloud import NAME, Cloud, clouds
from tests.emulator.rollouts.world import ASKED, CONTROL, connect


def test_after_a_rollback_all_traffic_goes_to_the_stable_revision(cloud: Cloud) -> None:
    cloud.rolled_back()
    assert cloud.shares() == {cloud.new: 100}
    assert cloud.follow(), "it is under way"
    assert cloud.shares() == {cloud.old: 100}
    assert not cloud.follow(), "and done"
    move = cloud.move()
    assert move.became is Became.CONFIRMED
    assert (move.rollout, move.version, move.revision) == ("r1", CONTROL, cloud.old)
    assert move.before == {cloud.new: 100}
    assert cloud.audited() == ["traffic.asked", "traffic.applied", "traffic.confirmed"]
    assert [each["severity"] for each in cloud.told()] == ["P3"]


def test_what_was_done_is_not_done_again(cloud: Cloud) -> None:
    cloud.rolled_back()
    for _ in range(4):
        cloud.follow()
    assert cloud.services.updates(NAME) == 1
    assert len(cloud.audited()) == 3
    assert len(cloud.told()) == 1


def test_traffic_that_takes_its_time_is_waited_for(cloud: Cloud) -> None:
    cloud.rolled_back()
    cloud.services.delay = 60
    assert cloud.follow()
    for _ in range(5):
        assert cloud.follow()
        assert cloud.move().became is Became.APPLIED
    assert not cloud.follow(20)
    assert cloud.move().became is Became.CONFIRMED
    assert cloud.move().ended_at == pytest.approx(cloud.move().asked_at + 70, abs=11)


@pytest.mark.parametrize("at", [1, 2], ids=["before it is validated", "after"])
def test_somebody_who_changes_the_service_in_between_keeps_it_from_nothing(
    cloud: Cloud, at: int
) -> None:
    """Their etag is newer: it is read again, and asked for again."""
    cloud.rolled_back()
    cloud.meddled(lambda: cloud.services.deploy(NAME), at)
    cloud.follow()
    assert cloud.shares() == {cloud.old: 100}
    cloud.follow()
    assert cloud.move().became is Became.CONFIRMED


def test_a_deployment_before_the_move_was_taken_changes_nothing(cloud: Cloud) -> None:
    cloud.rolled_back()
    third = cloud.services.deploy(NAME)
    assert cloud.shares() == {third: 100}
    cloud.follow()
    cloud.follow()
    assert cloud.move().became is Became.CONFIRMED
    assert cloud.shares() == {cloud.old: 100}


def test_a_deployment_after_the_move_was_taken_stands_and_is_told(cloud: Cloud) -> None:
    cloud.rolled_back()
    cloud.services.delay = 60
    cloud.follow()
    third = cloud.services.deploy(NAME)
    assert not cloud.follow()
    assert cloud.move().became is Became.DRIFTED
    assert cloud.move().reason == f"100 % {third}"
    for _ in range(3):
        cloud.follow(60)
    assert cloud.shares() == {third: 100}, "Palier doesn't fight over traffic"
    assert cloud.audited() == ["traffic.asked", "traffic.applied", "traffic.drifted"]
    [message] = cloud.told()
    assert message["severity"] == "P2"
    assert "somebody has sent it elsewhere" in message["texts"]["en"][1]
    assert "quelqu'un l'a envoyé ailleurs" in message["texts"]["fr"][1]


def test_a_deployment_once_it_was_confirmed_is_nobody_s_business(cloud: Cloud) -> None:
    cloud.rolled_back()
    cloud.follow()
    cloud.follow()
    cloud.services.deploy(NAME)
    assert not cloud.follow()
    assert cloud.move().became is Became.CONFIRMED


def test_an_image_that_is_gone_is_told(cloud: Cloud) -> None:
    """Cloud Run takes it, and fails: traffic stays where it was."""
    cloud.rolled_back()
    cloud.services.missing_images.add(cloud.services.image(NAME, cloud.old))
    cloud.follow()
    assert not cloud.follow()
    assert cloud.move().became is Became.REFUSED
    assert "Image not found" in cloud.move().reason
    assert cloud.shares() == {cloud.new: 100}
    [message] = cloud.told()
    assert message["severity"] == "P2"
    assert message["runbook"] == "docs/runbooks/traffic.md"
    assert "could not send the traffic" in message["texts"]["en"][1]


def test_a_revision_that_is_gone_is_told(cloud: Cloud) -> None:
    cloud.rolled_back()
    cloud.services.remove(NAME, cloud.old)
    cloud.follow()
    assert not cloud.follow()
    assert cloud.move().became is Became.REFUSED
    assert f"Revision '{cloud.old}' was not found" in cloud.move().reason


def test_a_service_that_is_gone_is_told(cloud: Cloud) -> None:
    cloud.rolled_back()
    cloud.services.forget(NAME)
    assert not cloud.follow()
    assert cloud.move().became is Became.REFUSED
    assert cloud.audited() == ["traffic.asked", "traffic.refused"]


def test_a_long_outage_is_not_looked_at_every_ten_seconds(cloud: Cloud) -> None:
    cloud.rolled_back()
    cloud.faults.begin(Fault("down"))
    assert cloud.follow()
    assert not cloud.follow(900)
    cloud.faults.end()
    for _ in range(2):
        cloud.follow()
    assert cloud.move().became is Became.CONFIRMED, "but it is followed"


def test_who_may_not_change_the_service_is_told_so(cloud: Cloud) -> None:
    cloud.rolled_back()
    cloud.services.forbidden = "Permission 'run.services.update' denied for tick@p.iam.example.com."
    assert not cloud.follow()
    assert cloud.move().became is Became.REFUSED
    assert cloud.move().reason == "Permission 'run.services.update' denied for [account]"
    assert cloud.services.updates(NAME) == 0


def test_who_may_not_even_read_the_service_is_told_so(cloud: Cloud) -> None:
    cloud.rolled_back()
    cloud.follower = Follower(
        cloud.world.store, cloud.world.clock, Unread(cloud.address, Denied("no right to read it"))
    )
    assert not cloud.follow()
    assert cloud.move().became is Became.REFUSED
    assert cloud.move().reason == "no right to read it"
    assert cloud.audited() == ["traffic.asked", "traffic.refused"]
    assert [each["severity"] for each in cloud.told()] == ["P2"]
    assert checked(cloud) is Status.FAILED


def test_what_can_t_be_reached_for_a_day_is_given_up_and_told(cloud: Cloud) -> None:
    """Meanwhile nobody takes the rollback for verified."""
    cloud.rolled_back()
    cloud.follower = Follower(
        cloud.world.store, cloud.world.clock, Unread(cloud.address, Unreachable("UNAVAILABLE"))
    )
    cloud.follow()
    assert cloud.move().became is Became.ASKED
    assert checked(cloud) is Status.PENDING
    cloud.follow(600)
    assert checked(cloud) is Status.UNKNOWN
    cloud.follow(86_400 - 630)
    assert cloud.told() == []
    for _ in range(3):
        cloud.follow(30)
    assert cloud.move().became is Became.REFUSED
    [message] = cloud.told()
    assert message["severity"] == "P2"
    assert "within a day; Cloud Run's last word: Unreachable: UNAVAILABLE." in str(message["texts"])
    assert "le dernier mot de Cloud Run : Unreachable" in message["texts"]["fr"][1]


def test_before_anybody_has_asked_the_move_is_awaited(cloud: Cloud) -> None:
    cloud.rolled_back()
    assert cloud.record().move is None
    assert checked(cloud) is Status.PENDING


def checked(cloud: Cloud) -> Status:
    """What the rollback's verification says of traffic."""
    world = cloud.world
    verify(world.store, world.scope, world.clock.now(), load_recent)
    checks = rollbacks.find(world.store, world.scope, "r1").checks
    return next(each.status for each in checks if each.name == "traffic")


class Unread(CloudRun):
    """The real client, of a service that can't be read."""

    def __init__(self, address: str, error: CloudRunError) -> None:
        super().__init__(address)
        self._error = error

    def service(self, name: str, seconds: float) -> Observed:
        raise self._error


@pytest.mark.parametrize("kind", ["down", "failing", "busy"])
def test_trouble_of_cloud_run_is_sat_out(cloud: Cloud, kind: str) -> None:
    cloud.rolled_back()
    cloud.faults.begin(Fault(kind))
    for _ in range(3):
        assert cloud.follow()
    assert cloud.record().trouble.startswith("Unreachable")
    cloud.faults.end()
    cloud.follow()
    cloud.follow()
    assert cloud.move().became is Became.CONFIRMED
    assert cloud.record().trouble == ""


def test_an_answer_that_was_lost_is_found_out(cloud: Cloud) -> None:
    cloud.rolled_back()
    lost = Fault("lost", ("UpdateService",), times=1)
    cloud.meddled(lambda: cloud.faults.begin(lost), at=2)
    cloud.follow()
    assert cloud.move().became is Became.ASKED
    assert cloud.record().trouble
    cloud.follow()
    assert cloud.move().became is Became.CONFIRMED
    assert cloud.services.updates(NAME) == 1


def test_tags_stay_where_they_lead(cloud: Cloud) -> None:
    cloud.services.direct(NAME, {cloud.new: 100}, tags={"preview": cloud.new, "old": cloud.old})
    cloud.rolled_back()
    cloud.follow()
    asked = cloud.services.service(NAME).traffic
    shown = sorted((each.revision, each.percent, each.tag) for each in asked)
    assert shown == [(cloud.old, 0, "old"), (cloud.old, 100, ""), (cloud.new, 0, "preview")]


def test_what_was_taken_back_before_anybody_said_where_it_runs_moves_nothing(
    cloud: Cloud,
) -> None:
    cloud.world.change(remove(SERVING, "stories"))
    cloud.rolled_back()
    cloud.world.clock.advance(5)
    cloud.world.change(catalog.put(cloud.serving))
    assert not cloud.follow()
    assert cloud.shares() == {cloud.new: 100}
    assert cloud.record().move is None


def test_who_never_had_the_candidate_needs_no_move(cloud: Cloud) -> None:
    cloud.world.started()
    cloud.world.change(commands.rollback("r1", ASKED))
    assert not cloud.follow()
    assert cloud.record().move is None


def test_two_ticks_at_once_make_one_move(cloud: Cloud) -> None:
    cloud.rolled_back()
    cloud.world.clock.advance(10)
    servings = cloud.servings()
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(lambda _: cloud.follower.follow(cloud.world.scope, servings), range(4)),
        )
    cloud.follow()
    assert cloud.move().became is Became.CONFIRMED
    audited = cloud.audited()
    assert audited[0] == "traffic.asked"
    assert audited[-1] == "traffic.confirmed"
    assert len(audited) == len(set(audited))
    assert len(cloud.told()) == 1


def test_killed_anywhere_the_next_look_ends_it() -> None:
    """After every operation on the store and every call to Cloud Run."""
    deaths = 0
    while True:
        with clouds(connect(f"demo-test-{uuid.uuid4().hex[:12]}")) as cloud:
            cloud.rolled_back()
            if not dies(cloud, deaths + 1):
                break
            deaths += 1
            for _ in range(3):
                cloud.follow()
            assert cloud.move().became is Became.CONFIRMED, deaths
            assert cloud.shares() == {cloud.old: 100}, deaths
            assert cloud.services.updates(NAME) == 1, deaths
            audited = cloud.audited()
            assert len(audited) == len(set(audited)), deaths
            assert (audited[0], audited[-1]) == ("traffic.asked", "traffic.confirmed"), deaths
            assert len(cloud.told()) == 1, deaths
    assert deaths >= 15, "it would prove nothing if little was done"


def dies(cloud: Cloud, after: int) -> bool:
    """Whether following came to its end before its process was killed."""
    left = Lives(after)
    client = cloud.world.store._client
    follower = Follower(
        MortalStore(client, left), cloud.world.clock, MortalCloud(cloud.address, left)
    )
    cloud.world.clock.advance(10)
    try:
        follower.follow(cloud.world.scope, cloud.servings())
        cloud.world.clock.advance(10)
        follower.follow(cloud.world.scope, cloud.servings())
    except Killed:
        return True
    return False


class Killed(BaseException):
    """Nobody catches it, as nobody outlives SIGKILL."""


@dataclass
class Lives:
    left: int

    def done(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


class MortalStore(CountedStore):
    def __init__(self, client: firestore.Client, lives: Lives) -> None:
        super().__init__(client)
        self._lives = lives

    def done(self) -> None:
        self._lives.done()


class MortalCloud(CloudRun):
    def __init__(self, address: str, lives: Lives) -> None:
        super().__init__(address)
        self._lives = lives

    def service(self, name: str, seconds: float) -> Observed:
        found = super().service(name, seconds)
        self._lives.done()
        return found

    def direct(self, *arguments: Any, **options: Any) -> None:
        super().direct(*arguments, **options)
        self._lives.done()
