"""What people send to change flags, segments and API keys. What a rule may look like is checked by
the flag itself, with the path of what is wrong."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from functions.administration import ChangeBody
from functions.flags.flag import (
    MAXIMUM_OWNER,
    MAXIMUM_PREREQUISITES,
    MAXIMUM_TAG,
    MAXIMUM_TAGS,
    MAXIMUM_TARGETS,
)
from functions.flags.keys import Kind
from functions.flags.manage.keys import LONGEST_OVERLAP_SECONDS
from functions.flags.schedule import Action
from functions.flags.segment import MAXIMUM_USERS
from functions.flags.validation import (
    KEY,
    MAXIMUM_DESCRIPTION,
    MAXIMUM_METADATA,
    MAXIMUM_NAME,
    MAXIMUM_USER,
    MAXIMUM_VARIANTS,
)

USUAL_OVERLAP_SECONDS = 24 * 3600
LAST_SECOND = 253_402_300_799
"""The end of the year 9999, the last that Firestore can store."""

DEFINITION: dict[str, Any] = {
    "type": "object",
    "required": ["state", "variants"],
    "properties": {
        "state": {"enum": ["ENABLED", "DISABLED"]},
        "variants": {"type": "object", "minProperties": 1, "maxProperties": MAXIMUM_VARIANTS},
        "defaultVariant": {"type": ["string", "null"]},
        "targeting": {"type": ["object", "null"]},
        "metadata": {
            "type": ["object", "null"],
            "maxProperties": MAXIMUM_METADATA,
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        },
    },
    "additionalProperties": False,
    "description": "flagd's. The variants are of one type; the targeting is JsonLogic.",
}

FlagKey = Annotated[str, Field(max_length=100, json_schema_extra={"pattern": f"^{KEY.pattern}$"})]
Definition = Annotated[dict[str, Any], WithJsonSchema(DEFINITION)]
Text = Annotated[str, Field(max_length=MAXIMUM_DESCRIPTION)]
Owner = Annotated[str, Field(max_length=MAXIMUM_OWNER)]
Variant = Annotated[str, Field(min_length=1, max_length=MAXIMUM_NAME)]
User = Annotated[str, Field(min_length=1, max_length=MAXIMUM_USER)]
Tag = Annotated[str, Field(min_length=1, max_length=MAXIMUM_TAG)]
Seconds = Annotated[float, Field(gt=0, le=LAST_SECOND, allow_inf_nan=False, strict=False)]


class Requirement(BaseModel):
    """Another flag must give the user one of these variants."""

    model_config = ConfigDict(extra="forbid", strict=True)

    flag: FlagKey
    variants: list[Variant] = Field(min_length=1, max_length=MAXIMUM_VARIANTS)


class FlagContent(BaseModel):
    """What people write of a flag. `definition` is flagd's."""

    model_config = ConfigDict(extra="forbid", strict=True)

    definition: Definition = Field(default_factory=dict)
    description: Text = ""
    owner: Owner = ""
    client: bool = False
    tags: list[Tag] = Field(default_factory=list, max_length=MAXIMUM_TAGS)
    permanent: bool = False
    ends_at: Seconds | None = None
    prerequisites: list[Requirement] = Field(default_factory=list, max_length=MAXIMUM_PREREQUISITES)
    targets: dict[Variant, Annotated[list[User], Field(max_length=MAXIMUM_TARGETS)]] = Field(
        default_factory=dict, max_length=MAXIMUM_VARIANTS
    )
    off_variant: Variant | None = None

    def given(self) -> dict[str, Any]:
        """The fields that were sent, as the flag has them."""
        names = FlagContent.model_fields.keys() & self.model_fields_set
        return self.model_dump(include=set(names))


class NewFlag(FlagContent, ChangeBody):
    """A flag to create."""

    key: FlagKey
    definition: Definition


class EditedFlag(FlagContent, ChangeBody):
    """What is to change, on the basis of `revision`; what is absent stays."""

    revision: int = Field(ge=1)


class SegmentContent(BaseModel):
    """What people write of a segment: a rule, and users who are named one by one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rule: dict[str, Any] = Field(default_factory=dict)
    included: list[User] = Field(default_factory=list, max_length=MAXIMUM_USERS)
    excluded: list[User] = Field(default_factory=list, max_length=MAXIMUM_USERS)
    description: Text = ""

    def given(self) -> dict[str, Any]:
        """The fields that were sent, as the segment has them."""
        names = SegmentContent.model_fields.keys() & self.model_fields_set
        return self.model_dump(include=set(names))


class NewSegment(SegmentContent, ChangeBody):
    """A segment to create."""

    key: FlagKey


class EditedSegment(SegmentContent, ChangeBody):
    """What is to change, on the basis of `revision`; what is absent stays."""

    revision: int = Field(ge=1)


class Revision(ChangeBody):
    """The revision that a change is based on."""

    revision: int = Field(ge=1)


class Restoration(Revision):
    """`to` names the revision whose content comes back; without it, only the archive is left."""

    to: int | None = Field(default=None, ge=1)


class FormerRevision(Revision):
    """`to` names the revision whose content comes back."""

    to: int = Field(ge=1)


class NewKey(ChangeBody):
    """A key to create; `label` says who uses it."""

    kind: Annotated[Kind, Field(strict=False)]
    label: str = Field(min_length=1, max_length=100)


class Rotation(ChangeBody):
    """How long the old key goes on working."""

    overlap_seconds: int = Field(default=USUAL_OVERLAP_SECONDS, ge=0, le=LONGEST_OVERLAP_SECONDS)


class NewSchedule(ChangeBody):
    """A change of a flag that is to take effect at a time. `changes` are what an edit changes;
    `flag_revision` is the revision that somebody has looked at."""

    flag: FlagKey
    flag_revision: int = Field(ge=1)
    at: Seconds
    action: Annotated[Action, Field(strict=False)] = Action.EDIT
    changes: FlagContent | None = None


class EditedSchedule(ChangeBody):
    """Another time or other changes, on the basis of the schedule's `revision`. New changes need
    `flag_revision`; by itself it says that somebody has looked at the flag anew."""

    revision: int = Field(ge=1)
    at: Seconds | None = None
    changes: FlagContent | None = None
    flag_revision: int | None = Field(default=None, ge=1)
