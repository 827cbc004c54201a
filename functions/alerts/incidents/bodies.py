"""What people send about incidents and about who responds to them: shapes and limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from functions.administration import ChangeBody
from functions.alerts.incidents.answers import Day, Language, Level
from functions.alerts.incidents.people import CLOCK_TIME, PARIS, Hours, Person, known_zone
from functions.alerts.mailbox import Mailbox

Time = Annotated[str, StringConstraints(pattern=f"^({CLOCK_TIME.pattern})$")]
MAXIMUM_NOTE = 1_000


class NewNote(ChangeBody):
    text: str = Field(min_length=1, max_length=MAXIMUM_NOTE)


class HoursOnCall(BaseModel):
    """`end` is on the next day when it is not after `start`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    days: list[Day] = Field(min_length=1, max_length=7)
    start: Time
    end: Time


class PutPerson(ChangeBody):
    """Without `hours` a person is on call at all hours."""

    name: str = Field(min_length=1, max_length=100)
    levels: list[Level] = Field(min_length=1, max_length=4)
    email: Mailbox | Literal[""] = ""
    phone: str = Field(default="", max_length=30, pattern=r"^(\+?[0-9][0-9 ().-]{2,28})?$")
    languages: list[Language] = Field(default=["en"], min_length=1, max_length=2)
    hours: list[HoursOnCall] = Field(default=[], max_length=21)
    time_zone: str = Field(default=PARIS, max_length=64)
    uid: str = Field(default="", max_length=128, pattern=r"^[^\s/]*$")

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        if not known_zone(name):
            raise ValueError("a time zone such as Europe/Paris is expected")
        return name

    def person(self, identifier: str) -> Person:
        return Person(
            id=identifier,
            name=self.name,
            levels=tuple(sorted(set(self.levels))),
            email=self.email,
            phone=self.phone,
            languages=tuple(dict.fromkeys(self.languages)),
            hours=tuple(Hours(tuple(each.days), each.start, each.end) for each in self.hours),
            time_zone=self.time_zone,
            uid=self.uid,
        )
