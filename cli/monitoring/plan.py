"""What has to change in Cloud Monitoring so that it is as a folder says. Pure.

Of what is there only that is compared which the folder speaks of: what Cloud Monitoring adds by
itself, and what people set beside it, stays. Policies without our label are nobody's business here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.monitoring.folder import Folder

Json = Mapping[str, Any]

CREATE = "create"
UPDATE = "update"
REMOVE = "remove"
HEARTBEAT = "tick-heartbeat"
CHANNELS = "notificationChannels"
SEVERITIES = ("P1", "P2", "P3")
INCIDENTS = "incidents"
PAGING = frozenset({"trigger", "update"})
"""What a route takes that is to page somebody: an incident that begins, or escalates."""


@dataclass(frozen=True)
class Change:
    """One policy, or the dashboard. `before` is what is there, `after` what shall be."""

    kind: str
    what: str
    before: Json | None
    after: Json | None

    def lines(self) -> list[str]:
        """What differs, as a diff."""
        before, after = dict(_flat(self.before or {})), dict(_flat(self.after or {}))
        if self.kind == UPDATE:
            before = {path: before[path] for path in after if path in before}
        found = []
        for path in [*after, *(path for path in before if path not in after)]:
            if before.get(path) != after.get(path):
                found += [f"- {path}: {before[path]}"] if path in before else []
                found += [f"+ {path}: {after[path]}"] if path in after else []
        return found


def paged(channels: Sequence[Json], routes: Sequence[Json]) -> dict[str, list[str]]:
    """By severity the channels that Cloud Monitoring pages and Palier doesn't, as they are called
    there: those to which a route gives incidents of it. It knows no levels of support.
    """
    named = {each["id"]: each["notification_channel"] for each in channels}
    found: dict[str, set[str]] = {severity: set() for severity in SEVERITIES}
    for route in routes:
        if not _of_incidents(route):
            continue
        for severity in route["severities"] or SEVERITIES:
            found[severity] |= {named.get(each, "") for each in route["channels"]} - {""}
    return {severity: sorted(names) for severity, names in found.items()}


def _of_incidents(route: Json) -> bool:
    """Whether it takes more of incidents than their end."""
    about = route["about"].split("/")[0]
    return about in ("", INCIDENTS) and (not route["events"] or bool(PAGING & {*route["events"]}))


def told(policies: Mapping[str, Json], channels: Mapping[str, Sequence[str]]) -> dict[str, Json]:
    """The policies with the channels that they page, by rule: these and no others. Those of the
    heartbeat stay open where there are none, since somebody has to hear of it.
    """
    return {
        rule: policy
        if rule == HEARTBEAT and not channels.get(rule)
        else {**policy, CHANNELS: [*channels.get(rule, ())]}
        for rule, policy in policies.items()
    }


def of_policies(
    folder: Folder,
    existing: Sequence[Json],
    channels: Sequence[str] = (),
    rules_channels: Sequence[str] = (),
    *,
    remove: bool = False,
) -> list[Change]:
    """The changes, in the order in which they are to be made.

    `channels` are those of the heartbeat, `rules_channels` those of the other policies; without any
    it is as the folder says, and where that says nothing what is there stays. `remove` takes away
    those of ours that the folder doesn't hold.
    """
    by_rule, left = _ours(folder, existing)
    changes = []
    for rule, policy in folder.policies.items():
        named = channels if rule == HEARTBEAT else rules_channels
        after = {**policy, CHANNELS: [*named]} if named else policy
        before = by_rule.get(rule)
        if before is None:
            changes.append(Change(CREATE, rule, None, after))
        elif not _says(before, after):
            changes.append(Change(UPDATE, rule, before, after))
    if remove:
        changes += [Change(REMOVE, _rule_of(policy), policy, None) for policy in left]
    return changes


def spare(folder: Folder, existing: Sequence[Json]) -> list[str]:
    """The rules of our policies that the folder doesn't hold, or of which there are two."""
    _, left = _ours(folder, existing)
    return sorted(map(_rule_of, left))


def _ours(folder: Folder, existing: Sequence[Json]) -> tuple[dict[str, Json], list[Json]]:
    """The policies of the folder's rules as they are there, and those of ours that are left."""
    by_rule: dict[str, Json] = {}
    left: list[Json] = []
    for policy in existing:
        if not is_of(policy, folder.application, folder.environment):
            continue
        rule = _rule_of(policy)
        if rule in by_rule or rule not in folder.policies:
            left.append(policy)
        else:
            by_rule[rule] = policy
    return by_rule, left


def of_dashboard(folder: Folder, existing: Json | None) -> list[Change]:
    if folder.dashboard is None or (existing is not None and _says(existing, folder.dashboard)):
        return []
    kind = CREATE if existing is None else UPDATE
    return [Change(kind, "dashboard", existing, folder.dashboard)]


def silent_heartbeat(changes: Sequence[Change], folder: Folder, existing: Sequence[Json]) -> bool:
    """Whether nobody would hear that the control loop is silent."""
    if HEARTBEAT not in folder.policies:
        return False
    there, _ = _ours(folder, existing)
    heard = there.get(HEARTBEAT, {}).get(CHANNELS)
    for change in changes:
        if change.what == HEARTBEAT and change.after and CHANNELS in change.after:
            heard = change.after[CHANNELS]
    return not heard


def is_of(policy: Json, application: str, environment: str) -> bool:
    """Whether a policy is ours, and of that environment."""
    labels = policy.get("userLabels", {})
    named = (labels.get("application"), labels.get("environment"))
    return "palier" in labels and named == (application, environment)


def _rule_of(policy: Json) -> str:
    return str(policy["userLabels"].get("rule", ""))


def _says(there: Any, wanted: Any) -> bool:
    """Whether everything that is wanted is there; lists must agree in length."""
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and all(
            key in there and _says(there[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(there, list)
            and len(there) == len(wanted)
            and all(_says(*pair) for pair in zip(there, wanted, strict=True))
        )
    return bool(there == wanted)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each leaf with the path to it."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{number}]")
    else:
        yield path, value
