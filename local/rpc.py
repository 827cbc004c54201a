"""gRPC without transport security, from a client package's own messages: what the stand-ins for
Google's services share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from contextlib import suppress
from typing import Any

import grpc

Call = Callable[[Any, Any], Any]
"""Answers a request in its context, or aborts it."""


def handlers(
    service: str, calls: Mapping[str, tuple[Call, str]], messages: Any
) -> grpc.GenericRpcHandler:
    """A service's calls, each with the name of its request's class among a package's `messages`."""
    return grpc.method_handlers_generic_handler(
        service,
        {
            name: grpc.unary_unary_rpc_method_handler(
                call,
                request_deserializer=getattr(messages, request).pb().FromString,
                response_serializer=lambda message: message.SerializeToString(),
            )
            for name, (call, request) in calls.items()
        },
    )


def serve(
    services: Sequence[grpc.GenericRpcHandler],
    port: int,
    interceptor: grpc.ServerInterceptor,
    threads: int,
) -> Any:
    """A started server on this machine; port 0 takes a free one. Returns (server, port)."""
    server = grpc.server(
        futures.ThreadPoolExecutor(threads),
        interceptors=(interceptor,),
        options=[("grpc.so_reuseport", 0)],
    )
    server.add_generic_rpc_handlers(tuple(services))
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound


def stop(server: Any) -> None:
    """Ends the server and waits for it."""
    with suppress(RuntimeError):
        server.stop(0).wait()
