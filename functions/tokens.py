"""Firebase's tokens, of people and of apps. The only file that uses firebase_admin."""

from __future__ import annotations

from functions.errors import StoreUnavailable, Unauthenticated
from functions.identity import USER_ID, Actor


def person(authorization: str | None) -> Actor:
    """The person who signed in, from an `Authorization: Bearer` header.

    Raises Unauthenticated, and StoreUnavailable when Google's certificates can't be fetched.
    """
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
        raise StoreUnavailable(
            "Google's certificates can't be had, so the ID token can't be checked right now."
        ) from error
    uid = str(claims["uid"])
    if not USER_ID.fullmatch(uid):
        raise Unauthenticated("The ID token's user id is not one that Firebase Auth gives out.")
    return Actor.person(uid)


def app(token: str | None) -> None:
    """Raises Unauthenticated unless an App Check token says that one of the project's apps sent the
    request, and StoreUnavailable when Firebase's keys can't be fetched.
    """
    from firebase_admin import app_check
    from jwt import PyJWKClientConnectionError, PyJWTError  # comes with firebase_admin

    remedy = "Send the request from an app with App Check switched on."
    if not token:
        raise Unauthenticated("No App Check token was sent.", remedy=remedy)
    try:
        app_check.verify_token(token)
    except PyJWKClientConnectionError as error:
        raise StoreUnavailable(
            "Firebase's keys can't be had, so the App Check token can't be checked right now."
        ) from error
    except (ValueError, PyJWTError) as error:
        raise Unauthenticated("The App Check token is invalid.", remedy=remedy) from error
