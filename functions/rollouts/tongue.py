"""What is said in either language: which words, and how numbers are written. Pure."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from functions.alerts.incidents.figures import called
from functions.alerts.incidents.people import Names
from functions.alerts.message import ENGLISH, FRENCH
from functions.rollouts import criterion, durations, french, obstacles, verdict
from functions.rollouts.rollout import Rollout
from functions.rollouts.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Tongue:
    """`names` is what people are called, by the ids of their actors."""

    language: str = ENGLISH
    names: Names = field(default_factory=dict)

    def say(self, english: str, in_french: str) -> str:
        return in_french if self.language == FRENCH else english

    def choose(self, words: tuple[str, str]) -> str:
        return self.say(*words)

    def percent(self, share: float) -> str:
        """Of a share, 0..1."""
        return self.say(verdict.percent(share), french.percent(share))

    def percentage(self, value: float) -> str:
        """Of a percentage, 0..100, with the decimals that it has."""
        return self.say(f"{value:g}", french.number(value)) + " %"

    def whole(self, value: float) -> str:
        return self.say(f"{round(value):,}", french.whole(value))

    def number(self, value: float) -> str:
        return self.say(criterion.number(value), french.number(value))

    def duration(self, seconds: float) -> str:
        return self.say(durations.duration(seconds), french.duration(seconds))

    def time(self, at: float) -> str:
        """To the second, in UTC."""
        there = datetime.datetime.fromtimestamp(at, datetime.UTC)
        return there.strftime("%Y-%m-%d %H:%M:%S UTC")

    def verdict(self, found: Verdict, rollout: Rollout) -> str:
        return self.say(found.sentence, french.sentence(found, rollout.plan))

    def reason(self, given: str, rollout: Rollout) -> str:
        """One that somebody wrote stays as it is."""
        return self.say(given, obstacles.in_french(given, rollout))

    def who(self, actor: str) -> str:
        return called(self.names.get(actor, actor), self.language)
