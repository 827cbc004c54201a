"""Which rules are taken, and what the others are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.alerts.in_force import definition_of, in_force, rule_of
from functions.alerts.manage.validation import Name, problems
from functions.alerts.measures import measurements
from functions.alerts.rule import ABSENCE, BASELINE, HANDED, NOTIFY, PAUSE, ROLL_BACK, Rule
from functions.alerts.templates import TEMPLATES
from functions.alerts.thresholds import BUILT_IN, BY_ID
from functions.metrics.ladder import LADDER_MS
from functions.metrics.tally import Tally
from functions.metrics.windows import Window

NAMES = {"precision": Name(), "loaded": Name("stories", durations=True)}
PLAIN = Rule("own", "P2", "error_rate", 0.03, 60, 0, 120, 20, (NOTIFY,))
SLOW = replace(PLAIN, metric="execution_time_p95_ms", threshold=200)
SILENT = replace(
    PLAIN, metric="requests_per_second", kind=ABSENCE, threshold=30, service="s", window_seconds=180
)
USUAL = replace(PLAIN, kind=BASELINE, threshold=5, baseline_days=7)

TAKEN = {
    "an error rate": PLAIN,
    "a rung of the ladder": SLOW,
    "a mean that apps report": replace(PLAIN, metric="precision:mean", comparison="<"),
    "a percentile of a duration": replace(SLOW, metric="loaded:p99", threshold=3_000),
    "silence": SILENT,
    "a multiple of what is usual": USUAL,
    "a duration against the usual needs no rung": replace(
        USUAL, metric="execution_time_p95_ms", threshold=1.7
    ),
    "an hour of few ratings": replace(PLAIN, window_seconds=3_600, minimum_requests=30),
    "a count": (replace(PLAIN, metric="precision:count", threshold=3, minimum_requests=3)),
    "how much there is, against the usual": replace(
        USUAL, metric="precision:count", minimum_requests=20
    ),
    "delivered, and burning": replace(BY_ID["p1-burn-rate"], threshold=20, for_seconds=60),
    "rolling back": replace(PLAIN, actions=(NOTIFY, PAUSE, ROLL_BACK)),
    "ten minutes": replace(PLAIN, for_seconds=600),
    "a title": replace(PLAIN, title={"en": "errors", "fr": "erreurs"}),
    "delivered, with another threshold": replace(BY_ID["p1-error-rate"], threshold=0.2),
    "delivered, and handed in": replace(BY_ID["publishing-behind"], threshold=1_200),
}
REFUSED: dict[str, tuple[Rule, str]] = {
    "unknown": (replace(PLAIN, metric="luck"), "There is no metric 'luck'"),
    "undeclared": (replace(PLAIN, metric="luck:mean"), "declare it first"),
    "no duration": (replace(SLOW, metric="precision:p95"), "no duration"),
    "not on the ladder": (replace(SLOW, threshold=250), "200, 300"),
    "a duration below": (replace(SLOW, comparison="<"), "compared with `>`"),
    "half a retry": (replace(PLAIN, metric="retries_p95", threshold=2.5), "whole number"),
    "per cent": (replace(PLAIN, threshold=5), "0.05 stands for 5 %"),
    "a short window": (replace(PLAIN, window_seconds=30), "60, 120, 180"),
    "a long window": (replace(PLAIN, window_seconds=7_200), "60, 120, 180"),
    "not whole minutes": (replace(PLAIN, for_seconds=90), "multiple of 60"),
    "nobody told": (replace(PLAIN, actions=(PAUSE,)), "include `notify`"),
    "failures in a row that pause": (
        replace(PLAIN, metric="consecutive_failures", threshold=3, actions=(NOTIFY, PAUSE)),
        "only notifies",
    ),
    "silence of nobody": (replace(SILENT, service=""), "name the `service`"),
    "silence that pauses": (replace(SILENT, actions=(NOTIFY, PAUSE)), "no version's fault"),
    "silence for an hour": (
        replace(SILENT, threshold=3_600, window_seconds=3_600),
        "`for_seconds`",
    ),
    "silence beyond its window": (replace(SILENT, window_seconds=60, threshold=90), "window"),
    "a past of a year": (replace(USUAL, baseline_days=365), "1 to 28 days"),
    "a past of a threshold": (replace(PLAIN, baseline_days=7), "Only a rule of the kind"),
    "handed in": (replace(PLAIN, kind=HANDED), "Only rules that are delivered"),
    "delivered, another metric": (replace(BY_ID["p1-memory"], metric="cpu"), "is memory"),
    "delivered, another severity": (replace(BY_ID["p1-memory"], severity="P3"), "is P1"),
    "delivered, paused by chance": (
        replace(BY_ID["p1-consecutive-failures"], actions=(NOTIFY, PAUSE)),
        "only notifies",
    ),
    "delivered, handed in, not whole minutes": (
        replace(BY_ID["publishing-behind"], for_seconds=45),
        "multiple of 60",
    ),
    "delivered, handed in, below nothing": (
        replace(BY_ID["p1-burn-rate"], threshold=-5),
        "above 0",
    ),
    "delivered, handed in, with a past": (
        replace(BY_ID["p1-burn-rate"], baseline_days=7),
        "Only a rule of the kind",
    ),
    **{
        f"a usual {metric}": (replace(USUAL, metric=metric), "is a maximum")
        for metric in ("memory", "concurrency", "retries_max")
    },
    "how much there is, pausing": (
        replace(USUAL, metric="requests_per_second", actions=(NOTIFY, PAUSE)),
        "no version's fault",
    ),
    "a count that is not seen": (
        replace(PLAIN, metric="precision:count", threshold=3, minimum_requests=20),
        "at most 3 fits",
    ),
    "half a title": (replace(PLAIN, title={"en": "errors"}), "in French"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_taken(name: str) -> None:
    assert list(problems(TAKEN[name], NAMES)) == []


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    rule, expected = REFUSED[name]
    assert expected in " ".join(problems(rule, NAMES))


@pytest.mark.parametrize("rule", BUILT_IN, ids=lambda rule: rule.id)
def test_what_is_delivered_can_be_taken(rule: Rule) -> None:
    assert list(problems(rule, {})) == []


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda each: each.id)
def test_what_a_template_makes_can_be_taken(template: Any) -> None:
    names = {name: Name() for name in template.needs}
    assert list(problems(replace(template.rule, id="own", service="search"), names)) == []
    if template.needs:
        assert "declare it first" in " ".join(problems(replace(template.rule, id="own"), {}))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    kind = draw(st.sampled_from(["threshold", BASELINE, ABSENCE]))
    named = (
        "error_rate execution_time_p95_ms memory cpu overflow concurrency performance_score "
        "availability retries_p95 precision:mean precision:count loaded:sum loaded:p50 "
        "loaded:mean requests_per_second consecutive_failures retries_max luck"
    )
    metric = st.sampled_from(named.split())
    return Rule(
        "own",
        draw(st.sampled_from(["P1", "P2", "P3"])),
        draw(metric),
        draw(st.sampled_from([0, 0.5, 1, 2, 30, 60, *LADDER_MS])),
        draw(st.sampled_from([10, 60, 120, 180, 600, 3_600])),
        draw(st.sampled_from([0, 60, 90])),
        120,
        draw(st.sampled_from([0, 1, 20])),
        tuple(draw(st.sets(st.sampled_from([NOTIFY, PAUSE, ROLL_BACK]), min_size=1))),
        draw(st.sampled_from([">", "<"])),
        kind,
        draw(st.sampled_from([0, 7])),
        draw(st.sampled_from(["", "stories"])),
    )


@given(rules())
def test_a_rule_that_is_taken_can_be_evaluated_and_kept(rule: Rule) -> None:
    if list(problems(rule, NAMES)):
        return
    windows = [
        Window(0, 10, "stories", "1", 1, Tally()),
        Window(10, 10, "stories", "1", 1, Tally(requests=50, failures=3, buckets={40: 50})),
    ]
    measurements([rule], windows, 60.0)
    assert rule_of("own", definition_of(rule)) == rule
    assert rule in in_force({"own": definition_of(rule)})
    assert rule not in in_force({"own": definition_of(rule, enabled=False)})


def test_a_kind_of_rule_that_a_later_bundle_knows_is_left_out() -> None:
    later = {**definition_of(PLAIN), "kind": "forecast"}
    assert in_force({"own": later}) == BUILT_IN
    assert in_force({"own": {**definition_of(PLAIN), "colour": "red"}})[-1] == PLAIN
