"""Which aligner and which reducer suit which metric. Pure.

An aligner makes one value of all points of a series in a period, a reducer one series of several.
Both change what kind of metric it is: ALIGN_DELTA makes a DELTA of a CUMULATIVE, most others a
GAUGE of numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from google.cloud import monitoring_v3

from local.monitoring.rules import (
    BOOL,
    CUMULATIVE,
    DELTA,
    DISTRIBUTION,
    DOUBLE,
    GAUGE,
    INT64,
    KINDS,
    STRING,
    VALUE_TYPES,
    InvalidRequest,
)

Aligner = monitoring_v3.Aggregation.Aligner
Reducer = monitoring_v3.Aggregation.Reducer

LEAST_PERIOD_SECONDS = 60
LONGEST_PERIOD_SECONDS = 90_000
MOST_AGGREGATIONS = 2

NUMBERS = frozenset({INT64, DOUBLE})
ANY = frozenset(VALUE_TYPES)
COUNTED = frozenset({CUMULATIVE, DELTA})
MEASURED = frozenset({GAUGE, DELTA})
PERCENTILES = {
    Aligner.ALIGN_PERCENTILE_99: 0.99,
    Aligner.ALIGN_PERCENTILE_95: 0.95,
    Aligner.ALIGN_PERCENTILE_50: 0.50,
    Aligner.ALIGN_PERCENTILE_05: 0.05,
}
REDUCED_PERCENTILES = {
    Reducer.REDUCE_PERCENTILE_99: 0.99,
    Reducer.REDUCE_PERCENTILE_95: 0.95,
    Reducer.REDUCE_PERCENTILE_50: 0.50,
    Reducer.REDUCE_PERCENTILE_05: 0.05,
}


@dataclass(frozen=True)
class Shape:
    """What a series is made of: metric kind and value type."""

    kind: int
    value_type: int

    def __str__(self) -> str:
        return f"kind {KINDS[self.kind]} and value type {VALUE_TYPES[self.value_type]}"


@dataclass(frozen=True)
class _Suits:
    """What an operation may be applied to, and what comes out (None: as it went in)."""

    kinds: frozenset[int]
    types: frozenset[int]
    kind: int | None = None
    value_type: int | None = None

    def result(self, shape: Shape) -> Shape | None:
        if shape.kind not in self.kinds or shape.value_type not in self.types:
            return None
        return Shape(self.kind or shape.kind, self.value_type or shape.value_type)


_OF_BOOLEANS = frozenset({BOOL})
_OF_DISTRIBUTIONS = frozenset({DISTRIBUTION})
_ADDABLE = NUMBERS | {DISTRIBUTION}

ALIGNERS = {
    Aligner.ALIGN_NONE: _Suits(frozenset(KINDS), ANY),
    Aligner.ALIGN_DELTA: _Suits(COUNTED, _ADDABLE, DELTA),
    Aligner.ALIGN_RATE: _Suits(COUNTED, NUMBERS, GAUGE, DOUBLE),
    Aligner.ALIGN_NEXT_OLDER: _Suits(frozenset({GAUGE}), ANY),
    Aligner.ALIGN_MIN: _Suits(MEASURED, NUMBERS, GAUGE),
    Aligner.ALIGN_MAX: _Suits(MEASURED, NUMBERS, GAUGE),
    Aligner.ALIGN_MEAN: _Suits(MEASURED, NUMBERS, GAUGE, DOUBLE),
    Aligner.ALIGN_COUNT: _Suits(MEASURED, NUMBERS | {BOOL}, GAUGE, INT64),
    Aligner.ALIGN_SUM: _Suits(MEASURED, _ADDABLE),
    Aligner.ALIGN_STDDEV: _Suits(MEASURED, NUMBERS, GAUGE, DOUBLE),
    Aligner.ALIGN_COUNT_TRUE: _Suits(frozenset({GAUGE}), _OF_BOOLEANS, GAUGE, INT64),
    Aligner.ALIGN_COUNT_FALSE: _Suits(frozenset({GAUGE}), _OF_BOOLEANS, GAUGE, INT64),
    Aligner.ALIGN_FRACTION_TRUE: _Suits(frozenset({GAUGE}), _OF_BOOLEANS, GAUGE, DOUBLE),
    **{name: _Suits(MEASURED, _OF_DISTRIBUTIONS, GAUGE, DOUBLE) for name in PERCENTILES},
}
"""ALIGN_INTERPOLATE and ALIGN_PERCENT_CHANGE are not known here."""

REDUCERS = {
    Reducer.REDUCE_NONE: _Suits(frozenset(KINDS), ANY),
    Reducer.REDUCE_MEAN: _Suits(MEASURED, _ADDABLE, None, DOUBLE),
    Reducer.REDUCE_MIN: _Suits(MEASURED, NUMBERS),
    Reducer.REDUCE_MAX: _Suits(MEASURED, NUMBERS),
    Reducer.REDUCE_SUM: _Suits(MEASURED, _ADDABLE),
    Reducer.REDUCE_STDDEV: _Suits(MEASURED, NUMBERS, None, DOUBLE),
    Reducer.REDUCE_COUNT: _Suits(MEASURED, ANY, GAUGE, INT64),
    Reducer.REDUCE_COUNT_TRUE: _Suits(MEASURED, _OF_BOOLEANS, GAUGE, INT64),
    Reducer.REDUCE_COUNT_FALSE: _Suits(MEASURED, _OF_BOOLEANS, GAUGE, INT64),
    Reducer.REDUCE_FRACTION_TRUE: _Suits(MEASURED, _OF_BOOLEANS, GAUGE, DOUBLE),
    **{name: _Suits(MEASURED, _ADDABLE, GAUGE, DOUBLE) for name in REDUCED_PERCENTILES},
}


def check(aggregations: Sequence[Any], shape: Shape, where: str) -> Shape:
    """What comes out of aggregations of a metric. Raises InvalidRequest where one doesn't suit."""
    if len(aggregations) > MOST_AGGREGATIONS:
        raise InvalidRequest(f"Field {where} had more than {MOST_AGGREGATIONS} entries.")
    for number, aggregation in enumerate(aggregations):
        shape = _check_one(aggregation, shape, f"{where}[{number}]")
    return shape


