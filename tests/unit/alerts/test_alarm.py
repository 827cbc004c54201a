"""What a rollout hears of the alerts on its versions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.alerts.alarm import Alarm, alarms_of, alike
from functions.alerts.measures import Key, measure
from functions.alerts.rule import NOTIFY, PAUSE, ROLL_BACK, Rule
from functions.alerts.rules import look
from functions.alerts.state import FIRING, PENDING, SILENCED, State
from functions.metrics.by_users import ByUsers
from functions.metrics.measures import Measure
from functions.metrics.tally import Tally
from functions.metrics.windows import Window

RULE = Rule(
    "score", "P2", "performance_score", 70, 60, 0, 60, 20, (NOTIFY, ROLL_BACK), comparison="<"
)
BY_ID = {"score": RULE}


def state(version: str, status: str = FIRING, muted: str = "", service: str = "stories") -> State:
    key = Key("score", service, version)
    return State(key, "P2", status, 100.0, 70, value=61.5, muted=muted)


def heard(*states: State) -> list[tuple[str, ...]]:
    return [alarm.actions for alarm in alarms_of(states, BY_ID, "stories", "1.3.0")]


def test_what_fires_on_the_version_with_its_figures() -> None:
    alarm = alarms_of([state("1.3.0")], BY_ID, "stories", "1.3.0")[0]
    assert (alarm.rule, alarm.severity, alarm.since, alarm.value) == ("score", "P2", 100.0, 61.5)
    assert "performance score was 61.5; the limit is 70" in alarm.sentence


def test_others_are_not_heard() -> None:
    assert not heard(state("1.3.0", PENDING), state("1.2.0"), state("1.3.0", service="search"))
    assert not heard(state("1.3.0+pinned"), state("1.3.0+fallback"))
    assert not alarms_of([state("1.3.0")], {}, "stories", "1.3.0"), "its rule is gone"


def test_what_is_only_claimed_pauses_and_never_rolls_back() -> None:
    assert heard(state("1.3.0+claimed")) == [(NOTIFY, PAUSE)]
    assert heard(state("1.3.0"), state("1.3.0+claimed")) == [(NOTIFY, ROLL_BACK), (NOTIFY, PAUSE)]


def test_who_is_told_makes_no_difference() -> None:
    assert heard(state("1.3.0", muted=SILENCED)) == [(NOTIFY, ROLL_BACK)]


def of(*versions: str) -> list[Alarm]:
    """What is heard of a version that fires on these arms."""
    name = versions[0].partition("+")[0]
    return alarms_of([state(version) for version in versions], BY_ID, "stories", name)


def test_only_what_is_believed_of_the_control_is_shared_with_what_is_believed() -> None:
    forged, genuine = of("1.2.0+claimed"), of("1.2.0")
    assert not alike(of("1.3.0"), forged), "a forged event must not keep a bad version"
    assert alike(of("1.3.0"), genuine) == {"score": 61.5}
    assert alike(of("1.3.0", "1.3.0+claimed"), forged) == {"score+claimed": 61.5}
    assert alike(of("1.3.0+claimed"), genuine) == {"score+claimed": 61.5}


CRASHES = Rule("crashes", "P1", "crash:count", 2, 60, 0, 60, 0, (NOTIFY, ROLL_BACK))
NONE_LEFT = replace(CRASHES, metric="crash:mean", threshold=0.5)


def crashes(servers: int, users: int) -> Tally:
    number = servers + users
    told = {"crash": ByUsers(Measure(users, 1_000 * users, 10**6 * users), frozenset({"u"}))}
    return Tally(
        measures={"crash": Measure(number, 1_000 * number, 10**6 * number)},
        by_users=told if users else {},
    )


@pytest.mark.parametrize(
    ("rule", "some", "by_users"),
    [
        (CRASHES, crashes(0, 60), True),
        (CRASHES, crashes(2, 1), True),
        (CRASHES, crashes(3, 60), False),
        (CRASHES, crashes(3, 0), False),
        (CRASHES, crashes(2, 0), False),
        (NONE_LEFT, crashes(0, 60), True),
        (replace(CRASHES, actions=(NOTIFY, PAUSE)), crashes(0, 60), False),
    ],
    ids=["users", "both", "enough of servers", "servers", "well", "nothing left", "only pauses"],
)
def test_whether_it_rests_on_what_users_report(rule: Rule, some: Tally, by_users: bool) -> None:
    found = measure(rule, some)
    assert found
    assert found.by_users is by_users


def test_an_alert_knows_whether_it_rests_on_users_now() -> None:
    def looked(some: Tally, before: dict[Key, State], now: float) -> dict[Key, State]:
        window = Window(int(now) - 10, 10, "stories", "1.3.0", 1, some)
        return dict(look([CRASHES], [window], before, now).states)

    def by_users(states: dict[Key, State]) -> str:
        [found] = alarms_of(states.values(), {"crashes": CRASHES}, "stories", "1.3.0")
        return found.by_users

    first = looked(crashes(0, 3), {}, 1_000.0)
    assert by_users(first) == "crash"
    second = looked(crashes(3, 3), first, 1_010.0)
    assert by_users(second) == ""
    assert by_users(looked(Tally(requests=1), second, 1_020.0)) == "", "as it was, while it cools"
