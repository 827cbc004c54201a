"""What the gRPC services share: how calls are served, and how refusals become status codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
from google.cloud import monitoring_v3
from google.protobuf import any_pb2
from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status  # type: ignore[import-untyped]

from local import rpc
from local.monitoring import refusals, rules
from local.rpc import Call

STATUS = {
    refusals.NotFound: grpc.StatusCode.NOT_FOUND,
    refusals.Busy: grpc.StatusCode.ABORTED,
    refusals.InUse: grpc.StatusCode.FAILED_PRECONDITION,
}


def handlers(service: str, calls: Mapping[str, tuple[Call, str]]) -> grpc.GenericRpcHandler:
    """A service's calls, each with the name of its request's class in the client package."""
    answering = {name: (_answering(call), request) for name, (call, request) in calls.items()}
    return rpc.handlers(service, answering, monitoring_v3)


def project_of(name: str) -> str:
    """The project that a resource's name begins with. Raises InvalidRequest."""
    parts = name.split("/")
    project = parts[1] if len(parts) >= 2 and parts[0] == "projects" else ""
    if not project:
        raise rules.InvalidRequest(f'Field name had an invalid value of "{name}".')
    return project


def partial(text: str, total: int, refused: int, code: int = code_pb2.INVALID_ARGUMENT) -> Any:
    """A status with the summary of what was written, as Cloud Monitoring attaches it."""
    summary = monitoring_v3.CreateTimeSeriesSummary.pb()(
        total_point_count=total, success_point_count=total - refused
    )
    summary.errors.add(status=status_pb2.Status(code=code), point_count=refused)
    detail = any_pb2.Any()
    detail.Pack(summary)
    status = status_pb2.Status(code=code, message=text, details=[detail])
    return rpc_status.to_status(status)


def _answering(call: Call) -> Call:
    def answer(request: Any, context: Any) -> Any:
        try:
            return call(request, context)
        except rules.InvalidRequest as problem:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(problem))
        except refusals.Refused as problem:
            context.abort(STATUS[type(problem)], str(problem))

    return answer
