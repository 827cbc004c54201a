"""What the routes of flags, segments and API keys answer. Times are seconds since the epoch."""

from __future__ import annotations

from typing import Any

from functions.administration import Answer, ChangeAnswer
from functions.flags.keys import Kind
from functions.flags.manage.bodies import Definition, Requirement
from functions.flags.schedule import Action, State


class AudienceAnswer(Answer):
    """The members of a segment, and the percentage of them."""

    segment: str
    percentage: float


class SplitAnswer(Answer):
    """What a running rollout has put under the flag's rules. `percentage` is of everybody; of the
    members of `audiences` more get the candidate."""

    rollout: str
    salt: str
    control: str
    candidate: str
    percentage: float
    algorithm: str
    service: str
    audiences: list[AudienceAnswer]


class FlagFields(Answer):
    """What people write of a flag."""

    definition: Definition
    description: str
    owner: str
    client: bool
    tags: list[str]
    permanent: bool
    ends_at: float | None
    prerequisites: list[Requirement]
    targets: dict[str, list[str]]
    off_variant: str | None


class FlagView(FlagFields):
    key: str
    revision: int
    archived: bool
    killed: bool
    split: SplitAnswer | None
    updated_at: float


class ReadFlag(FlagView):
    """`last_evaluated_at` is null when it was not, since counting began."""

    last_evaluated_at: float | None


class FlagAnswer(Answer):
    flag: ReadFlag


class FlagList(Answer):
    flags: list[FlagView]


class FlagChanged(ChangeAnswer):
    flag: FlagView


class PastRevision(Answer):
    """Who changed it, when and why; `by` is an opaque id."""

    revision: int
    at: float
    by: str
    reason: str


class FlagRevision(PastRevision):
    archived: bool = False
    killed: bool = False
    content: FlagFields


class FlagRevisions(Answer):
    revisions: list[FlagRevision]


class SegmentFields(Answer):
    """What people write of a segment."""

    rule: dict[str, Any]
    included: list[str]
    excluded: list[str]
    description: str


class SegmentView(SegmentFields):
    key: str
    revision: int


class UsedSegment(SegmentView):
    """`used_by` names the flags and segments that refer to it."""

    used_by: list[str]


class SegmentAnswer(Answer):
    segment: UsedSegment


class SegmentList(Answer):
    segments: list[SegmentView]


class SegmentChanged(ChangeAnswer):
    segment: SegmentView


class SegmentRevision(PastRevision):
    content: SegmentFields


class SegmentRevisions(Answer):
    revisions: list[SegmentRevision]


class KeyView(Answer):
    """An API key without its secret."""

    id: str
    kind: Kind
    label: str
    created_at: float | None
    expires_at: float | None
    revoked_at: float | None


class KeyList(Answer):
    keys: list[KeyView]


class IssuedKey(ChangeAnswer):
    """`key` is shown here and never again."""

    id: str
    kind: Kind
    key: str


class RevokedKey(ChangeAnswer):
    id: str


class ScheduleView(Answer):
    """A scheduled change. `before` is what its fields were when somebody last looked;
    `made_revision` the flag's revision that it led to; `why` what kept it from taking effect."""

    id: str
    revision: int
    flag: str
    at: float
    state: State
    action: Action
    changes: dict[str, Any]
    before: dict[str, Any]
    based_on: int
    by: str
    reason: str
    created_at: float
    changed_by: str | None
    ended_at: float | None
    ended_by: str | None
    made_revision: int | None
    why: str | None


class ScheduleAnswer(Answer):
    schedule: ScheduleView


class ScheduleList(Answer):
    schedules: list[ScheduleView]


class ScheduleChanged(ChangeAnswer):
    schedule: ScheduleView
