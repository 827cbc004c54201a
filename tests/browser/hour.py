"""An hour of a rollout that goes wrong, published by Palier's own publisher to the local server.

Stories 1.3.0 get a tenth of the users from minute 15 on. At minute 42 their model slows down and
fails; the rollout is taken back at minute 46. Beside it stand the policies and the dashboard of
`monitoring/`, applied as they are.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from google.cloud import monitoring_v3
from google.protobuf import json_format

from functions.alerts import thresholds
from functions.alerts.values import values
from functions.documents import Scope
from functions.metrics import points, series, tally
from functions.metrics.cloud_monitoring import CloudMonitoring
from functions.metrics.observation import Observation
from functions.metrics.series import Reading
from functions.metrics.windows import MINUTE_SECONDS, Window
from local.monitoring import server
from local.monitoring.alerting.configuration import Configuration, Delays
from local.monitoring.alerting.watch import Watch
from local.monitoring.dashboards import rest
from local.monitoring.memory import NANOSECONDS, Memory
from local.paths import ROOT

END = 1_800_000_000
MINUTES = 60
SCOPE = Scope("main", "production")
REQUESTS_A_MINUTE = 220
SHIFT, TROUBLE, BACK = 15, 42, 46


def place() -> tuple[Configuration, Watch]:
    """The state at END, with every minute looked at as it came."""
    now = [END - MINUTES * MINUTE_SECONDS]
    memory = Memory()
    configuration = Configuration(memory, lambda: now[0] * NANOSECONDS, Delays(change=0))
    calls, port = server.serve(memory, 0, lambda: now[0] * NANOSECONDS, configuration)
    sink = CloudMonitoring("demo", f"127.0.0.1:{port}", "europe-west1")
    sink.prepare(series.METRICS, 30)
    _configure(configuration)
    watch = Watch(configuration)
    windows: list[Window] = []
    for minute in range(MINUTES):
        start = END + (minute - MINUTES) * MINUTE_SECONDS
        now[0] = start + MINUTE_SECONDS
        windows += _windows(minute, start)
        readings = values(thresholds.RULES, windows, now[0])
        readings += [Reading(series.TICK_HEARTBEAT, 1)] if not 24 <= minute < 32 else []
        readings.append(Reading(series.ROLLOUT_PERCENTAGE, _percentage(minute), ROLLOUT))
        sink.write(
            SCOPE, points.of_minute(windows, start) + points.of_readings(readings, start), 30
        )
        watch.look(float(now[0]))
    server.stop(calls)
    return configuration, watch


ROLLOUT = {"flag": "stories.version", "version": "1.3.0"}


def _percentage(minute: int) -> float:
    return 10.0 if SHIFT <= minute < BACK else 0.0


def _windows(minute: int, start: int) -> Iterator[Window]:
    chance = random.Random(minute)
    number = round(REQUESTS_A_MINUTE * (1 + 0.25 * chance.random()))
    for version, share in (("1.2.0", 1 - _percentage(minute) / 100), ("1.3.0", None)):
        part = share if share is not None else _percentage(minute) / 100
        observations = [
            _request(version, minute, start, chance) for _ in range(round(number * part))
        ]
        if observations:
            merged = tally.merge_all(tally.of(one) for one in observations)
            yield Window(start, MINUTE_SECONDS, "stories", version, 1, merged)


def _request(version: str, minute: int, start: int, chance: random.Random) -> Observation:
    sick = version == "1.3.0" and minute >= TROUBLE
    late = min(1.0, (minute - TROUBLE + 1) / 3) if sick else 0.0
    failed = chance.random() < 0.004 + 0.11 * late
    words = round(chance.gauss(620, 70))
    return Observation(
        "stories",
        version,
        1,
        start + chance.random() * (MINUTE_SECONDS - 1),
        chance.lognormvariate(8.6 + 1.4 * late, 0.35),
        "OPENAI_ERROR" if failed else "OK",
        "upstream" if failed else "none",
        f"{chance.getrandbits(40):x}",
        retries=int(chance.random() < 0.01 + 0.3 * late),
        memory=0.42 + 0.06 * chance.random() + (0.1 if version == "1.3.0" else 0),
        cpu=0.2 + 0.3 * chance.random(),
        concurrency=chance.randint(1, 14),
        measures={}
        if failed
        else {
            "words": float(words),
            "input_tokens": 410.0,
            "output_tokens": words * 1.35,
            "cost_microdollars": 240.0 + words,
            "quality_story": min(1.0, chance.gauss(0.86, 0.05)),
            "first_piece_ms": chance.lognormvariate(7.0, 0.3),
        },
    )


def _configure(configuration: Configuration) -> None:
    email = monitoring_v3.NotificationChannel.pb()(
        type_="email",
        display_name="On call",
        labels={"email_address": "on-call@example.org"},
    )
    channel = configuration.create_channel("demo", email).name
    for path in sorted((ROOT / "monitoring").glob("*.json")):
        given = json.loads(path.read_text())
        if "conditions" not in given:
            status, told = rest.answer(
                configuration, "POST", "/v1/projects/demo/dashboards", "", path.read_bytes()
            )
            assert status == 200, told
            continue
        policy = json_format.ParseDict(given, monitoring_v3.AlertPolicy.pb()())
        if path.stem == "tick-heartbeat":
            policy.notification_channels.append(channel)
        configuration.create_policy("demo", policy)
