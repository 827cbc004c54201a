"""Structured logs for Cloud Logging: one JSON object a line, with trace and request id.

No personal data, no prompt, no story, no key. An exception is logged by its type and the places it
passed, without its message: messages may quote what a user typed.
"""

from __future__ import annotations

import contextvars
import datetime
import json
import logging
import sys
import traceback
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, TypeVar

T = TypeVar("T")
NOTHING: Mapping[str, Any] = MappingProxyType({})

_bound: contextvars.ContextVar[Mapping[str, Any]] = contextvars.ContextVar("bound", default=NOTHING)


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Adds fields to every line logged inside: request id, trace, function and the like."""
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


def kept(steps: Generator[T, None, None]) -> Generator[T, None, None]:
    """The same generator, each of whose steps logs with the fields that are bound now.

    A streamed answer is written after the function that began it has returned.
    """
    return _with(_bound.get(), steps)


def _with(fields: Mapping[str, Any], steps: Generator[T, None, None]) -> Generator[T, None, None]:
    try:
        while True:
            with bound(**fields):
                try:
                    step = next(steps)
                except StopIteration:
                    return
            yield step
    finally:
        with bound(**fields):
            steps.close()


def info(event: str, **fields: Any) -> None:
    _write("INFO", event, fields)


def warning(event: str, **fields: Any) -> None:
    _write("WARNING", event, fields)


def error(event: str, **fields: Any) -> None:
    _write("ERROR", event, fields)


def exception(event: str, raised: BaseException, **fields: Any) -> None:
    """An error with where it came from: types and places only."""
    frames = traceback.extract_tb(raised.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    _write("ERROR", event, {"exception": type(raised).__name__, "stack": places, **fields})


CALLABLES = "firebase_functions"


def keep_requests_out() -> None:
    """Cuts short what firebase_functions logs of a request that it refuses: it quotes the body, the
    headers and, in the words of the library that read it, whatever was sent for a token."""
    logging.getLogger().addFilter(_without_request)


def _without_request(record: logging.LogRecord) -> bool:
    if CALLABLES in record.pathname:
        record.msg, record.args = str(record.msg).partition(":")[0], None
    return True


def _write(severity: str, event: str, fields: dict[str, Any]) -> None:
    line = _line({**_bound.get(), **fields, "severity": severity, "message": event})
    stream = sys.stderr if severity == "ERROR" else sys.stdout
    stream.write(line + "\n")
    stream.flush()


def _line(fields: dict[str, Any]) -> str:
    """In ASCII, so that no half of a surrogate pair can stop a line; a log never raises."""
    try:
        return json.dumps(fields, default=_text)
    except (TypeError, ValueError, RecursionError):
        return json.dumps({name: fields[name] for name in ("severity", "message")}, default=_text)


def _text(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return type(value).__name__
