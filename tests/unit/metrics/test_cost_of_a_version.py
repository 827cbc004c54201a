"""What the guide says that a version costs in Cloud Monitoring is what it writes."""

from __future__ import annotations

from cli.monitoring.bill import Used, bill
from functions.alerts.thresholds import BUILT_IN
from functions.alerts.values import values
from functions.metrics import points
from functions.metrics.due import HEARTBEAT
from functions.metrics.observation import Observation
from functions.metrics.series import DEAD_LETTERS, INCIDENTS_OPEN, Distribution, Reading
from functions.metrics.tally import merge_all, of
from functions.metrics.windows import Window
from functions.stories.measures import MEASURES
from local.paths import ROOT

GUIDE = (ROOT / "docs/how-to/watch-in-cloud-console.md").read_text()
START = 1_800_000_000
MINUTES_AN_HOUR = 60


def busy_minute() -> list[Window]:
    """200 requests that report all there is to report; one fails."""
    seen = [
        Observation(
            *("stories", "1.2.0", 3, START + 1, 900.0),
            *(("TIMEOUT", "upstream") if not number else ("OK", "none")),
            user_hash=f"{number:x}",
            cpu=0.5,
            concurrency=3,
            measures=dict.fromkeys(MEASURES, 0.5),
        )
        for number in range(200)
    ]
    return [Window(START, 60, "stories", "1.2.0", 3, merge_all(map(of, seen)))]


def test_a_month_of_a_version_that_is_busy() -> None:
    minute = busy_minute()
    of_the_version = points.of_minute(minute, START)
    of_the_version += points.of_readings(values(BUILT_IN, minute, START + 60), START)
    now = [Reading(INCIDENTS_OPEN, 0), Reading(DEAD_LETTERS, 0), HEARTBEAT]
    distributions = sum(isinstance(each.value, Distribution) for each in of_the_version)
    numbers = len(of_the_version) + len(now) - distributions
    used = [
        Used("numbers", numbers, numbers * MINUTES_AN_HOUR, False),
        Used("distributions", distributions, distributions * MINUTES_AN_HOUR, True),
    ]
    found = bill(used, hours=1)
    assert f"has {len(of_the_version)} series" in GUIDE
    assert f"({numbers} × 8 + {distributions} × 80) bytes" in GUIDE
    assert f"= {found.mib:.1f} MiB, or ${found.written:.2f} at the list price" in GUIDE
    idle = bill([Used("numbers", len(now), len(now) * MINUTES_AN_HOUR, False)], hours=1)
    assert f"{idle.mib:.1f} MiB in a month without any" in GUIDE
