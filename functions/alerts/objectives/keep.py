"""Keeps what objectives count: every closed minute is added once, whoever looks.

    minutes since the last one that is in ──▶ their counts ──▶ one document a service

Where a tick's own slots reach far enough they are what is counted, and nothing is read. What comes
late, up to four minutes back, has its minute counted again: from the slots, or from what is stored
where some of them are too old to be in hand. After a pause the minutes between come from what is
stored, up to six hours back. The documents are kept in the process, and written on the condition
that nobody else has: when somebody has, they are read again, so that a minute is in once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from functions import log
from functions.alerts.objectives import counting, store
from functions.alerts.objectives import ledger as ledgers
from functions.alerts.objectives.counting import Count
from functions.alerts.objectives.ledger import MINUTES_KEPT, RECOUNTED_SECONDS, Ledger
from functions.alerts.objectives.objective import Objective
from functions.alerts.objectives.store import Kept
from functions.documents import Document, Refused, Scope, Store
from functions.metrics import hour_store
from functions.metrics.hour_store import HOURS
from functions.metrics.hours import DAY_SECONDS
from functions.metrics.performance import Score
from functions.metrics.store import RECENT_SECONDS
from functions.metrics.windows import MINUTE_SECONDS, Window, minute_start

GRACE_SECONDS = 20
"""A minute is counted when it has been over for so long: instances flush every few seconds."""

TOGETHER = 100
"""Documents in one commit, of up to some tens of kilobytes."""

PAST_SECONDS = 30 * DAY_SECONDS


@dataclass(frozen=True)
class _Due:
    """What is to be counted: the minutes up to `through`, with what was in them."""

    through: int
    minutes: Mapping[str, Mapping[int, Sequence[Window]]]
    """By service and by the minutes' starts."""

    scores: Mapping[str, Score] = field(default_factory=dict)

    def counts(self, objective: Objective) -> dict[int, Count]:
        minutes = self.minutes.get(objective.service, {})
        beyond = sum(counting.beyond(objective, windows) for windows in minutes.values())
        if beyond:
            log.error("objective_values_not_shares", objective=objective.id, values=beyond)
        return {
            start: counting.count(objective, windows, self.scores)
            for start, windows in minutes.items()
        }


