"""The policies, channels and dashboards of a project: what people configure.

Cloud Monitoring changes a project's configuration one change at a time: one that comes while
another is being made is refused, and may be repeated.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from google.protobuf import field_mask_pb2

from local.monitoring.alerting import channels, policy
from local.monitoring.memory import NANOSECONDS, Memory
from local.monitoring.refusals import Busy, InUse, NotFound
from local.monitoring.rules import InvalidRequest

READ_ONLY = ("name", "creation_record", "mutation_record", "mutation_records", "validity")


@dataclass(frozen=True)
class Delays:
    """Seconds that a change of the configuration takes; and those until a metric is seen here.

    The real thing may need ten minutes to see a new metric.
    """

    change: float = 0.02
    metric: float = 0.0


class Configuration:
    """What is configured, by name; safe to use from several threads."""

    def __init__(
        self,
        memory: Memory,
        now_ns: Callable[[], int] = time.time_ns,
        delays: Delays | None = None,
    ) -> None:
        self.memory = memory
        self.delays = delays or Delays()
        self.policies: dict[str, Any] = {}
        self.channels: dict[str, Any] = {}
        self.dashboards: dict[str, dict[str, Any]] = {}
        self._now_ns = now_ns
        self._numbers = itertools.count(1)
        self._changing = threading.Lock()

    @contextmanager
    def change(self) -> Iterator[int]:
        """The one change that is made now, at a time in nanoseconds. Raises Busy."""
        if not self._changing.acquire(blocking=False):
            raise Busy("Too many concurrent edits to the project configuration. Please try again.")
        try:
            time.sleep(self.delays.change)
            with self.memory.lock:
                yield self._now_ns()
        finally:
            self._changing.release()

    def new_id(self) -> str:
        """A number that nothing here has had."""
        return f"{self._now_ns() // NANOSECONDS}{next(self._numbers):06d}"

    def create_policy(self, project: str, given: Any) -> Any:
        """Raises InvalidRequest, NotFound or Busy."""
        with self.change() as now:
            if any(condition.name for condition in given.conditions):
                raise InvalidRequest("Field alert_policy.conditions.name can't be set here.")
            made = self._checked_policy(given)
            made.name = f"projects/{project}/alertPolicies/{self.new_id()}"
            self._name_conditions(made, ())
            made.creation_record.mutate_time.FromNanoseconds(now)
            made.mutation_record.mutate_time.FromNanoseconds(now)
            self.policies[made.name] = made
            return made

    def update_policy(self, given: Any, mask: Any) -> Any:
        """Raises InvalidRequest, NotFound or Busy."""
        with self.change() as now:
            before = found(self.policies, given.name)
            made = self._checked_policy(merged(before, given, mask))
            made.name = before.name
            made.creation_record.CopyFrom(before.creation_record)
            self._name_conditions(made, [condition.name for condition in before.conditions])
            made.mutation_record.mutate_time.FromNanoseconds(now)
            self.policies[made.name] = made
            return made

    def delete_policy(self, name: str) -> None:
        """Raises NotFound or Busy."""
        with self.change():
            found(self.policies, name)
            del self.policies[name]

    def create_channel(self, project: str, given: Any, identifier: str = "") -> Any:
        """With an id of the server's choice, unless one is given. Raises InvalidRequest or Busy."""
        with self.change() as now:
            made = self._checked_channel(given)
            made.name = f"projects/{project}/notificationChannels/{identifier or self.new_id()}"
            made.creation_record.mutate_time.FromNanoseconds(now)
            self.channels[made.name] = made
            return channels.shown(made)

    def update_channel(self, given: Any, mask: Any) -> Any:
        """Raises InvalidRequest, NotFound or Busy."""
        with self.change() as now:
            before = found(self.channels, given.name)
            after = merged(before, given, mask)
            after.verification_status = 0
            if after.type_ != before.type_:
                raise InvalidRequest("Field notification_channel.type can't be changed.")
            made = self._checked_channel(after)
            made.name = before.name
            made.creation_record.CopyFrom(before.creation_record)
            made.mutation_records.add().mutate_time.FromNanoseconds(now)
            self.channels[made.name] = made
            return channels.shown(made)

    def delete_channel(self, name: str, *, force: bool) -> None:
        """With `force` it is taken out of the policies that name it. Raises InUse without."""
        with self.change():
            found(self.channels, name)
            users = [one for one in self.policies.values() if name in one.notification_channels]
            if users and not force:
                raise InUse(
                    f"Channel {name} is in use by {len(users)} alert policies. Take it out of "
                    "them, or delete it with force."
                )
            for user in users:
                kept = [one for one in user.notification_channels if one != name]
                user.notification_channels[:] = kept
            del self.channels[name]

    def _describe(self, metric: str) -> Any:
        since = self.memory.described_at.get(metric)
        visible = since is not None and self._now_ns() - since >= self.delays.metric * NANOSECONDS
        return self.memory.descriptors.get(metric) if visible else None

    def _checked_policy(self, given: Any) -> Any:
        made = _copy(given)
        if not made.HasField("enabled"):
            made.enabled.value = True
        for name in READ_ONLY:
            if name in made.DESCRIPTOR.fields_by_name:
                made.ClearField(name)
        policy.check(made, self._describe, self.channels)
        return made

    def _name_conditions(self, made: Any, known: Any) -> None:
        for condition in made.conditions:
            if condition.name and condition.name not in known:
                raise InvalidRequest(
                    f'Field alert_policy.conditions.name had an invalid value of "{condition.name}"'
                    ": the policy has no such condition."
                )
            condition.name = condition.name or f"{made.name}/conditions/{self.new_id()}"

    def _checked_channel(self, given: Any) -> Any:
        made = _copy(given)
        channels.check(made)
        if not made.HasField("enabled"):
            made.enabled.value = True
        for name in READ_ONLY:
            if name in made.DESCRIPTOR.fields_by_name:
                made.ClearField(name)
        made.verification_status = 1 if channels.KINDS[made.type_].verified else 0
        return made


def found(all_: Mapping[str, Any], name: str) -> Any:
    """Raises NotFound."""
    if name not in all_:
        raise NotFound(f"Requested entity was not found: {name}.")
    return all_[name]


def merged(before: Any, given: Any, mask: Any) -> Any:
    """What an update makes: all that was given, or of that only what a mask names."""
    if not mask.paths:
        return _copy(given)
    names = {"type": "type_"}
    paths = [".".join(names.get(part, part) for part in path.split(".")) for path in mask.paths]
    known = field_mask_pb2.FieldMask(paths=paths)
    if not known.IsValidForDescriptor(before.DESCRIPTOR):
        raise InvalidRequest(f"Field update_mask had an invalid value of {list(mask.paths)}.")
    after = _copy(before)
    known.MergeMessage(given, after, replace_message_field=True, replace_repeated_field=True)
    return after


def _copy(message: Any) -> Any:
    made = type(message)()
    made.CopyFrom(message)
    return made
