"""Every alert has its page, and the page has the figures of the definition."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from functions.alerts import runbooks
from functions.alerts.rule import OWN_PAGE
from functions.alerts.thresholds import BY_ID, TICK_HEARTBEAT
from functions.metrics import series
from local.runbooks import written

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "runbooks"
WITHOUT_A_RULE = {"firestore-down", "traffic"}
"""What messages of rollouts and refused commands lead to."""


@pytest.mark.parametrize("name", runbooks.pages())
def test_a_page_with_the_rule_s_own_figures(name: str) -> None:
    rule = runbooks.pages()[name]
    text = (ROOT / f"docs/runbooks/{name}.md").read_text()
    assert text.startswith(f"# {rule.severity}: ")
    assert "\n".join(runbooks.figures(rule)) in text, "python -m local.runbooks puts it there"
    for heading in runbooks.HEADINGS:
        assert heading in text


def test_the_figures_of_a_page_are_the_rule_s() -> None:
    changed = replace(BY_ID["p2-error-rate"], threshold=0.03, for_seconds=0)
    row = runbooks.figures(changed)[-1]
    assert row == "| P2 | more than 3 % | 120 s | at once | 180 s | 50 requests |"
    page = (PAGES / "p2-error-rate.md").read_text()
    assert row in runbooks.with_table(page, runbooks.figures(changed))
    assert runbooks.with_table("no table", runbooks.figures(changed)) == "no table"


def test_what_is_written_is_what_the_rules_say() -> None:
    for path, text in written().items():
        assert path.read_text() == text, "python -m local.runbooks"


def test_no_page_without_an_alert_and_all_in_the_index() -> None:
    names = {page.stem for page in PAGES.glob("*.md")} - {"README"}
    assert names == {*runbooks.pages(), TICK_HEARTBEAT, Path(OWN_PAGE).stem, *WITHOUT_A_RULE}
    index = (PAGES / "README.md").read_text()
    assert all(f"({name}.md)" in index for name in names)


def test_every_published_metric_is_documented() -> None:
    text = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    for metric in series.METRICS:
        labels = ", ".join(metric.labels)
        row = f"| `{metric.name}` | {metric.kind} | {metric.value_type} | {metric.unit} |"
        assert f"{row} {labels} |".replace("  |", " |") in text
        assert f"| {metric.name} " in (series.__doc__ or "")
