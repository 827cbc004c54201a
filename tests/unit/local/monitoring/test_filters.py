"""Filters pick the series that Cloud Monitoring's would."""

from __future__ import annotations

import pytest

from local.monitoring import filters
from local.monitoring.rules import InvalidRequest, SeriesKey

KEY = SeriesKey(
    "custom.googleapis.com/palier/requests",
    (("service", "stories"), ("version", '1.3.0 AND "x"')),
    "generic_task",
    (("job", "production"),),
)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ('metric.type = "custom.googleapis.com/palier/requests"', True),
        ('metric.type="custom.googleapis.com/palier/errors"', False),
        ('resource.type = "generic_task" AND resource.labels.job = "production"', True),
        ('resource.type = "generic_task" AND resource.label.job = "staging"', False),
        ('metric.label.service != "stories"', False),
        ('metric.labels.service = one_of("a", "stories")', True),
        ('metric.labels.service = starts_with("sto")', True),
        ('metric.labels.service = ends_with("sto")', False),
        ('metric.labels.service != has_substring("tor")', False),
        ('metric.labels.service = monitoring.regex.full_match("s.*s")', True),
        ('metric.labels.service = monitoring.regex.full_match("s")', False),
        (r'metric.labels.version = "1.3.0 AND \"x\"" AND resource.type = "generic_task"', True),
        ('metric.labels.missing = ""', True),
    ],
)
def test_what_holds(text: str, holds: bool) -> None:
    assert all(condition.holds(KEY) for condition in filters.parse(text)) == holds


@pytest.mark.parametrize(
    "text",
    [
        'metric.type = "a" OR metric.type = "b"',
        'metric.type > "a"',
        'metric.kind = "a"',
        'metric.labels.a = one_of("a"',
        'metric.labels.a = "a", "b"',
        'metric.labels.a = monitoring.regex.full_match("(")',
    ],
)
def test_what_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        filters.parse(text)


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ('metric.type = "a"', "a"),
        ('metric.type = starts_with("a")', None),
        ('metric.type = one_of("a", "b")', None),
        ('metric.type != "a"', None),
        ('metric.type = "a" AND metric.type = "b"', None),
        ('resource.type = "a"', None),
    ],
)
def test_the_one_metric_that_a_filter_demands(text: str, only: str | None) -> None:
    assert filters.only(filters.parse(text), "metric.type") == only
