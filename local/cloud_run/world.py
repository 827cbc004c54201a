"""Services and revisions in memory, and how they come to serve what was asked of them.

update → `traffic` at once, `reconciling` → after `delay` seconds `traffic_statuses` follow
                                          → or it fails, and they stay as they were
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.cloud import run_v2

from local.cloud_run.refusals import Aborted, Forbidden, InvalidRequest, NotFound

Service = run_v2.Service.pb()
Revision = run_v2.Revision.pb()
State = run_v2.Condition.pb()
Target = run_v2.TrafficTarget.pb()
LATEST = int(run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST)
BY_REVISION = int(run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION)
FAILED = int(run_v2.Condition.State.CONDITION_FAILED)
SUCCEEDED = int(run_v2.Condition.State.CONDITION_SUCCEEDED)
RECONCILING = int(run_v2.Condition.State.CONDITION_RECONCILING)


@dataclass
class Kept:
    """A service, its revisions by short name, and when it will have done what it was asked for."""

    service: Any
    revisions: dict[str, Any] = field(default_factory=dict)
    settles_at: float = 0.0
    updates: int = 0


class World:
    """`delay` is how long traffic takes to follow (seconds). Safe to use from several threads."""

    def __init__(self, delay: float = 0.0, now: Callable[[], float] = time.monotonic) -> None:
        self.delay = delay
        self.missing_images: set[str] = set()
        """Images that were cleaned up: no revision of theirs can be given traffic."""
        self.forbidden = ""
        """Why nobody may update a service; "" when they may."""
        self._now = now
        self._kept: dict[str, Kept] = {}
        self._lock = threading.RLock()

    def deploy(self, name: str, image: str = "", *, pinned: bool = False) -> str:
        """A new revision, as a deployment makes it: its short name. It gets all traffic, unless
        `pinned`: then traffic stays where it was sent by name."""
        with self._lock:
            kept = self._kept.setdefault(name, Kept(Service(name=name)))
            self._settle(kept)
            number = len(kept.revisions) + 1
            short = f"{name.rpartition('/')[2]}-{number:05d}-abc"
            full = f"{name}/revisions/{short}"
            revision = Revision(name=full, service=name, generation=1, observed_generation=1)
            revision.containers.add(image=image or f"images.example.com/p/r/{short}@sha256:0")
            revision.conditions.add(type_="Ready", state=SUCCEEDED)
            kept.revisions[short] = revision
            kept.service.latest_created_revision = full
            if number == 1 or not pinned:
                self._ask(kept, [Target(type_=LATEST, percent=100)], self.delay)
                if number == 1:
                    kept.settles_at = self._now()
                    self._settle(kept)
            else:
                self._ask(kept, list(kept.service.traffic), self.delay)
            return short

    def service(self, name: str) -> Any:
        """A copy, as it is now. Raises NotFound."""
        with self._lock:
            kept = self._of(name)
            self._settle(kept)
            found = Service()
            found.CopyFrom(kept.service)
            return found

    def revision(self, name: str) -> Any:
        """Raises NotFound."""
        service, _, short = name.partition("/revisions/")
        with self._lock:
            return self._revision(self._of(service), short)

    def revisions(self, service: str) -> list[Any]:
        """The newest first. Raises NotFound."""
        with self._lock:
            return list(reversed(self._of(service).revisions.values()))

    def remove(self, service: str, short: str) -> None:
        """A revision is deleted. Raises NotFound."""
        with self._lock:
            self._revision(self._of(service), short)
            del self._of(service).revisions[short]

    def image(self, service: str, short: str) -> str:
        """Where a revision's container comes from. Raises NotFound."""
        return str(self.revision(f"{service}/revisions/{short}").containers[0].image)

    def rebuild(self, service: str, short: str, image: str) -> None:
        """A revision comes from another image. Raises NotFound."""
        with self._lock:
            self._revision(self._of(service), short).containers[0].image = image

    def direct(
        self, name: str, shares: Mapping[str, int], tags: Mapping[str, str] | None = None
    ) -> None:
        """Somebody sends traffic by hand: percent by revision, and revisions by tag. Raises
        NotFound, InvalidRequest."""
        given = Service(name=name)
        for short, percent in shares.items():
            given.traffic.add(type_=BY_REVISION, revision=short, percent=percent)
        for tag, short in (tags or {}).items():
            given.traffic.add(type_=BY_REVISION, revision=short, tag=tag)
        self.update(given, ["traffic"], only_validate=False)

    def forget(self, name: str) -> None:
        """A service is deleted, with its revisions."""
        with self._lock:
            self._kept.pop(name, None)

    def updates(self, name: str) -> int:
        """How many updates were carried out."""
        with self._lock:
            return self._of(name).updates

    def update(self, given: Any, paths: Sequence[str], *, only_validate: bool) -> Any:
        """The service as it was asked for. Raises NotFound, Aborted, Forbidden,
        InvalidRequest."""
        with self._lock:
            kept = self._of(given.name)
            self._settle(kept)
            if self.forbidden:
                raise Forbidden(self.forbidden)
            if given.etag and given.etag != kept.service.etag:
                raise Aborted(
                    f"Conflict for resource '{given.name}': the etag is not that of its current "
                    "version."
                )
            if list(paths) != ["traffic"]:
                raise InvalidRequest("This local server updates `traffic` only.")
            check(given.traffic)
            if not only_validate:
                kept.updates += 1
                self._ask(kept, list(given.traffic), self.delay)
            found = Service()
            found.CopyFrom(kept.service)
            return found

    def _of(self, name: str) -> Kept:
        if name not in self._kept:
            raise NotFound(f"Resource '{name}' was not found.")
        return self._kept[name]

    def _revision(self, kept: Kept, short: str) -> Any:
        if short not in kept.revisions:
            raise NotFound(f"Revision '{short}' was not found.")
        return kept.revisions[short]

    def _ask(self, kept: Kept, targets: Iterable[Any], delay: float) -> None:
        service, targets = kept.service, list(targets)
        del service.traffic[:]
        service.traffic.extend(targets)
        service.generation += 1
        service.etag = f'"{service.generation}"'
        service.reconciling = True
        service.terminal_condition.Clear()
        service.terminal_condition.state = RECONCILING
        kept.settles_at = self._now() + delay

    def _settle(self, kept: Kept) -> None:
        service = kept.service
        if not service.reconciling or self._now() < kept.settles_at:
            return
        service.reconciling = False
        service.observed_generation = service.generation
        newest = kept.revisions.get(service.latest_created_revision.rpartition("/")[2])
        if newest and newest.containers[0].image not in self.missing_images:
            service.latest_ready_revision = newest.name
        failure = self._failure(kept)
        service.terminal_condition.type_ = "Ready"
        service.terminal_condition.state = FAILED if failure else SUCCEEDED
        service.terminal_condition.message = failure
        if not failure:
            del service.traffic_statuses[:]
            for target in service.traffic:
                service.traffic_statuses.add(
                    type_=target.type_,
                    revision=target.revision,
                    percent=target.percent,
                    tag=target.tag,
                )

    def _failure(self, kept: Kept) -> str:
        """Why what is asked for can't be served; "" when it can."""
        latest = kept.service.latest_created_revision.rpartition("/")[2]
        for target in kept.service.traffic:
            short = target.revision or latest
            if short not in kept.revisions:
                return f"Revision '{short}' was not found."
            image = kept.revisions[short].containers[0].image
            if target.percent and image in self.missing_images:
                return f"Revision '{short}' is not ready and cannot serve traffic. Image not found."
        return ""


def check(targets: Sequence[Any]) -> None:
    """The documented rules of a list of targets. Raises InvalidRequest."""
    if targets and sum(each.percent for each in targets) != 100:
        raise InvalidRequest("The percentages of traffic must sum to 100.")
    tags = [each.tag for each in targets if each.tag]
    if len(tags) != len(set(tags)):
        raise InvalidRequest("A tag may be used once only.")
    for each in targets:
        if each.type_ == BY_REVISION and not each.revision:
            raise InvalidRequest("A target that is allocated by revision names one.")
        if each.type_ == LATEST and each.revision:
            raise InvalidRequest("A target that is allocated to the latest names no revision.")
