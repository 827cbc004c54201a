"""Every alert has its page, and the page has the figures of the definition."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions.alerts.rule import Rule
from functions.alerts.thresholds import BY_ID, TICK_HEARTBEAT
from functions.alerts.words import shown
from functions.metrics import series

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "runbooks"


@pytest.mark.parametrize("rule", BY_ID.values(), ids=lambda rule: rule.id)
def test_a_page_with_the_rule_s_own_figures(rule: Rule) -> None:
    text = (ROOT / rule.runbook).read_text()
    assert text.startswith(f"# {rule.severity}: ")
    row = next(line for line in text.splitlines() if line.startswith(f"| {rule.severity} |"))
    assert f"| more than {shown(rule.metric, rule.threshold)} | {rule.window_seconds} s |" in row
    assert (f"after {rule.for_seconds} s" if rule.for_seconds else "at once") in row
    assert f"| {rule.keep_firing_seconds} s |" in row
    for heading in ("## What it says", "## What Palier did", "## Look", "## Do", "## Over"):
        assert heading in text


def test_no_page_without_an_alert_and_all_in_the_index() -> None:
    names = {page.stem for page in PAGES.glob("*.md")} - {"README"}
    assert names == {*BY_ID, TICK_HEARTBEAT}
    index = (PAGES / "README.md").read_text()
    assert all(f"({name}.md)" in index for name in names)


def test_every_published_metric_is_documented() -> None:
    text = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    for metric in series.METRICS:
        labels = ", ".join(metric.labels)
        row = f"| `{metric.name}` | {metric.kind} | {metric.value_type} | {metric.unit} |"
        assert f"{row} {labels} |".replace("  |", " |") in text
        assert f"| {metric.name} " in (series.__doc__ or "")
