"""Trouble on demand, for tests and for a person who wants to see what Palier does then.

down      every call is answered UNAVAILABLE (HTTP 503), as from a place that can't be reached
hanging   no answer, until the client gives up or the fault ends
slow      the answer comes after `seconds`
failing   INTERNAL (HTTP 500); nothing is done
busy      RESOURCE_EXHAUSTED (HTTP 429); nothing is done
lost      the call is carried out, but its answer is UNAVAILABLE
partial   of the time series of a call every second one is written, the others are INTERNAL
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import grpc
from google.rpc import code_pb2

from local.monitoring import rules
from local.monitoring.calls import partial
from local.monitoring.rules import InvalidRequest

POLL_SECONDS = 0.02
LONGEST_SECONDS = 3600.0
INTERNAL = "Internal error encountered. Please retry after a few seconds."

REFUSALS = {
    "down": (grpc.StatusCode.UNAVAILABLE, 503, "The service is currently unavailable."),
    "failing": (grpc.StatusCode.INTERNAL, 500, INTERNAL),
    "busy": (grpc.StatusCode.RESOURCE_EXHAUSTED, 429, "Quota exceeded."),
    "lost": (grpc.StatusCode.UNAVAILABLE, 503, "Connection reset by peer."),
}
KINDS = (*REFUSALS, "hanging", "slow", "partial")


@dataclass(frozen=True)
class Fault:
    """What goes wrong, with which calls, and how often.

    calls    as CreateTimeSeries; "dashboards" for all of theirs; none: every call
    seconds  how long an answer takes when it is slow
    times    how many calls; None: until it ends
    """

    kind: str
    calls: tuple[str, ...] = ()
    seconds: float = 1.0
    times: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidRequest(f'"{self.kind}" is no fault; there are {", ".join(KINDS)}.')
        if not 0 <= self.seconds <= LONGEST_SECONDS:
            raise InvalidRequest(f"seconds must be from 0 to {LONGEST_SECONDS:.0f}.")


class Faults:
    """The fault of the moment, if there is one; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fault: Fault | None = None
        self._ended = threading.Event()

    @property
    def current(self) -> Fault | None:
        return self._fault

    def begin(self, fault: Fault) -> None:
        """From now on calls suffer from it, and no longer from another one."""
        with self._lock:
            self._ended.set()
            self._ended = threading.Event()
            self._fault = fault

    def end(self) -> None:
        """All is well again; calls that hang are answered."""
        with self._lock:
            self._fault = None
            self._ended.set()

    def take(self, call: str) -> tuple[Fault, threading.Event] | None:
        """What a call suffers from, and what is set when that is over."""
        with self._lock:
            fault = self._fault
            if fault is None or (fault.calls and call not in fault.calls):
                return None
            ended = self._ended
            if fault.times is not None:
                left = fault.times - 1
                self._fault = replace(fault, times=left) if left > 0 else None
            return fault, ended

    def told(self) -> dict[str, Any]:
        """As JSON; {} when all is well."""
        fault = self._fault
        return asdict(fault) if fault else {}


def from_json(given: Mapping[str, Any]) -> Fault:
    """Raises InvalidRequest."""
    unknown = set(given) - {"kind", "calls", "seconds", "times"}
    try:
        if unknown:
            raise InvalidRequest(f"A fault has no {', '.join(sorted(unknown))}.")
        times = given.get("times")
        return Fault(
            str(given.get("kind", "")),
            tuple(str(call) for call in given.get("calls", [])),
            float(given.get("seconds", 1.0)),
            None if times is None else max(1, int(times)),
        )
    except (TypeError, ValueError) as problem:
        raise InvalidRequest(f"This is no fault: {problem}") from None


class Interceptor(grpc.ServerInterceptor):  # type: ignore[misc]
    """Lets calls over gRPC suffer."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = continuation(details)
        if handler is None:
            return None
        call = details.method.rpartition("/")[2]

        def answer(request: Any, context: Any) -> Any:
            taken = self._faults.take(call)
            if taken is None:
                return handler.unary_unary(request, context)
            return _suffering(*taken, handler.unary_unary, request, context)

        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


def over_http(faults: Faults, call: str) -> int:
    """The status that a call over HTTP suffers; 0 when it is carried out, maybe late.

    A lost answer is lost before anything was done, and nothing is done in part.
    """
    taken = faults.take(call)
    if taken is None:
        return 0
    fault, ended = taken
    if fault.kind in ("hanging", "slow"):
        ended.wait(fault.seconds if fault.kind == "slow" else LONGEST_SECONDS)
        return 0
    return REFUSALS[fault.kind][1] if fault.kind in REFUSALS else 0


def _suffering(
    fault: Fault, ended: threading.Event, carry_out: Any, request: Any, context: Any
) -> Any:
    if fault.kind == "partial":
        return _in_part(carry_out, request, context)
    if fault.kind in ("hanging", "slow"):
        _wait(fault, ended, context)
        return carry_out(request, context)
    if fault.kind == "lost":
        carry_out(request, context)
    code, _, text = REFUSALS[fault.kind]
    return context.abort(code, text)


def _in_part(carry_out: Any, request: Any, context: Any) -> Any:
    series = list(getattr(request, "time_series", ()))
    if len(series) < 2:
        return carry_out(request, context)
    kept = series[::2]
    carry_out(type(request)(name=request.name, time_series=kept), context)
    text = rules.COULD_NOT + INTERNAL
    left = len(series) - len(kept)
    return context.abort_with_status(partial(text, len(series), left, code_pb2.INTERNAL))


def _wait(fault: Fault, ended: threading.Event, context: Any) -> None:
    """Until it is over; a client that gave up gets nothing done any more."""
    until = time.monotonic() + (fault.seconds if fault.kind == "slow" else LONGEST_SECONDS)
    while time.monotonic() < until and not ended.wait(POLL_SECONDS):
        if not context.is_active():
            context.abort(grpc.StatusCode.CANCELLED, "The client gave up.")
