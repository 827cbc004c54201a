"""The services over gRPC, without transport security, from the client package's own messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import grpc
from google.cloud import run_v2
from google.longrunning import operations_pb2

from local import rpc
from local.cloud_run import refusals
from local.cloud_run.world import World
from local.monitoring.faults import Faults, Interceptor
from local.rpc import stop as stop

THREADS = 8
STATUS = {
    refusals.NotFound: grpc.StatusCode.NOT_FOUND,
    refusals.Aborted: grpc.StatusCode.ABORTED,
    refusals.Forbidden: grpc.StatusCode.PERMISSION_DENIED,
    refusals.InvalidRequest: grpc.StatusCode.INVALID_ARGUMENT,
}
Call = Callable[[Any], Any]


def serve(world: World, port: int, faults: Faults | None = None) -> Any:
    """A started gRPC server on this machine; port 0 takes a free one. Returns (server, port)."""
    services = [
        _handlers(
            "google.cloud.run.v2.Services",
            {
                "GetService": (lambda asked: world.service(asked.name), "GetServiceRequest"),
                "UpdateService": (lambda asked: _update(world, asked), "UpdateServiceRequest"),
            },
        ),
        _handlers(
            "google.cloud.run.v2.Revisions",
            {
                "GetRevision": (lambda asked: world.revision(asked.name), "GetRevisionRequest"),
                "ListRevisions": (lambda asked: _listed(world, asked), "ListRevisionsRequest"),
            },
        ),
    ]
    return rpc.serve(services, port, Interceptor(faults or Faults()), THREADS)


def _update(world: World, asked: Any) -> Any:
    """An operation: done when it was only validated, else begun."""
    paths = list(asked.update_mask.paths)
    after = world.update(asked.service, paths, only_validate=asked.validate_only)
    name = after.name.partition("/services/")[0]
    operation = operations_pb2.Operation(name=f"{name}/operations/{after.generation}")
    operation.metadata.Pack(after)
    if asked.validate_only:
        operation.done = True
        operation.response.Pack(after)
    return operation


def _listed(world: World, asked: Any) -> Any:
    return run_v2.ListRevisionsResponse.pb()(revisions=world.revisions(asked.parent))


def _handlers(service: str, calls: Mapping[str, tuple[Call, str]]) -> grpc.GenericRpcHandler:
    answering = {name: (_answering(call), request) for name, (call, request) in calls.items()}
    return rpc.handlers(service, answering, run_v2)


def _answering(call: Call) -> rpc.Call:
    def answer(request: Any, context: Any) -> Any:
        try:
            return call(request)
        except refusals.Refused as problem:
            return context.abort(STATUS[type(problem)], str(problem))

    return answer
