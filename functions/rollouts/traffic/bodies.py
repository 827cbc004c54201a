"""What requests about serving look like."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from functions.administration import ChangeBody
from functions.alerts.channels.address import LONGEST_URL, target
from functions.errors import InvalidArgument
from functions.rollouts.traffic.serving import (
    LONGEST_VERSION,
    MOST_REVISIONS,
    VERSION,
    Serving,
    validate,
)

Version = Annotated[str, Field(min_length=1, max_length=LONGEST_VERSION)]
Name = Annotated[str, Field(max_length=63)]


class PutServing(ChangeBody):
    """Where a service runs; `cloud_run`, `health_url` or both."""

    cloud_run: str = Field(
        default="",
        max_length=200,
        description="projects/PROJECT/locations/REGION/services/SERVICE.",
    )
    revisions: dict[Version, Name] = Field(
        default_factory=dict,
        max_length=MOST_REVISIONS,
        description="By version, the revision that it runs in: stories-00042-abc.",
    )
    health_url: str = Field(
        default="",
        max_length=LONGEST_URL,
        description="Answers 2xx while a version is well; {version} stands for its name.",
    )

    def serving(self, service: str, *, local: bool) -> Serving:
        """`local`: this machine and its network may be asked, without TLS. Raises
        InvalidArgument."""
        if self.health_url:
            try:
                target(self.health_url.replace(VERSION, "version"), local)
            except ValueError as error:
                raise InvalidArgument(f"The `health_url` can't be asked: {error}.") from error
        return validate(Serving(service, self.cloud_run, self.revisions, self.health_url))
