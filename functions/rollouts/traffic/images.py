"""Whether the image of a revision is still in its registry: the Docker registry's HTTP API.

Cloud Run keeps a revision whose image was cleaned up, and says that it is ready. That it can't be
given traffic shows only when it is tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from functions.alerts.channels.transport import Transport, Unreached
from functions.rollouts.traffic.cloud_run import Unreachable

SECONDS = 3.0
ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
OF_GOOGLE = (".pkg.dev", ".gcr.io")
"""Registries that the function's own token is for, and may be sent to."""


@dataclass(frozen=True)
class Registry:
    """`token` gives the function's access token. `local`: registries on this machine are asked
    instead of Google's, without TLS and without it."""

    token: Callable[[float], str]
    local: bool = False

    def present(self, image: str, seconds: float) -> bool | None:
        """Whether it is there, within so many seconds; None where nobody knows."""
        where = manifest(image)
        if where is None:
            return None
        host, path = where
        trusted = f".{host}".endswith(OF_GOOGLE)
        if trusted is self.local:
            return None
        headers = {"Accept": ACCEPT}
        limit = min(seconds, SECONDS)
        try:
            if trusted:
                headers["Authorization"] = f"Bearer {self.token(limit)}"
            url = f"{'https' if trusted else 'http'}://{host}{path}"
            status = Transport(self.local, seconds=limit).head(url, headers)
        except (Unreached, Unreachable):
            return None
        return {200: True, 404: False}.get(status)


def manifest(image: str) -> tuple[str, str] | None:
    """The host that has an image, and the path of its manifest there; None of a name that tells no
    host."""
    host, slash, rest = image.partition("/")
    if not slash or not ("." in host or ":" in host):
        return None
    name, at, digest = rest.partition("@")
    if at:
        return host, f"/v2/{_untagged(name)}/manifests/{digest}"
    name, colon, tag = rest.rpartition(":")
    return (
        (host, f"/v2/{name}/manifests/{tag}") if colon else (host, f"/v2/{rest}/manifests/latest")
    )


def _untagged(name: str) -> str:
    return name.partition(":")[0]
