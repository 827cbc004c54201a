"""The ports of a local Palier, how to choose others, and whether they are free."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace

HOST = "127.0.0.1"


class PortError(Exception):
    """A port can't be had. The text names it and says what to do."""


@dataclass(frozen=True)
class Ports:
    """One port for each server. The defaults are Firebase's own where it has one."""

    functions: int = 5001
    firestore: int = 8080
    auth: int = 9099
    hosting: int = 5002  # Firebase's 5000 belongs to AirPlay on a Mac
    pubsub: int = 8085
    hub: int = 4400
    logging: int = 4500
    eventarc: int = 9299
    tasks: int = 9499
    websocket: int = 9150
    openai: int = 4010
    monitoring: int = 8790
    monitoring_http: int = 8791

    def named(self) -> dict[str, int]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def variable(name: str) -> str:
    """The environment variable that chooses the port of one server."""
    return f"PALIER_PORT_{name.upper()}"


def from_environment(environ: Mapping[str, str] | None = None) -> Ports:
    """The defaults, with what PALIER_PORT_... says put over them. Raises PortError."""
    environ = os.environ if environ is None else environ
    chosen: dict[str, int] = {}
    for name in Ports().named():
        text = environ.get(variable(name), "").strip()
        if text:
            chosen[name] = _parse(variable(name), text)
    ports = replace(Ports(), **chosen)
    _refuse_twins(ports)
    return ports


def _parse(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1024 <= int(text) <= 65535:
        raise PortError(f"{name}={text} is not a port: give a number from 1024 to 65535.")
    return int(text)


def _refuse_twins(ports: Ports) -> None:
    seen: dict[int, str] = {}
    for name, port in ports.named().items():
        if port in seen:
            raise PortError(
                f"{variable(seen[port])} and {variable(name)} both are {port}: give one another."
            )
        seen[port] = name


def free() -> Ports:
    """Ports nobody uses now, so that tests run beside a `make start`."""
    names = list(Ports().named())
    with ExitStack() as held:
        return Ports(**{name: held.enter_context(_listener(0)).getsockname()[1] for name in names})


def free_port() -> int:
    with _listener(0) as held:
        port: int = held.getsockname()[1]
        return port


def require_free(ports: Mapping[str, int]) -> None:
    """Raises PortError that names every port in use and how to give another."""
    taken = {name: port for name, port in ports.items() if not is_free(port)}
    if taken:
        lines = [
            f"  port {port} ({name}): give another with {variable(name)}=NUMBER"
            for name, port in taken.items()
        ]
        raise PortError("\n".join(["In use by another program:", *lines]))


def is_free(port: int) -> bool:
    try:
        _listener(port).close()
    except OSError:
        return False
    return True


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # As servers do: a port whose last connections are still closing counts as free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener
