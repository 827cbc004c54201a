"""An incident against a model: whatever fires, is done and is said, in whatever order."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from functions.alerts.incidents import course, escalation
from functions.alerts.incidents.course import Step
from functions.alerts.incidents.incident import Alert, Deed, Incident, Kind, Subject
from functions.alerts.incidents.told import message

SUBJECT = Subject("stories", "1.3.0")
RULES = ("p1-errors", "p2-errors", "p3-memory")
ARMS = ("1.3.0", "1.3.0+claimed")


class Incidents(RuleBasedStateMachine):
    """`firing` is what the rule engine says; every look follows it, as `follow.py` does."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_800_000_000.0
        self.firing: dict[tuple[str, str], Alert] = {}
        self.done: list[Deed] = []
        self.incidents: list[Incident] = []
        self.told: list[tuple[str, Kind]] = []
        self.dismissed: set[tuple[str, str, float]] = set()

    @property
    def current(self) -> Incident | None:
        return self.incidents[-1] if self.incidents and self.incidents[-1].followed else None

    @rule(name=st.sampled_from(RULES), arm=st.sampled_from(ARMS))
    def fires(self, name: str, arm: str) -> None:
        self.now += 1
        if (name, arm) not in self.firing:
            self.firing[name, arm] = Alert(name, arm, name[:2].upper(), self.now, value=1.0)

    @rule(name=st.sampled_from(RULES), arm=st.sampled_from(ARMS))
    def ends(self, name: str, arm: str) -> None:
        self.firing.pop((name, arm), None)

    @rule(seconds=st.sampled_from([1, 10, 60, 599, 600, 900, 3_600]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(kind=st.sampled_from(["paused", "rolled_back", "advanced"]))
    def something_is_done(self, kind: str) -> None:
        name = f"r/{len(self.done)}"
        self.done.append(Deed(name, self.now, kind, "r", "f", 10.0, "machine:tick", "So."))

    @rule()
    def a_look(self) -> None:
        firing, before = list(self.firing.values()), self.current
        if before is None:
            if firing:
                self.taken(course.opened(SUBJECT, firing, self.done, self.now), new=True)
        elif course.succeeded(before, firing, self.now):
            self.incidents[-1] = course.left(before)
            self.taken(course.opened(SUBJECT, firing, self.done, self.now, before), new=True)
        else:
            step = course.follow(before, firing, lambda _: "ok", self.done, self.now)
            self.taken(step)
        loud = [one for one in self.firing.values() if one.occurrence not in self.dismissed]
        now = self.current
        assert (now is not None and not now.over) == bool(loud), "open exactly while it fires"
        if now and now.over:
            assert now.firing == ()
        if now and not now.over:
            assert {one.occurrence for one in now.firing} == {one.occurrence for one in loud}
            assert now.severity <= min(one.severity for one in loud)
            again = course.follow(now, firing, lambda _: "ok", self.done, self.now)
            assert again == Step(now), "a look that is taken again changes nothing"

    @precondition(lambda self: self.current and not self.current.over)
    @rule(by=st.sampled_from(["person:ada", "person:ben"]))
    def acknowledged(self, by: str) -> None:
        assert self.current
        self.taken(course.acknowledge(self.current, by, self.now))

    @precondition(lambda self: self.current and not self.current.over)
    @rule()
    def declared_over(self) -> None:
        assert self.current
        self.dismissed |= {one.occurrence for one in self.current.firing}
        self.taken(course.resolve(self.current, "person:ada", self.now))
        assert self.current.firing == (), "none is shown as firing for ever"

    def taken(self, step: Step, *, new: bool = False) -> None:
        before = None if new else self.incidents[-1]
        if new:
            self.incidents.append(step.incident)
        else:
            self.incidents[-1] = step.incident
        if before and not before.over and not step.incident.over:
            assert step.incident.level >= before.level, "never down while it lasts"
        for news in step.news:
            told = message(news)
            assert told.id not in {known for known, _ in self.told}
            self.told.append((told.id, news.entry.kind))

    def teardown(self) -> None:
        """Every one is triggered and resolved in turn, and stored as it is."""
        for it in self.incidents:
            own = [kind for known, kind in self.told if known.startswith(it.id)]
            edges = [kind for kind in own if kind in (Kind.OPENED, Kind.REOPENED, Kind.RESOLVED)]
            assert edges[:1] == [Kind.OPENED]
            opens = [kind is not Kind.RESOLVED for kind in edges]
            assert opens == [n % 2 == 0 for n in range(len(edges))]
            assert it.over == (len(edges) % 2 == 0)
            assert len(own) == it.messages
            assert Incident.from_data(json.loads(json.dumps(it.to_data()))) == it

    @invariant()
    def nobody_climbs_faster_than_the_ladder(self) -> None:
        for it in self.incidents[-1:]:
            assert it.level <= escalation.level_at(
                max(0.0, self.now - it.climbing_since), it.severity
            )


Incidents.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestIncidents = Incidents.TestCase


def test_deeds_are_known_by_their_ids_whatever_their_order() -> None:
    alert = Alert("p1-errors", "1.3.0", "P1", 0.0)
    deeds = [Deed(f"r/{n}", float(n), "paused", "r", "f", 1.0, "machine:tick", "") for n in (2, 1)]
    it = course.opened(SUBJECT, [alert], deeds, 3.0).incident
    assert it.deeds == ("r/1", "r/2")
    step = course.follow(it, [alert], lambda _: "ok", [replace(deeds[0])], 3.0)
    assert step == Step(it)
