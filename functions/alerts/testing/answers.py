"""What the routes of tests of alerts take and answer."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from functions.administration import Answer, ChangeAnswer, ChangeBody
from functions.alerts.testing.progress import Progress, Status
from functions.alerts.testing.synthetic import AlertTest


class NewTest(ChangeBody):
    rule: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")
    service: str = Field(default="stories", pattern=r"^[a-z][a-z0-9-]{0,38}$")


class TestAnswer(Answer):
    """`ends_at` is when it ought to be through."""

    __test__ = False

    id: str
    rule: str
    service: str
    version: str
    started_at: float
    ends_at: float


class StageAnswer(Answer):
    """`at` is null for what has not happened yet."""

    name: str
    at: float | None
    what: str


class FollowedTest(TestAnswer):
    """`only_log`: what was told went to the log alone, so nobody hears of it."""

    status: Status
    only_log: bool
    stages: list[StageAnswer]


class TestList(Answer):
    """`unreadable` are the ids of those that this bundle can't read."""

    __test__ = False

    tests: list[TestAnswer]
    unreadable: list[str]


class OneTest(Answer):
    test: FollowedTest


class TestBegun(ChangeAnswer):
    __test__ = False

    test: TestAnswer


def view(test: AlertTest) -> dict[str, Any]:
    return {
        "id": test.id,
        "rule": test.rule,
        "service": test.service,
        "version": test.version,
        "started_at": test.started_at,
        "ends_at": test.ends_at,
    }


def followed(test: AlertTest, found: Progress) -> dict[str, Any]:
    stages = [{"name": each.name, "at": each.at, "what": each.what} for each in found.stages]
    return {
        **view(test),
        "status": found.status.value,
        "only_log": found.only_log,
        "stages": stages,
    }
