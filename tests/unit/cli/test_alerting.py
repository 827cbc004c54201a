"""What the verbs for alerts, rules and silences ask, and what they say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.cli.conftest import Answering

RULE: dict[str, Any] = {
    "id": "search-slow",
    "origin": "own",
    "enabled": True,
    "severity": "P1",
    "metric": "execution_time_p95_ms",
    "comparison": ">",
    "threshold": 300.0,
    "kind": "threshold",
    "window_seconds": 60,
    "for_seconds": 300,
    "keep_firing_seconds": 300,
    "minimum_requests": 20,
    "actions": ["notify"],
    "baseline_days": 0,
    "service": "search",
    "title": {"en": "execution time", "fr": "temps d'exécution"},
    "limit": {"en": "300 ms", "fr": "300 ms"},
    "page": "docs/runbooks/slow-answers.md",
}
ALERT: dict[str, Any] = {
    "rule": "search-slow",
    "service": "search",
    "version": "2.0.0",
    "severity": "P1",
    "status": "firing",
    "flapping": True,
    "since": 1_800_000_000.0,
    "value": 512.0,
    "threshold": 300.0,
    "requests": 100,
    "failures": 3,
    "title": RULE["title"],
    "shown": {"en": "512 ms", "fr": "512 ms"},
    "limit": RULE["limit"],
    "actions": ["notify"],
    "runbook": RULE["page"],
}
EVENT = {
    **{key: ALERT[key] for key in ("rule", "service", "version", "value", "threshold")},
    **{key: ALERT[key] for key in ("requests", "failures")},
    "at": 1_800_000_000.0,
    "before": "pending",
    "after": "firing",
}
SILENCE = {
    "id": "works",
    "until": 1_800_000_000.0,
    "made_at": 1_799_999_000.0,
    "why": "the index moves",
    "rule": "",
    "service": "search",
    "version": "",
    "severity": "",
    "over": False,
}


def test_alerts_as_they_stand(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"alerts": [ALERT]})]
    assert server.say("alerts", "list", "--all", "--service", "search") == 0
    assert server.asked[0][1].endswith("/v1/alerts?limit=200&service=search&all=true")
    said = capsys.readouterr().out
    assert "firing (flapping)" in said
    assert "512 ms  300 ms  2027-01-15 08:00:00" in said
    server.answers = [(200, {"alerts": []})]
    server.say("alerts", "list")
    assert "Nothing fires" in capsys.readouterr().out


def test_what_became_of_them(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"events": [EVENT], "next": None})]
    assert server.say("alerts", "events", "--limit", "1") == 0
    assert "pending  firing  512    300        3 of 100 failed" in capsys.readouterr().out


def test_a_rule_is_set_with_what_was_given(
    server: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [(200, {"generation": 5, "rule": RULE})]
    words = "--template slow-answers --service search --above 300 --for 300 --action notify"
    titles = ("--english", "slow", "--french", "lent")
    assert server.say("rules", "set", "search-slow", *words.split(), *titles) == 0
    method, path, body, _ = server.asked[0]
    assert (method, path.rpartition("/")[2]) == ("PUT", "search-slow")
    assert body == {
        "template": "slow-answers",
        "for_seconds": 300,
        "actions": ["notify"],
        "service": "search",
        "threshold": 300,
        "comparison": ">",
        "title": {"en": "slow", "fr": "lent"},
        "reason": "",
    }
    assert "more than 300 ms" in capsys.readouterr().out
    server.say("rules", "set", "p1-memory", "--off")
    assert server.asked[1][2] == {"enabled": False, "reason": ""}


def test_half_a_title_is_wrong_usage(server: Answering) -> None:
    assert server.say("rules", "set", "r", "--english", "slow") == 2
    assert not server.asked


def test_rules_and_templates_in_lists(
    server: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"rules": [RULE, {**RULE, "id": "off", "enabled": False}], "unreadable": ["later"]}
    server.answers = [(200, found)]
    server.say("rules", "list")
    said = capsys.readouterr().out
    assert "search-slow  P1        more than 300 ms  300 s  search   notify   own" in said
    assert "own, off" in said
    assert "later can't be read" in said
    needs = {"queue_depth": "gauge"}
    server.answers = [(200, {"templates": [{"about": "Jobs.", "needs": needs, "rule": RULE}]})]
    server.say("rules", "templates")
    assert "declare first  queue_depth (gauge)" in capsys.readouterr().out
    server.answers = [(200, {"generation": 6, "removed": "search-slow"})]
    assert server.say("rules", "remove", "search-slow", "--reason", "quiet") == 0


def test_silences(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"generation": 6, "silence": SILENCE})]
    words = ("--until", "2027-01-15T08:00Z", "--service", "search", "--reason", "the index moves")
    assert server.say("silences", "set", "works", *words) == 0
    assert server.asked[0][2]["until"] == 1_800_000_000.0
    assert "works  2027-01-15 08:00:00  any   search   any" in capsys.readouterr().out
    server.answers = [(200, {"silences": []})]
    server.say("silences", "list")
    assert "Nobody is silent" in capsys.readouterr().out
    server.answers = [(200, {"generation": 7, "removed": "works"})]
    assert server.say("silences", "remove", "works") == 0
