"""What serves a service: its Cloud Run service, the revision that each version runs in, and where
its health is asked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from functions.errors import InvalidArgument
from functions.readable import readable

COLLECTION = "serving"
VERSION = "{version}"
"""What a version's name stands for in a health URL."""

CLOUD_RUN = re.compile(
    r"projects/[a-z][a-z0-9-]{4,61}[a-z0-9]/locations/[a-z]+-[a-z]+[0-9]+/services/"
    r"[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?"
)
REVISION = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
LONGEST_VERSION = 100
MOST_REVISIONS = 100


@dataclass(frozen=True)
class Serving:
    """
    service     whose versions they are
    cloud_run   projects/P/locations/R/services/S; "" where Palier leaves traffic alone
    revisions   by version, the short name of the revision that it runs in
    health_url  answers 2xx while a version is well; "" for none
    since       when it was said (epoch seconds): what was taken back before moves no traffic
    """

    service: str
    cloud_run: str = ""
    revisions: Mapping[str, str] = field(default_factory=dict)
    health_url: str = ""
    since: float = 0.0

    def health_of(self, version: str) -> str:
        """Where a version's health is asked; "" for nowhere. Without `{version}` in the address it
        is the same for all: what is found there then says nothing of one against another."""
        return self.health_url.replace(VERSION, quote(version, safe=""))

    def to_document(self) -> dict[str, Any]:
        return {
            "cloud_run": self.cloud_run,
            "revisions": dict(self.revisions),
            "health_url": self.health_url,
            "since": self.since,
        }


def serving_from(service: str, data: Mapping[str, Any]) -> Serving:
    """Raises KeyError, TypeError, ValueError when it is none."""
    return Serving(
        service,
        str(data.get("cloud_run", "")),
        {str(version): str(name) for version, name in dict(data.get("revisions", {})).items()},
        str(data.get("health_url", "")),
        float(data.get("since", 0.0)),
    )


def servings_of(part: Mapping[str, Any]) -> dict[str, Serving]:
    """The definitions that can be read, by service: one that can't holds nobody up."""
    return dict(readable(part, serving_from)[0])


def validate(serving: Serving) -> Serving:
    """As it is, when it can work. Raises InvalidArgument with everything that is wrong."""
    wrong = list(_problems(serving))
    if wrong:
        raise InvalidArgument(f"This can't serve: {' '.join(wrong)}")
    return serving


def _problems(serving: Serving) -> list[str]:
    wrong = []
    if not serving.cloud_run and not serving.health_url:
        wrong.append("Name `cloud_run`, `health_url` or both.")
    if serving.cloud_run and not CLOUD_RUN.fullmatch(serving.cloud_run):
        wrong.append("`cloud_run` is projects/PROJECT/locations/REGION/services/SERVICE.")
    if serving.cloud_run and not serving.revisions:
        wrong.append("Say in `revisions` which revision each version runs in.")
    if serving.revisions and not serving.cloud_run:
        wrong.append("`revisions` are those of a service that `cloud_run` names.")
    for version, name in serving.revisions.items():
        if not REVISION.fullmatch(name):
            wrong.append(f"The revision of {version} is a short name such as stories-00042-abc.")
    return wrong
