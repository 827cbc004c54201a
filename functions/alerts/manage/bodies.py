"""What people send to define rules and silences: shapes and limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from functions.administration import ChangeBody

Seconds = Annotated[int, Field(ge=0, le=86_400)]
Named = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._+-]{0,100}$")]
Page = Annotated[
    str, StringConstraints(pattern=r"^(https://[!-~]{1,300}|docs/[A-Za-z0-9/._-]{1,200})?$")
]
Words = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]*$")]
Severity = Literal["P1", "P2", "P3"]


class Title(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    en: Words
    fr: Words


class PutRule(ChangeBody):
    """What is not given is as in the template, as delivered, or as usual."""

    template: str = Field(default="", max_length=63)
    enabled: bool = True
    severity: Severity | None = None
    metric: str | None = Field(default=None, max_length=60)
    comparison: Literal[">", "<"] | None = None
    threshold: float | None = Field(default=None, ge=-1e9, le=1e9, allow_inf_nan=False)
    kind: Literal["threshold", "baseline", "absence"] | None = None
    window_seconds: Seconds | None = None
    for_seconds: Seconds | None = None
    keep_firing_seconds: Seconds | None = None
    minimum_requests: int | None = Field(default=None, ge=0, le=1_000_000)
    actions: list[Literal["notify", "pause", "roll_back"]] | None = Field(
        default=None, min_length=1, max_length=3
    )
    baseline_days: int | None = Field(default=None, ge=0, le=28)
    service: Named | None = None
    title: Title | None = None
    page: Page | None = None

    def given(self) -> dict[str, Any]:
        apart = {"reason", "expected_generation", "template"}
        return self.model_dump(exclude_none=True, exclude=apart)


class PutSilence(ChangeBody):
    """Which alerts, "" for any; `until` in epoch seconds."""

    until: float = Field(ge=0, le=1e11, allow_inf_nan=False)
    rule: Named = ""
    service: Named = ""
    version: Named = ""
    severity: Severity | Literal[""] = ""

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude={"reason", "expected_generation"})
