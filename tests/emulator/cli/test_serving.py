"""What serves a service is said, shown and removed, by the command line against `admin`."""

from __future__ import annotations

import json

from functions import audit
from functions.documents import Scope
from functions.rollouts.traffic import store as traffic
from functions.rollouts.traffic.move import Became, Move
from functions.rollouts.traffic.observed import Comparison
from functions.rollouts.traffic.record import Record
from functions.rollouts.traffic.store import Kept
from tests.emulator.cli.conftest import Terminal

SCOPE = Scope("main", "production")
NAME = "projects/my-project/locations/europe-west1/services/stream-story"
SET = (
    *("serving", "set", "stories", "--cloud-run", NAME),
    *("--revision", "1.2.0=stream-story-00041-kez"),
    *("--revision", "1.3.0=stream-story-00042-mub"),
)


def test_the_whole_way(terminal: Terminal) -> None:
    assert "knows of nothing that serves" in terminal.read("serving", "list")
    said = terminal.palier(*SET)
    assert "1.3.0: stream-story-00042-mub" in said
    assert terminal.read("serving", "list").splitlines()[1].split() == [
        "stories",
        "stream-story",
        "2",
        "-",
    ]
    [stored] = json.loads(terminal.read("serving", "list", "--output", "json"))["serving"]
    assert stored["since"] > 0
    terminal.palier(*SET, "--health-url", "https://health.example.com/{version}")
    [again] = json.loads(terminal.read("serving", "list", "--output", "json"))["serving"]
    assert again["since"] == stored["since"], "rollbacks since the first time count"
    assert "leaves the traffic of stories alone" in terminal.palier("serving", "remove", "stories")
    terminal.read("serving", "show", "stories", code=1)
    assert "NOT_FOUND" in terminal.err
    entries = [entry["action"] for entry in audit.latest(terminal.store, SCOPE, 3)]
    assert entries == ["serving.remove", "serving.put", "serving.put"]


def test_where_traffic_goes(terminal: Terminal) -> None:
    terminal.palier(*SET)
    assert "traffic" not in terminal.read("serving", "show", "stories")
    record = Record(
        "stories",
        at=1_800_000_000.0,
        shares={"stream-story-00041-kez": 70, "stream-story-00042-mub": 30},
        rollout="r1",
        revision="stream-story-00041-kez",
        comparison=Comparison.CONVERGING,
        move=Move(
            *("r1", "1.2.0", "stream-story-00041-kez", Became.REFUSED, 1_800_000_000.0),
            ended_at=1_800_000_010.0,
            reason="The image is gone.",
        ),
        trouble="Unreachable: UNAVAILABLE",
    )
    kept = Kept(None, Record("stories"))
    terminal.store.commit([traffic.write(SCOPE, kept, record)])
    shown = terminal.read("serving", "show", "stories")
    for words in (
        "70 % stream-story-00041-kez\n",
        "stream-story-00041-kez, converging",
        "Unreachable: UNAVAILABLE",
        "After the rollback of r1, all traffic to stream-story-00041-kez (1.2.0):",
        "refused, 2027-01-15 08:00:10 UTC",
        "The image is gone.",
    ):
        assert words in shown


def test_what_can_t_serve_is_refused(terminal: Terminal) -> None:
    for options, says in (
        (("--cloud-run", "stories"), "projects/PROJECT/locations/REGION/services/SERVICE"),
        (("--cloud-run", NAME), "which revision each version runs in"),
        (("--cloud-run", NAME, "--revision", "1.2.0=Not_A_Name"), "a short name"),
        (("--revision", "1.2.0=r"), "of a service that `cloud_run` names"),
        ((), "`cloud_run`, `health_url` or both"),
        (("--health-url", "ftp://health.example.com"), "only https"),
        (("--health-url", "https://metadata.google.internal/{version}"), "public internet"),
    ):
        terminal.palier("serving", "set", "stories", *options, code=1)
        assert says in terminal.err, options
    assert "knows of nothing" in terminal.read("serving", "list")
