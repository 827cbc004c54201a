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
    "PALIER_CLOUD_RUN_ADDRESS",
    "PALIER_ALLOWED_ORIGINS",
    "PALIER_EVALUATION_LIMIT",
    "PALIER_APP_CHECK",
    "PALIER_REQUESTS_AN_HOUR",
    "PALIER_DOLLARS_AN_HOUR",
    "PALIER_DOLLARS_A_DAY",
    "PALIER_MODERATION_OPEN",
    "PALIER_REPOSITORY_URL",
    "PALIER_LOCAL_CHANNELS",
)
IDENTIFIER = re.compile(r"[a-z][a-z0-9-]{0,38}")
WHOLE = re.compile(r"[0-9]{1,9}")
DOLLARS = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")
MICRODOLLARS = 1_000_000
HTTPS = re.compile(r"https://[!-~]{1,500}")
OFF, ENFORCED, ALLOWED = "off", "enforced", "allowed"
MAY_STAY_OPEN = ("teen", "adult")
"""Audiences for whom an answer may be given when moderation can't be asked. Never children."""


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
    cloud_run_address          host:port of a local Cloud Run Admin server ("" for Google's)
    allowed_origins            browsers' origins that may call `api`; ("*",) for all
    evaluation_limit           requests a second of one API key to one instance of `api`; 0 for any
    app_check                  whether callables demand an App Check token
    requests_an_hour           stories of one user in an hour; 0 for any
    microdollars_an_hour       what the stories of one user may cost in an hour; 0 for any
    microdollars_a_day         what all stories of the environment may cost in a day; 0 for any
    moderation_open            audiences whose stories are told when moderation can't be asked
    repository_url             where the repository can be read, for links to runbooks; "" for none
    local_channels             whether messages may go to this machine and its network, without TLS
    """

    application: str
    environment: str
    project: str
    openai_url: str
    openai_api_key: str
    monitoring_address: str
    cloud_run_address: str
    allowed_origins: tuple[str, ...]
    evaluation_limit: int
    app_check: bool
    requests_an_hour: int
    microdollars_an_hour: int
    microdollars_a_day: int
    moderation_open: frozenset[str]
    repository_url: str
    local_channels: bool

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
            cloud_run_address=environ.get("PALIER_CLOUD_RUN_ADDRESS", ""),
            allowed_origins=_words(environ.get("PALIER_ALLOWED_ORIGINS", "*")),
            evaluation_limit=_whole(environ, "PALIER_EVALUATION_LIMIT", "1000"),
            app_check=_one_of(environ, "PALIER_APP_CHECK", (OFF, ENFORCED)) == ENFORCED,
            requests_an_hour=_whole(environ, "PALIER_REQUESTS_AN_HOUR", "1000"),
            microdollars_an_hour=_dollars(environ, "PALIER_DOLLARS_AN_HOUR", "5"),
            microdollars_a_day=_dollars(environ, "PALIER_DOLLARS_A_DAY", "100"),
            moderation_open=_some_of(environ, "PALIER_MODERATION_OPEN", MAY_STAY_OPEN),
            repository_url=_address(environ, "PALIER_REPOSITORY_URL"),
            local_channels=_one_of(environ, "PALIER_LOCAL_CHANNELS", (OFF, ALLOWED)) == ALLOWED,
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


def _dollars(environ: Mapping[str, str], name: str, default: str) -> int:
    """In microdollars."""
    value = environ.get(name, default)
    if not DOLLARS.fullmatch(value):
        raise SettingsError(f"{name} is {value!r}; it takes US dollars, such as 5 or 0.50.")
    return round(float(value) * MICRODOLLARS)


def _one_of(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """The first choice is the default."""
    value = environ.get(name, choices[0])
    if value not in choices:
        raise SettingsError(f"{name} is {value!r}; it takes {' or '.join(choices)}.")
    return value


def _some_of(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> frozenset[str]:
    """All choices are the default."""
    words = _words(environ.get(name, " ".join(choices)))
    if set(words) - set(choices):
        raise SettingsError(
            f"{name} is {' '.join(words)!r}; it takes any of {', '.join(choices)}, or nothing."
        )
    return frozenset(words)


def _address(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if value and not HTTPS.fullmatch(value):
        raise SettingsError(f"{name} is {value!r}; it takes an address that begins with https://.")
    return value


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word)
