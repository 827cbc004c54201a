"""Users who ask for stories at a steady rate, and what they saw."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from local import client
from local.client import Person, RefusedError

WORKERS = 6
"""The emulator serves one call a process: so many processes were started for the callable."""

UNKNOWN = "unknown"
THEMES = {
    "en": ("the lost lighthouse", "a night market", "the last glacier", "a garden on the roof"),
    "fr": ("le phare perdu", "un marché de nuit", "le dernier glacier", "un jardin sur le toit"),
}
HEROES = ("Mina", "Otto", "Zoé", "Ravi", "Léa", "Sam")


@dataclass(frozen=True)
class Call:
    """One request as its user saw it. Times are seconds since the epoch; `code` is "OK" or an
    error's; `version` is the one that served it, as the answer says."""

    began: float
    ended: float
    uid: str
    version: str
    code: str

    @property
    def ok(self) -> bool:
        return self.code == "OK"


class Traffic:
    """Stories at `rate` requests a second, each user in turn, at most `workers` at once. Start it
    with `going`."""

    def __init__(
        self, url: str, people: Sequence[Person], rate: float, workers: int = WORKERS
    ) -> None:
        self.url = url
        self._workers = workers
        self._people = itertools.cycle(people)
        self._period = 1.0 / rate
        self._due = time.monotonic()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._calls: list[Call] = []

    def calls(self) -> list[Call]:
        """Everything so far, in the order in which it ended."""
        with self._lock:
            return list(self._calls)

    @contextmanager
    def going(self) -> Iterator[None]:
        """Asks for stories while the block lasts; what is under way at its end is waited for."""
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(self._workers)]
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            self._stop.set()
            for worker in workers:
                worker.join()

    def _work(self) -> None:
        with client.connect() as http:
            while not self._stop.is_set():
                person = self._next()
                if self._stop.is_set():
                    return
                call = ask(http, self.url, person)
                with self._lock:
                    self._calls.append(call)

    def _next(self) -> Person:
        """The next user, when it is their turn."""
        with self._lock:
            person = next(self._people)
            self._due = max(self._due + self._period, time.monotonic() - self._period)
            pause = self._due - time.monotonic()
        if pause > 0:
            self._stop.wait(pause)
        return person


def ask(http: httpx.Client, url: str, person: Person) -> Call:
    """One story."""
    began = time.time()
    version, code = UNKNOWN, "OK"
    try:
        answer = client.call(http, url, _wish(), person)
        version = answer["story"]["provenance"]["version"]
    except RefusedError as error:
        code = str(error.problem.get("code", error.status))
        version = str(error.problem.get("version", UNKNOWN))
    except httpx.HTTPError as error:
        code = type(error).__name__
    return Call(began, time.time(), person.uid, version, code)


def _wish() -> dict[str, object]:
    language = random.choice(("en", "fr"))
    return {
        "theme": random.choice(THEMES[language]),
        "hero": random.choice(HEROES),
        "age_band": "6-8",
        "language": language,
        "length": "short",
    }
