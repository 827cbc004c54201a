"""Structured logs: what stands in them, and what never does."""

from __future__ import annotations

import datetime
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions import log

CANARY = "canary-7d1f"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Any:
    def read() -> list[dict[str, Any]]:
        captured = capsys.readouterr()
        return [json.loads(line) for line in (captured.out + captured.err).splitlines()]

    return read


def test_one_json_object_a_line(lines: Any) -> None:
    log.info("started", generation=3)
    log.warning("late", seconds=1.5)
    assert lines() == [
        {"generation": 3, "severity": "INFO", "message": "started"},
        {"seconds": 1.5, "severity": "WARNING", "message": "late"},
    ]


def test_only_errors_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    log.warning("a")
    log.error("b")
    captured = capsys.readouterr()
    assert (json.loads(captured.out)["message"], json.loads(captured.err)["message"]) == ("a", "b")


def test_bound_fields_stay_inside(lines: Any) -> None:
    with log.bound(request_id="r1", function="api"):
        with log.bound(function="inner"):
            log.info("one")
        log.info("two", request_id="own")
    log.info("three")
    assert [(line.get("request_id"), line.get("function")) for line in lines()] == [
        ("r1", "inner"),
        ("own", "api"),
        (None, None),
    ]


def test_bound_fields_are_of_one_thread(lines: Any) -> None:
    with log.bound(request_id="r1"), ThreadPoolExecutor(1) as pool:
        pool.submit(log.info, "elsewhere").result()
    assert "request_id" not in lines()[0]


def test_bound_fields_end_with_an_exception(lines: Any) -> None:
    with pytest.raises(KeyError), log.bound(request_id="r1"):
        raise KeyError
    log.info("after")
    assert "request_id" not in lines()[0]


def test_what_an_exception_says_is_not_printed(lines: Any) -> None:
    def fails() -> None:
        try:
            int(f"the story of {CANARY}")
        except ValueError as error:
            raise RuntimeError(f"about {CANARY}") from error

    try:
        fails()
    except RuntimeError as error:
        error.add_note(CANARY)
        log.exception("crashed", error, code="INTERNAL")
    [line] = lines()
    assert CANARY not in json.dumps(line)
    assert (line["exception"], line["severity"], line["code"]) == (
        "RuntimeError",
        "ERROR",
        "INTERNAL",
    )
    assert any(place.endswith(" fails") for place in line["stack"])


def test_values_that_json_does_not_know(lines: Any) -> None:
    class Person:
        def __str__(self) -> str:
            return CANARY

        __repr__ = __str__

    at = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    log.info("odd", at=at, who=Person(), raw=b"x", found={1})
    assert lines() == [
        {
            "severity": "INFO",
            "message": "odd",
            "at": at.isoformat(),
            "who": "Person",
            "raw": "bytes",
            "found": "set",
        }
    ]


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize("value", [{(1, 2): 3}, LOOP], ids=["a tuple as a key", "a loop"])
def test_a_log_never_raises(value: Any, lines: Any) -> None:
    log.error("odd", value=value)
    assert lines() == [{"severity": "ERROR", "message": "odd"}]


def test_half_a_surrogate_pair_stops_no_line(lines: Any) -> None:
    log.info("odd", key="\ud800é")
    assert lines()[0]["key"] == "\ud800é"


def test_a_field_never_replaces_the_severity(lines: Any) -> None:
    with log.bound(severity="DEBUG", message="bound"):
        log.error("true")
    assert lines() == [{"severity": "ERROR", "message": "true"}]
