"""The services over gRPC, without transport security, from the client package's own messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent import futures
from contextlib import suppress
from typing import Any

import grpc
from google.cloud import run_v2
from google.longrunning import operations_pb2

from local.cloud_run import refusals
from local.cloud_run.world import World
from local.monitoring.faults import Faults, Interceptor

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
    server = grpc.server(
        futures.ThreadPoolExecutor(THREADS),
        interceptors=(Interceptor(faults or Faults()),),
        options=[("grpc.so_reuseport", 0)],
    )
    server.add_generic_rpc_handlers(
        (
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
        )
    )
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound


def stop(server: Any) -> None:
    """Ends the server and waits for it."""
    with suppress(RuntimeError):
        server.stop(0).wait()


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
    return grpc.method_handlers_generic_handler(
        service,
        {
            name: grpc.unary_unary_rpc_method_handler(
                _answering(call),
                request_deserializer=getattr(run_v2, request).pb().FromString,
                response_serializer=lambda message: message.SerializeToString(),
            )
            for name, (call, request) in calls.items()
        },
    )


def _answering(call: Call) -> Callable[[Any, Any], Any]:
    def answer(request: Any, context: Any) -> Any:
        try:
            return call(request)
        except refusals.Refused as problem:
            return context.abort(STATUS[type(problem)], str(problem))

    return answer
