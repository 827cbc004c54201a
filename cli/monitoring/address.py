"""Whether a local server listens: its own clients would ask again for half a minute."""

from __future__ import annotations

import socket

from cli.answer import USAGE, Failed

SECONDS = 4.0


def require_listening(address: str) -> None:
    """`address` is host:port. Raises Failed, within some SECONDS, where nothing listens."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise Failed(
            {
                "detail": f"{address!r} is no address of a local server.",
                "remedy": "Give it as HOST:PORT, such as --address 127.0.0.1:8790.",
            },
            USAGE,
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), SECONDS).close()
    except OSError as error:
        raise Failed(
            {
                "detail": f"No Cloud Monitoring listens at {address}: {error.strerror or error}.",
                "message": "Nothing was changed.",
                "remedy": "Start the local server with `make start`, or correct --address; without "
                "it the command talks to Google.",
            }
        ) from error