def check_comparable(shape: Shape, where: str) -> None:
    """Raises InvalidRequest for what can't be compared with a threshold."""
    if shape.kind == CUMULATIVE:
        raise InvalidRequest(
            f"Field {where} had an invalid value: a CUMULATIVE metric must be aligned with "
            "ALIGN_DELTA or ALIGN_RATE before it can be compared with a threshold."
        )
    if shape.value_type in (DISTRIBUTION, STRING, BOOL):
        raise InvalidRequest(
            f"Field {where} had an invalid value: time series of value type "
            f"{VALUE_TYPES[shape.value_type]} can't be compared with a threshold."
        )


def _check_one(aggregation: Any, shape: Shape, where: str) -> Shape:
    aligner = Aligner(aggregation.per_series_aligner)
    reducer = Reducer(aggregation.cross_series_reducer)
    seconds = aggregation.alignment_period.ToSeconds()
    if aligner != Aligner.ALIGN_NONE:
        if not aggregation.HasField("alignment_period"):
            raise InvalidRequest(f"Field {where}.alignment_period was missing.")
        if not LEAST_PERIOD_SECONDS <= seconds <= LONGEST_PERIOD_SECONDS:
            raise InvalidRequest(
                f'Field {where}.alignment_period had an invalid value of "{seconds}s": The '
                f"alignment period must be from {LEAST_PERIOD_SECONDS} s to "
                f"{LONGEST_PERIOD_SECONDS} s."
            )
    elif reducer != Reducer.REDUCE_NONE:
        raise InvalidRequest(
            f"Field {where}.per_series_aligner had an invalid value: A reducer needs time series "
            "that are aligned."
        )
    if aligner not in ALIGNERS:
        raise InvalidRequest(
            f"Field {where}.per_series_aligner: {aligner.name} is not known to this local server."
        )
    after = ALIGNERS[aligner].result(shape)
    if after is None:
        raise InvalidRequest(
            f'Field aggregation.perSeriesAligner had an invalid value of "{aligner.name}": '
            f"The aligner cannot be applied to metrics with {shape}."
        )
    reduced = REDUCERS[reducer].result(after)
    if reduced is None:
        raise InvalidRequest(
            f'Field aggregation.crossSeriesReducer had an invalid value of "{reducer.name}": '
            f"The reducer cannot be applied to metrics with {after}."
        )
    return reduced
