"""Refusals are read: how many were written all the same, and why the others were not."""

from __future__ import annotations

import subprocess
import sys

import pytest
from google.api_core.exceptions import InvalidArgument
from google.rpc import status_pb2

from functions.metrics import cloud_monitoring, series
from functions.metrics.cloud_monitoring import Sent
from functions.metrics.observation import Note
from functions.metrics.series import Reading
from functions.metrics.tally import Tally, merge_all, of_note
from functions.metrics.windows import Window
from local.monitoring import rules, server

START = 1_800_000_000
ORDER = rules.OUT_OF_ORDER.format("end")
RESOURCE = "generic_task{job:production}"


def partial(text: str, total: int, refused: int) -> InvalidArgument:
    status = server.partial(text, total, refused)
    details = [dict(status.trailing_metadata)["grpc-status-details-bin"]]
    parsed = status_pb2.Status.FromString(details[0])
    return InvalidArgument(text, details=list(parsed.details))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("reasons", "refused", "sent"),
    [
        (f"{ORDER}: {RESOURCE} timeSeries[0-2,5]: x{{}}", 4, Sent(6, stale=4)),
        (f"{rules.TOO_OFTEN}: {RESOURCE} timeSeries[1]: x{{}}", 1, Sent(9, too_often=1)),
        (
            f"{ORDER}: {RESOURCE} timeSeries[0]: x{{}}; "
            f"{rules.TOO_OFTEN}: {RESOURCE} timeSeries[3-4]: y{{}}; "
            f"Unrecognized region or location.: {RESOURCE} timeSeries[6]: z{{}}",
            4,
            Sent(6, 1, 2, 1, f"Unrecognized region or location.: {RESOURCE} timeSeries[6]: z{{}}"),
        ),
    ],
    ids=["order", "too often", "all kinds"],
)
def test_partial_failures(reasons: str, refused: int, sent: Sent) -> None:
    refusal = partial(rules.COULD_NOT + reasons, 10, refused)
    assert cloud_monitoring.read_refusal(refusal, 10) == sent


def test_a_request_refused_whole() -> None:
    refusal = InvalidArgument("Request was missing field timeSeries.")  # type: ignore[no-untyped-call]
    sent = cloud_monitoring.read_refusal(refusal, 3)
    assert sent == Sent(0, refused=3, reason="Request was missing field timeSeries.")


def test_generations_of_a_version_are_one_series() -> None:
    minutes = [
        Window(START, 60, "stories", "1.2.0", generation, Tally(requests=4, buckets={30: 4}))
        for generation in (3, 4)
    ]
    later = Window(START + 60, 60, "stories", "1.2.0", 4, Tally(requests=9))
    points = series.points([*minutes, later], START)
    identities = [point.identity for point in points]
    assert len(set(identities)) == len(identities)
    assert next(point.value for point in points if point.metric is series.REQUESTS) == 8


REPORTED = {
    "words": 200.0,
    "input_tokens": 300.0,
    "output_tokens": 400.0,
    "cost_microdollars": 1250.0,
    "refused": 1.0,
    "quality_ending": 0.5,
    "first_piece_ms": 640.0,
    "rating": 4.0,
    "something_new": 3.0,
}


def test_what_requests_report_becomes_series() -> None:
    reports = (REPORTED, {**REPORTED, "refused": 0.0, "quality_ending": 1.0, "rating": 5.0})
    some = merge_all(of_note(Note("stories", "1.2.0", 3, START, values)) for values in reports)
    points = series.points([Window(START, 60, "stories", "1.2.0", 3, some)], START)
    found = {
        (point.metric.name, *(set(point.labels.values()) - {"stories", "1.2.0"})): point.value
        for point in points
    }
    assert found == {
        ("stories",): 2,
        ("words",): 400,
        ("tokens", "input"): 600,
        ("tokens", "output"): 800,
        ("cost",): 0.0025,
        ("faults", "refused"): 1,
        ("quality", "ending"): 0.75,
        ("first_piece",): 640,
        ("ratings",): 2,
        ("stars",): 9,
    }
    for point in points:
        assert (point.start is None) == (point.metric.kind == series.GAUGE)


def test_arms_beside_a_version_are_series_of_their_own() -> None:
    windows = [
        Window(START, 60, "stories", version, 3, Tally(requests=requests, buckets={30: requests}))
        for requests, version in enumerate(("1.2.0", "1.2.0+fallback", "1.2.0+pinned"), 1)
    ]
    points = series.points(windows, START)
    counted = {p.labels["version"]: p.value for p in points if p.metric is series.REQUESTS}
    assert counted == {"1.2.0": 1, "1.2.0+fallback": 2, "1.2.0+pinned": 3}


def test_gauges_have_no_length_and_counters_begin_after_the_minute_before() -> None:
    some = Tally(requests=1, buckets={30: 1})
    points = series.points([Window(START, 60, "stories", "1.2.0", 3, some)], START)
    points += series.readings([Reading(series.TICK_HEARTBEAT, 1)], START)
    for point in points:
        assert point.end == START + 60
        gauge = point.metric.kind == series.GAUGE
        assert point.start == (None if gauge else START + 0.001)


def test_the_client_is_not_imported_before_it_is_needed() -> None:
    code = (
        "import sys, functions.metrics.publish, functions.metrics.recorder, functions.alerts.watch;"
        "sys.exit('google.cloud.monitoring_v3' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
