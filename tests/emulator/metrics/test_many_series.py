"""500 services with two versions each: a minute is written in time, though each call takes some."""

from __future__ import annotations

import time
from typing import Any

from functions.metrics import points, tally
from functions.metrics.cloud_monitoring import CloudMonitoring
from functions.metrics.observation import Observation
from functions.metrics.windows import Window
from local.monitoring.rules import SERIES_A_REQUEST
from tests.emulator.metrics.published import SCOPE, START, Monitoring

SERVICES = 500
CALL_SECONDS = 0.1
"""What a call to Google takes, or less."""

SECONDS = 10.0
"""What the publisher has for a run."""


class Distant(CloudMonitoring):
    def _call(self, name: str, request: dict[str, Any], until: float) -> Any:
        time.sleep(CALL_SECONDS)
        return super()._call(name, request, until)


def test_a_minute_of_500_services_is_written_in_one_run(monitoring: Monitoring) -> None:
    some = tally.of(Observation("stories", "1.2.0", 3, START + 1, 900.0, "OK", "none", "u"))
    windows = [
        Window(START, 60, f"service-{number}", version, 3, some)
        for number in range(SERVICES)
        for version in ("1.2.0", "1.3.0")
    ]
    monitoring.clock.advance(85)
    sink = Distant("demo", f"127.0.0.1:{monitoring.port}", "europe-west1")
    found = points.of_minute(windows, START)
    one_by_one = len(found) / SERIES_A_REQUEST * CALL_SECONDS
    began = time.monotonic()
    sent = sink.write(SCOPE, found, SECONDS)
    assert sent.written == len(found) >= 2 * SERVICES * 8
    assert monitoring.memory.refused == 0
    took = time.monotonic() - began
    assert took < SECONDS
    print(f"{len(found)} points in {took:.1f} s; the calls alone, one by one: {one_by_one:.1f} s")
