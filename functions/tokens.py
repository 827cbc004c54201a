"""Firebase ID tokens of people. The only file of the bundle that imports firebase_admin."""

from __future__ import annotations

from functions.errors import Unauthenticated
from functions.identity import Actor


def person(authorization: str | None) -> Actor:
    """The person who signed in, from an `Authorization: Bearer` header. Raises Unauthenticated."""
    from firebase_admin import auth  # 100 ms that evaluations must not wait for

    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(
            "No ID token was sent.", remedy="Send `Authorization: Bearer ID_TOKEN`."
        )
    try:
        claims = auth.verify_id_token(token.strip())
    except (auth.InvalidIdTokenError, auth.UserDisabledError, ValueError) as error:
        raise Unauthenticated("The ID token is invalid or has expired.") from error
    except auth.CertificateFetchError as error:
        raise Unauthenticated(
            "The ID token can't be checked right now.", remedy="Try again in a moment."
        ) from error
    return Actor.person(str(claims["uid"]))
