"""How a call can be refused.

Refused
├── NotFound        there is no such thing
├── Aborted         somebody else has changed it since it was read
├── Forbidden       whoever asks may not
└── InvalidRequest  it makes no sense
"""

from __future__ import annotations


class Refused(Exception):
    """The text is what the client gets."""


class NotFound(Refused):
    """gRPC: NOT_FOUND."""


class Aborted(Refused):
    """gRPC: ABORTED."""


class Forbidden(Refused):
    """gRPC: PERMISSION_DENIED."""


class InvalidRequest(Refused):
    """gRPC: INVALID_ARGUMENT."""
