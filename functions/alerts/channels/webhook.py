"""Standard Webhooks 1.0.0 (standardwebhooks.com): JSON, signed with each secret of the channel, so
that a secret is exchanged without a message being refused. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence

from functions.alerts.channels.letter import Letter
from functions.alerts.channels.post import Post

PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)


def post(letter: Letter, url: str, secrets: Sequence[str], now: float) -> Post:
    """`now` is the moment of this attempt; the id stays the same over all attempts."""
    message = letter.message
    body = json.dumps(
        {
            "type": f"palier.{message.event.value}",
            "timestamp": letter.time,
            "data": {
                "id": message.id,
                "event": message.event.value,
                "severity": message.severity,
                "about": message.about,
                "origin": letter.origin,
                "language": letter.language,
                "title": letter.title,
                "text": letter.text,
                "facts": dict(message.facts),
                "runbook": letter.runbook or message.runbook,
                "level": message.level,
                "test": message.test,
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    at = str(int(now))
    signatures = " ".join(signature(secret, message.id, at, body) for secret in secrets)
    headers = {
        "webhook-id": message.id,
        "webhook-timestamp": at,
        "webhook-signature": signatures,
    }
    return Post(url, headers, body)


def signature(secret: str, identifier: str, at: str, body: bytes) -> str:
    signed = f"{identifier}.{at}.".encode() + body
    digest = hmac.new(key(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def key(secret: str) -> bytes:
    """The bytes of a signing secret. Raises ValueError when it is none."""
    try:
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("it is not base64") from error
    if not secret.startswith(PREFIX) or len(found) not in SECRET_BYTES:
        raise ValueError(f"it takes {PREFIX} and 24 to 64 bytes in base64")
    return found