class Budgets:
    """One a process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[Scope, dict[str, Kept]] = {}
        self._counted: dict[Scope, Mapping[int, Sequence[Window]]] = {}
        """The slots of the last minutes that are in."""

    def advance(
        self,
        scope: Scope,
        objectives: Sequence[Objective],
        slots: Sequence[Window],
        now: float,
        scores: Mapping[str, Score] | None = None,
    ) -> dict[str, Ledger]:
        """The ledgers by the objectives' ids, with every minute that is closed.

        `slots` are those written in the last RECENT_SECONDS (metrics.store.load_flushed). Raises
        StoreUnavailable: then the minutes stay due.
        """
        through = minute_start(now - GRACE_SECONDS) - MINUTE_SECONDS
        services: defaultdict[str, list[Objective]] = defaultdict(list)
        for each in objectives:
            services[each.service].append(each)
        held = self._hold(scope, services)
        behind = _behind(services, held, through)
        own = _by_minute(slots, services, through)
        come = _come(own, self._counted.get(scope, {}))
        if behind or come:
            after = _oldest(behind, held, through)
            after = min([after, *(start - MINUTE_SECONDS for start in come)])
            due = _Due(through, self._minutes(scope, after, own, now), scores or {})
            touched = {slot.service for start in come for slot in own[start]}
            asked = [each for each in services if each in touched or each in behind]
            for _ in range(2):
                asked = self._write(scope, asked, services, due)
                if not asked:
                    self._counted[scope] = own
                    break
                held.update(store.kept(self._store, scope, asked))
        self._tell_of_the_past(scope, services)
        return store.of_objectives(objectives, held)

    def known(self, scope: Scope, objectives: Sequence[Objective]) -> dict[str, Ledger]:
        """The ledgers as `advance` left them, by the objectives' ids. Reads nothing."""
        return store.of_objectives(objectives, dict(self._held.get(scope, {})))

    def _hold(self, scope: Scope, services: Collection[str]) -> dict[str, Kept]:
        held = self._held.setdefault(scope, {})
        for gone in held.keys() - set(services):
            del held[gone]
        missing = [service for service in services if service not in held]
        if missing:
            held.update(store.kept(self._store, scope, missing))
        return held

    def _minutes(
        self, scope: Scope, after: int, slots: Mapping[int, Sequence[Window]], now: float
    ) -> dict[str, dict[int, list[Window]]]:
        """What happened by service and minute: in the slots as far as all of them are there."""
        whole = minute_start(now - RECENT_SECONDS) + MINUTE_SECONDS
        found: dict[str, dict[int, list[Window]]] = {}

        def note(window: Window) -> None:
            minutes = found.setdefault(window.service, {})
            minutes.setdefault(minute_start(window.start), []).append(window)

        for start, those in slots.items():
            if start >= whole:
                for slot in those:
                    note(slot)
        since = max(after + MINUTE_SECONDS, whole - MINUTES_KEPT * MINUTE_SECONDS)
        if since < whole:
            for page in hour_store.minutes_between(self._store, scope, since, whole):
                for minute in page:
                    note(minute)
        return found

    def _write(
        self,
        scope: Scope,
        asked: Sequence[str],
        services: Mapping[str, Sequence[Objective]],
        due: _Due,
    ) -> list[str]:
        """Commits what changes; the services that somebody else has written meanwhile."""
        held = self._held[scope]
        found = {each: _added(held[each], services[each], due) for each in asked}
        changed = [each for each, after in found.items() if after != held[each].ledgers]
        refused: list[str] = []
        for first in range(0, len(changed), TOGETHER):
            group = changed[first : first + TOGETHER]
            try:
                self._commit(scope, {each: found[each] for each in group})
            except Refused:
                refused += group
        return refused

    def _commit(self, scope: Scope, after: Mapping[str, Mapping[str, Ledger]]) -> None:
        held = self._held[scope]
        writes = [store.write(scope, held[each], found) for each, found in after.items()]
        versions = self._store.commit(writes)
        for (each, found), version in zip(after.items(), versions, strict=True):
            data = store.budget_data(each, found)
            held[each] = Kept(each, Document(store.path(scope, each), data, version), found)

    def _tell_of_the_past(self, scope: Scope, services: Mapping[str, Sequence[Objective]]) -> None:
        """One new ledger at a time is told what the hours of the last 30 days hold."""
        held = self._held[scope]
        for service, objectives in services.items():
            for objective in objectives:
                known = held[service].ledgers.get(objective.indicator)
                if known is None or known.told:
                    continue
                past = ledgers.with_past(known, self._past(scope, objective, known))
                after = {**held[service].ledgers, objective.indicator: past}
                try:
                    self._commit(scope, {service: after})
                except Refused:
                    del held[service]  # read again next time
                log.info(
                    "objective_told_of_its_past", objective=objective.id, hours=len(past.hours)
                )
                return

    def _past(self, scope: Scope, objective: Objective, known: Ledger) -> dict[int, Count]:
        by_hour: defaultdict[int, list[Window]] = defaultdict(list)
        since = known.since - PAST_SECONDS
        for page in hour_store.of_service(self._store, scope, HOURS, objective.service, since):
            for hour in page:
                by_hour[hour.start].append(hour)
        return {start: counting.past(objective, hours) for start, hours in by_hour.items()}


def _behind(
    services: Mapping[str, Sequence[Objective]], held: Mapping[str, Kept], through: int
) -> list[str]:
    return [
        service
        for service, objectives in services.items()
        if any(_through(held[service], each, through) < through for each in objectives)
    ]


def _by_minute(
    slots: Iterable[Window], services: Collection[str], through: int
) -> dict[int, list[Window]]:
    """The slots of closed minutes that are counted or may be counted again."""
    found: dict[int, list[Window]] = {}
    for slot in slots:
        start = minute_start(slot.start)
        if slot.service in services and through - RECOUNTED_SECONDS < start <= through:
            found.setdefault(start, []).append(slot)
    return found


def _come(
    slots: Mapping[int, Sequence[Window]], counted: Mapping[int, Sequence[Window]]
) -> list[int]:
    """The minutes with slots that were not counted as they are now."""
    return [start for start, those in slots.items() if _any_new(those, counted.get(start, ()))]


def _any_new(slots: Sequence[Window], counted: Sequence[Window]) -> bool:
    """A look hands in the same objects as the last one: equal others are of another process."""
    known = set(map(id, counted))
    return any(id(slot) not in known and slot not in counted for slot in slots)


def _oldest(behind: Sequence[str], held: Mapping[str, Kept], through: int) -> int:
    """The last minute that is in everywhere. A new ledger begins with the next one."""
    known = [each.through for service in behind for each in held[service].ledgers.values()]
    return min(known, default=through - MINUTE_SECONDS if behind else through)


def _through(kept: Kept, objective: Objective, through: int) -> int:
    known = kept.ledgers.get(objective.indicator)
    return known.through if known else through - MINUTE_SECONDS


def _added(kept: Kept, objectives: Sequence[Objective], due: _Due) -> dict[str, Ledger]:
    """The ledgers of a service with what is due; those that no objective needs any more go."""
    after: dict[str, Ledger] = {}
    for each in objectives:
        before = kept.ledgers.get(each.indicator) or ledgers.empty(due.through - MINUTE_SECONDS)
        counts = due.counts(each)
        after[each.indicator] = ledgers.add(ledgers.recount(before, counts), counts, due.through)
    return after
