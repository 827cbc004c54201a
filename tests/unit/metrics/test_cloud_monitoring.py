"""Refusals are read: how many were written all the same, and why the others were not."""

from __future__ import annotations

import subprocess
import sys

import pytest
from google.api_core.exceptions import InvalidArgument
from google.rpc import status_pb2

from functions.metrics import cloud_monitoring
from functions.metrics.cloud_monitoring import Sent
from local.monitoring import calls, rules

START = 1_800_000_000
ORDER = rules.OUT_OF_ORDER.format("end")
RESOURCE = "generic_task{job:production}"


def partial(text: str, total: int, refused: int) -> InvalidArgument:
    status = calls.partial(text, total, refused)
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


def test_the_client_is_not_imported_before_it_is_needed() -> None:
    code = (
        "import sys, functions.metrics.publish, functions.metrics.recorder, functions.alerts.watch;"
        "sys.exit('google.cloud.monitoring_v3' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
