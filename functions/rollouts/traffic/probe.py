"""Asks versions whether they are well. Aside: no decision waits for an answer.

    running rollouts → one GET each, side by side → the measure `health` of each version, 1 or 0

What is found is counted like whatever else a version reports, and judged by the next look.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from functions import log
from functions.alerts.channels.transport import Transport, Unreached
from functions.changes import pointer_path
from functions.clock import Clock
from functions.documents import Scope, Store
from functions.metrics.observation import Note
from functions.metrics.recorder import Recorder
from functions.rollouts.evidence import HEALTH
from functions.rollouts.traffic import store as traffic
from functions.rollouts.traffic.probed import Probed, probed
from functions.rollouts.traffic.serving import Serving

SECONDS = 2.0
"""For the whole of an answer; later is as bad as never."""

AT_ONCE = 8


@dataclass(frozen=True)
class Prober:
    """`transport` refuses what isn't of the public internet, and follows no redirection."""

    store: Store
    clock: Clock
    recorder: Recorder
    transport: Transport

    def probe(self, scope: Scope, servings: Mapping[str, Serving]) -> int:
        """One round; how many versions were asked. Raises StoreUnavailable."""
        asked = {name: each for name, each in servings.items() if each.health_url}
        if not asked:
            return 0
        now = self.clock.now()
        wanted = probed(asked, traffic.lately(self.store, scope, now), now)
        if not wanted:
            return 0
        pointer = self.store.get(pointer_path(scope))
        generation = int(pointer.data["generation"]) if pointer else 0
        urls = sorted({each.url for each in wanted})
        with ThreadPoolExecutor(AT_ONCE) as pool:
            well = dict(zip(urls, pool.map(self._well, urls), strict=True))
        for each in wanted:
            self.recorder.note(scope, _note(each, generation, now, well=well[each.url]))
        self.recorder.flush()
        return len(wanted)

    def _well(self, url: str) -> bool:
        try:
            answer = self.transport.get(url)
        except Unreached as problem:
            log.info("health not answered", reason=str(problem))
            return False
        return 200 <= answer.status < 300


def _note(each: Probed, generation: int, at: float, *, well: bool) -> Note:
    return Note(each.service, each.version, generation, at, {HEALTH: 1.0 if well else 0.0})
