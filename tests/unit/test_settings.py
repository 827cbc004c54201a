"""Settings from an environment, and values that the bundle refuses to start with."""

from __future__ import annotations

import pytest

from functions.documents import Scope
from functions.settings import NAMES, Settings, SettingsError


def test_the_defaults_serve_a_bundle_of_one_application() -> None:
    settings = Settings.from_environment({})
    assert settings.scope == Scope("main", "production")
    assert (settings.openai_url, settings.monitoring_address, settings.openai_api_key) == (
        "",
        "",
        "",
    )
    assert settings.allowed_origins == ("*",)
    assert settings.evaluation_limit == 1_000


def test_all_that_can_be_set() -> None:
    settings = Settings.from_environment(
        {
            "PALIER_APPLICATION": "shop",
            "PALIER_ENVIRONMENT": "staging",
            "PALIER_OPENAI_URL": "http://127.0.0.1:1/v1",
            "PALIER_MONITORING_ADDRESS": "127.0.0.1:2",
            "PALIER_CLOUD_RUN_ADDRESS": "127.0.0.1:3",
            "PALIER_ALLOWED_ORIGINS": "https://a.example, https://b.example",
            "PALIER_EVALUATION_LIMIT": "0",
            "PALIER_APP_CHECK": "enforced",
            "PALIER_REQUESTS_AN_HOUR": "20",
            "PALIER_DOLLARS_AN_HOUR": "0.50",
            "PALIER_DOLLARS_A_DAY": "0",
            "PALIER_MODERATION_OPEN": "adult",
            "PALIER_REPOSITORY_URL": "https://git.example/repo/blob/main",
            "PALIER_LOCAL_CHANNELS": "allowed",
            "OPENAI_API_KEY": "a-key\n",
            "GCLOUD_PROJECT": "one",
            "GOOGLE_CLOUD_PROJECT": "two",
        }
    )
    assert settings == Settings(
        "shop",
        "staging",
        "one",
        "http://127.0.0.1:1/v1",
        "a-key",
        "127.0.0.1:2",
        "127.0.0.1:3",
        ("https://a.example", "https://b.example"),
        0,
        app_check=True,
        requests_an_hour=20,
        microdollars_an_hour=500_000,
        microdollars_a_day=0,
        moderation_open=frozenset({"adult"}),
        repository_url="https://git.example/repo/blob/main",
        local_channels=True,
    )


def test_the_project_by_its_other_name() -> None:
    assert Settings.from_environment({"GOOGLE_CLOUD_PROJECT": "two"}).project == "two"


@pytest.mark.parametrize("name", ["PALIER_APPLICATION", "PALIER_ENVIRONMENT"])
@pytest.mark.parametrize("value", ["", "Main", "1st", "a/b", "a b", "é", "x" * 40, "..", "a\n"])
def test_names_that_are_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({name: value})


def test_what_stories_may_do_unless_it_is_set() -> None:
    settings = Settings.from_environment({})
    assert (settings.app_check, settings.requests_an_hour) == (False, 1_000)
    assert settings.microdollars_an_hour == 5_000_000
    assert settings.microdollars_a_day == 100_000_000
    assert settings.moderation_open == {"teen", "adult"}
    nobody = Settings.from_environment({"PALIER_MODERATION_OPEN": ""})
    assert nobody.moderation_open == frozenset()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("PALIER_APP_CHECK", "on", id="App Check"),
        pytest.param("PALIER_DOLLARS_AN_HOUR", "$5", id="a sign"),
        pytest.param("PALIER_DOLLARS_AN_HOUR", "-1", id="negative"),
        pytest.param("PALIER_DOLLARS_A_DAY", "1.234", id="less than a cent"),
        pytest.param("PALIER_DOLLARS_A_DAY", "", id="nothing"),
        pytest.param("PALIER_REQUESTS_AN_HOUR", "many", id="words"),
        pytest.param("PALIER_MODERATION_OPEN", "child", id="children"),
        pytest.param("PALIER_MODERATION_OPEN", "teen, everybody", id="unknown audience"),
    ],
)
def test_what_stories_may_not_be_told(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({name: value})


@pytest.mark.parametrize("value", ["", "-1", "1.5", "1e3", "many", "²", "1" * 10])
def test_limits_that_are_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="PALIER_EVALUATION_LIMIT"):
        Settings.from_environment({"PALIER_EVALUATION_LIMIT": value})


def test_names_are_the_bundle_s_own() -> None:
    assert all(name.startswith("PALIER_") for name in NAMES)
    assert len(set(NAMES)) == len(NAMES)
