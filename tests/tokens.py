"""ID tokens as the Auth emulator gives them out: unsigned."""

from __future__ import annotations

import base64
import json
import time
from typing import Any


def id_token(uid: str, project: str, **claims: Any) -> str:
    """A token of `uid` that is taken where FIREBASE_AUTH_EMULATOR_HOST is set."""
    now = int(time.time())
    body = {
        "iss": f"https://securetoken.google.com/{project}",
        "aud": project,
        "sub": uid,
        "user_id": uid,
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "firebase": {"identities": {}, "sign_in_provider": "custom"},
        **claims,
    }
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(body)}."


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
