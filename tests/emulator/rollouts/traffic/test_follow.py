"""Traffic follows a rollback: with the real client, on a local Cloud Run that has its own mind."""

from __future__ import annotations

import pytest

from functions.rollouts.traffic.move import Became
from tests.emulator.rollouts.traffic.cloud import NAME, Cloud
from tests.emulator.rollouts.world import CONTROL


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


def test_somebody_who_changes_the_service_in_between_keeps_it_from_nothing(cloud: Cloud) -> None:
    """Their etag is newer: it is read again, and asked for again."""
    cloud.rolled_back()
    cloud.meddled(lambda: cloud.services.deploy(NAME))
    cloud.follow()
    assert cloud.shares() == {cloud.old: 100}
    cloud.follow()
    assert cloud.move().became is Became.CONFIRMED
