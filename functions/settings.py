"""The settings of a bundle, from its environment (`.env`, `.env.PROJECT`, Secret Manager).

Every setting is documented in docs/reference/configuration.md; a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from firebase_functions.params import SecretParam

from functions.documents import Scope

OPENAI_API_KEY = SecretParam("OPENAI_API_KEY")

NAMES = (
    "PALIER_APPLICATION",
    "PALIER_ENVIRONMENT",
    "PALIER_OPENAI_URL",
    "PALIER_MONITORING_ADDRESS",
    "PALIER_ALLOWED_ORIGINS",
    "PALIER_EVALUATION_LIMIT",
)
IDENTIFIER = re.compile(r"[a-z][a-z0-9-]{0,38}")
WHOLE = re.compile(r"[0-9]{1,9}")


class SettingsError(Exception):
    """A setting has a value that can't be used. The bundle refuses to start."""


@dataclass(frozen=True)
class Settings:
    """
    application, environment   whose flags and stories the callables serve
    project                    the Google Cloud project, named by the platform
    openai_url                 another address than OpenAI's own ("" for OpenAI)
    openai_api_key             "" when it is not bound: stories then fail with a clear error
    monitoring_address         host:port of a local Cloud Monitoring server ("" for Google's)
    allowed_origins            browsers' origins that may call `api`; ("*",) for all
    evaluation_limit           requests a second of one API key to one instance of `api`; 0 for any
    """

    application: str
    environment: str
    project: str
    openai_url: str
    openai_api_key: str
    monitoring_address: str
    allowed_origins: tuple[str, ...]
    evaluation_limit: int

    @staticmethod
    def from_environment(environ: Mapping[str, str]) -> Settings:
        """Raises SettingsError."""
        return Settings(
            application=_identifier(environ, "PALIER_APPLICATION", "main"),
            environment=_identifier(environ, "PALIER_ENVIRONMENT", "production"),
            project=environ.get("GCLOUD_PROJECT") or environ.get("GOOGLE_CLOUD_PROJECT") or "",
            openai_url=environ.get("PALIER_OPENAI_URL", ""),
            openai_api_key=environ.get("OPENAI_API_KEY", "").strip(),
            monitoring_address=environ.get("PALIER_MONITORING_ADDRESS", ""),
            allowed_origins=_words(environ.get("PALIER_ALLOWED_ORIGINS", "*")),
            evaluation_limit=_whole(environ, "PALIER_EVALUATION_LIMIT", "1000"),
        )

    @property
    def scope(self) -> Scope:
        return Scope(self.application, self.environment)


def _identifier(environ: Mapping[str, str], name: str, default: str) -> str:
    value = environ.get(name, default)
    if not IDENTIFIER.fullmatch(value):
        raise SettingsError(
            f"{name} is {value!r}; it takes lower-case letters, digits and hyphens, "
            "at most 39, starting with a letter."
        )
    return value


def _whole(environ: Mapping[str, str], name: str, default: str) -> int:
    value = environ.get(name, default)
    if not WHOLE.fullmatch(value):
        raise SettingsError(f"{name} is {value!r}; it takes a whole number of at most 9 digits.")
    return int(value)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word)
