"""Looks at what a rollout needs of Cloud Run before it begins, and rehearses the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from functions.rollouts.traffic import words
from functions.rollouts.traffic.asking import Asking, Present
from functions.rollouts.traffic.check import Found, check
from functions.rollouts.traffic.cloud_run import Conflict, Denied, Missing
from functions.rollouts.traffic.intent import Intent
from functions.rollouts.traffic.observed import Observed
from functions.rollouts.traffic.record import Record, looked


@dataclass(frozen=True)
class Starting:
    """`present` looks an image up."""

    asking: Asking
    present: Present

    def checked(self, wanted: Intent, record: Record, now: float) -> Record:
        """The record, with whether the rollout may begin. Raises CloudRunError."""
        try:
            observed = self.asking.service()
        except Missing:
            name = self.asking.name.rpartition("/")[2]
            return replace(record, checked=check(wanted, name, None, (), now))
        pairs = ((wanted.fallback_version, wanted.fallback), (wanted.version, wanted.revision))
        found = [self._found(version, name) for version, name in pairs if name]
        found += self._rehearsed(wanted, observed) if not any(e.problem for e in found) else []
        checked = check(wanted, record.service, observed, tuple(found), now)
        return replace(looked(record, wanted, observed, now), checked=checked)

    def _found(self, version: str, name: str) -> Found:
        try:
            revision = self.asking.revision(name)
        except Missing:
            return Found(version, name, words.REVISION_GONE)
        if revision.failure:
            return Found(version, name, words.NOT_READY, revision.failure)
        if revision.image and self.present(revision.image, self.asking.left()) is False:
            return Found(version, name, words.IMAGE_GONE)
        return Found(version, name)

    def _rehearsed(self, wanted: Intent, observed: Observed) -> list[Found]:
        """Whether Cloud Run would take the traffic back: a rollback is no time to find out."""
        if not wanted.fallback:
            return []
        try:
            self.asking.direct(observed, wanted.fallback, only_validate=True)
        except Denied as refusal:
            version = wanted.fallback_version
            return [Found(version, wanted.fallback, words.REFUSED, str(refusal))]
        except Conflict:
            return []  # somebody deploys: the next look sees what came of it
        return []
