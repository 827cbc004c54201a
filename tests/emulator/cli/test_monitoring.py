"""`palier monitoring` against the local Cloud Monitoring, with the real clients."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.cloud import monitoring_v3

from cli.__main__ import main
from functions.metrics import series
from local.monitoring import server, web
from local.monitoring.alerting.configuration import Configuration, Delays
from local.monitoring.memory import Memory
from local.paths import ROOT

FOLDER = str(ROOT / "monitoring")
CHANNEL = "projects/demo/notificationChannels/1"


@dataclass
class Console:
    """A local Cloud Monitoring, and `palier monitoring` as somebody types it beside it."""

    configuration: Configuration
    address: str
    page: str
    capsys: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    def palier(self, verb: str, *words: str, code: int = 0) -> str:
        where = ["--project", "demo", "--address", self.address]
        where += ["--page", self.page] if verb in ("apply", "diff") else []
        found = main(["monitoring", verb, *words, *where], {})
        captured = self.capsys.readouterr()
        self.out, self.err = captured.out, captured.err
        assert found == code, (verb, words, self.out, self.err)
        return self.out

    def apply(self, *words: str, folder: str = FOLDER, code: int = 0) -> str:
        return self.palier("apply", folder, "--yes", *words, code=code)

    @property
    def policies(self) -> dict[str, Any]:
        found = self.configuration.policies.values()
        return {policy.user_labels.get("rule", ""): policy for policy in found}


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str]) -> Iterator[Console]:
    memory = Memory()
    configuration = Configuration(memory, delays=Delays(change=0.0, metric=0.0))
    calls, port = server.serve(memory, 0, configuration=configuration)
    page = web.serve(memory, 0, configuration=configuration)
    channel = monitoring_v3.NotificationChannel.pb()(name=CHANNEL, type_="email")
    channel.labels["email_address"] = "a@example.com"
    configuration.channels[CHANNEL] = channel
    where = f"127.0.0.1:{port}", f"http://127.0.0.1:{page.server_port}"
    yield Console(configuration, *where, capsys)
    server.stop(calls)
    page.shutdown()
    page.server_close()


def test_what_is_checked_in_is_taken_and_then_there_is_nothing_to_do(console: Console) -> None:
    out = console.apply("--channel", CHANNEL)
    assert "p1-error-rate: made" in out
    assert "dashboard: made" in out
    assert set(console.configuration.memory.descriptors) == {m.type for m in series.METRICS}
    assert set(console.policies) == {path.stem for path in Path(FOLDER).glob("*.json")} - {
        "dashboard"
    }
    assert list(console.policies["tick-heartbeat"].notification_channels) == [CHANNEL]
    assert not any(
        policy.notification_channels
        for rule, policy in console.policies.items()
        if rule != "tick-heartbeat"
    ), "Palier pages for the rules itself"
    assert "as the folder says" in console.apply()
    assert "as the folder says" in console.palier("diff", FOLDER)


def test_the_heartbeat_must_have_somebody_to_tell(console: Console) -> None:
    console.apply(code=2)
    assert "Nobody would hear" in console.err
    assert not console.policies


def test_a_dry_run_changes_nothing_and_is_a_gate(console: Console) -> None:
    out = console.palier("diff", FOLDER, "--channel", CHANNEL, code=1)
    assert "make p1-error-rate" in out
    out = console.palier("apply", FOLDER, "--channel", CHANNEL, code=3)
    assert "Nothing was changed" in out
    assert not console.policies
    assert not console.configuration.memory.descriptors


def folder(tmp_path: Path, **changes: Any) -> str:
    """The checked-in folder with other thresholds by rule; None takes a rule away."""
    for path in Path(FOLDER).glob("*.json"):
        policy = json.loads(path.read_text())
        change = changes.get(path.stem.replace("-", "_"), path)
        if change is None:
            continue
        if change is not path:
            policy["conditions"][0]["conditionThreshold"]["thresholdValue"] = change
        (tmp_path / path.name).write_text(json.dumps(policy))
    return str(tmp_path)


def test_one_that_was_changed_is_changed_back_and_keeps_its_condition(
    console: Console, tmp_path: Path
) -> None:
    console.apply("--channel", CHANNEL)
    before = console.policies["p1-error-rate"].conditions[0].name
    console.policies["p1-error-rate"].enabled.value = False
    other = folder(tmp_path, p1_error_rate=0.1)
    out = console.palier("diff", other, code=1)
    where = "conditions[0].conditionThreshold.thresholdValue"
    assert out.splitlines() == ["change p1-error-rate", f"  - {where}: 0.05", f"  + {where}: 0.1"]
    assert console.apply(folder=other) == f"{out}\np1-error-rate: changed\n"
    after = console.policies["p1-error-rate"]
    assert after.conditions[0].condition_threshold.threshold_value == 0.1
    assert after.conditions[0].name == before
    assert not after.enabled.value, "what somebody switched off stays off"
    assert list(console.policies["tick-heartbeat"].notification_channels) == [CHANNEL]


def test_others_policies_are_nobody_s_business_here(console: Console, tmp_path: Path) -> None:
    console.apply("--channel", CHANNEL)
    staging = monitoring_v3.AlertPolicy.pb()()
    staging.CopyFrom(console.policies["p3-memory"])
    staging.name = "projects/demo/alertPolicies/of-staging"
    staging.user_labels["environment"] = "staging"
    foreign = monitoring_v3.AlertPolicy.pb()(name="projects/demo/alertPolicies/foreign")
    known = console.configuration.policies
    known[staging.name], known[foreign.name] = staging, foreign
    left = folder(tmp_path, p3_memory=None)
    out = console.apply(folder=left)
    assert "as the folder says" in out
    assert "no more: p3-memory. --remove" in out
    assert "p3-memory: taken away" in console.apply("--remove", folder=left)
    assert {staging.name, foreign.name} <= set(known)
    gone = [one for one in known.values() if one.user_labels.get("rule") == "p3-memory"]
    assert gone == [staging]


def test_a_metric_that_is_not_known_yet_is_waited_for(console: Console) -> None:
    console.configuration.delays = Delays(change=0.0, metric=1.5)
    console.apply("--channel", CHANNEL)
    assert "doesn't know the metric yet" in console.err
    assert "p1-error-rate" in console.policies


def test_another_change_that_is_being_made_is_waited_for(console: Console) -> None:
    configuration = console.configuration
    configuration.delays = Delays(change=1.0)
    other = threading.Thread(
        target=configuration.create_channel, args=("demo", configuration.channels[CHANNEL])
    )
    other.start()
    time.sleep(0.2)
    configuration.delays = Delays(change=0.0)
    console.apply("--channel", CHANNEL)
    other.join()
    assert "another change is being made" in console.err


def test_a_channel_that_does_not_exist_is_said(console: Console) -> None:
    console.apply("--channel", "projects/demo/notificationChannels/9", code=1)
    assert "no such channel" in console.err
    assert "What to do" in console.err


def test_rules_are_told_where_somebody_asks_for_it(console: Console) -> None:
    console.apply("--channel", CHANNEL, "--rules-channel", CHANNEL)
    assert all(list(one.notification_channels) == [CHANNEL] for one in console.policies.values())


@pytest.mark.parametrize("content", ["{}", "[", '{"userLabels": {"palier": "policy"}}'])
def test_a_folder_that_is_none_is_refused(console: Console, tmp_path: Path, content: str) -> None:
    (tmp_path / "p1.json").write_text(content)
    console.apply(folder=str(tmp_path), code=2)
