"""How a call can be refused, beside rules.InvalidRequest (INVALID_ARGUMENT).

Refused
├── NotFound   there is no such thing
├── Busy       somebody else is changing the configuration; the call may be repeated
└── InUse      what is to be deleted is needed by something else
"""

from __future__ import annotations


class Refused(Exception):
    """The text is what the client gets."""


class NotFound(Refused):
    """gRPC: NOT_FOUND; HTTP: 404."""


class Busy(Refused):
    """gRPC: ABORTED; HTTP: 409."""


class InUse(Refused):
    """gRPC: FAILED_PRECONDITION; HTTP: 400."""
