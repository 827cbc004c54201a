"""What the hot routes say of themselves. Flask does not know them, so they are described by hand.

Source: open-feature/protocol 0.3.0, service/openapi.yaml. The `oneOf` of its types of values is an
`anyOf` here, since one of them matches everything. `DEFAULT` is a reason besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from functions.description import TEXT, Schema
from functions.errors import (
    PalierError,
    PayloadTooLarge,
    PermissionDenied,
    RateLimited,
    StoreUnavailable,
    Unauthenticated,
)
from functions.flags.clients import flagd, manifest, notices, ofrep
from functions.flags.clients.context import INVALID_CONTEXT, MAXIMUM_VALUES
from functions.flags.evaluation import (
    DEFAULT,
    DISABLED,
    FLAG_NOT_FOUND,
    GENERAL,
    PARSE_ERROR,
    STATIC,
    TARGETING_MATCH,
)
from functions.openapi import by_status, refusal

SECURITY: list[dict[str, list[str]]] = [{"ApiKey": []}, {"ApiKeyHeader": []}]
TAGS = ["flags"]
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "ETags of earlier answers: 304 when it would be the same again.",
    "schema": TEXT,
}
REQUEST_ID = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
ETAG = {"ETag": {"required": True, "schema": TEXT}}
RETRY_AFTER = {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}}}
CHALLENGE = {"WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}}

FOR_ALL = (Unauthenticated, RateLimited, StoreUnavailable)
FOR_SECRET = (*FOR_ALL, PermissionDenied, PayloadTooLarge)
WITH_RETRY_AFTER = {"429", "503"}
LAST_EVENT = [
    {
        "name": name,
        "in": "query",
        "required": False,
        "description": "Of an event that told of a change. Not looked at: an answer is fresh.",
        "schema": schema,
    }
    for name, schema in (
        ("flagConfigEtag", TEXT),
        ("flagConfigLastModified", {"type": ["integer", "string"]}),
    )
]
KEY = {"name": "key", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def hot_routes() -> tuple[dict[str, Any], dict[str, Any]]:
    """Their paths, and the schemas that these refer to."""
    return {
        f"{ofrep.BASE}/{{key}}": {"post": _single()},
        ofrep.BASE: {"post": _bulk()},
        flagd.PATH: {
            "get": _document("flagd_flags", "All flags, for flagd", "FlagdFlags", FOR_SECRET)
        },
        manifest.PATH: {
            "get": _document("manifest", "Keys and types of flags", "Manifest", FOR_ALL)
        },
        notices.PATH: {
            "get": _document("notices", "What users may be told of rollbacks", "Notices", FOR_ALL)
        },
    }, SCHEMAS


def _single() -> dict[str, Any]:
    return {
        "operationId": "evaluate_flag",
        "tags": TAGS,
        "summary": "One flag, by the OpenFeature Remote Evaluation Protocol 0.3.0",
        "security": SECURITY,
        "parameters": [KEY],
        "requestBody": _body(),
        "responses": {
            "200": _answer("The value and why", "OfrepSuccess"),
            "404": _answer("There is no such flag, or not for this key", "OfrepNotFound"),
            **_refusals("OfrepFailure"),
        },
    }


def _bulk() -> dict[str, Any]:
    return {
        "operationId": "evaluate_flags",
        "tags": TAGS,
        "summary": "All flags that the key may see, by the same protocol",
        "security": SECURITY,
        "parameters": [IF_NONE_MATCH, *LAST_EVENT],
        "requestBody": _body(),
        "responses": {
            "200": _answer("Values and failures", "OfrepBulk", ETAG),
            "304": {"description": "The same as before", "headers": {**REQUEST_ID, **ETAG}},
            **_refusals("OfrepBulkFailure"),
        },
    }


def _document(
    name: str, summary: str, shape: str, errors: Iterable[type[PalierError]]
) -> dict[str, Any]:
    refusals = {str(status): refusal(status, of) for status, of in by_status(errors).items()}
    for status in WITH_RETRY_AFTER & refusals.keys():
        refusals[status]["headers"] |= RETRY_AFTER
    return {
        "operationId": name,
        "tags": TAGS,
        "summary": summary,
        "security": SECURITY,
        "parameters": [IF_NONE_MATCH],
        "responses": {
            "200": _answer("The document", shape, ETAG),
            "304": {"description": "The same as before", "headers": {**REQUEST_ID, **ETAG}},
            **refusals,
        },
    }


def _body() -> dict[str, Any]:
    return {"required": False, "content": {"application/json": {"schema": _ref("OfrepRequest")}}}


def _refusals(shape: str) -> dict[str, Any]:
    return {
        "400": _answer("The body can't be used, or the flag failed", shape),
        "401": _answer("Not a valid API key", shape, CHALLENGE),
        "413": _answer("The body is too large", shape),
        "429": _answer("The key asks too often", shape, RETRY_AFTER),
        "503": _answer("No flags can be had right now", shape, RETRY_AFTER),
    }


def _answer(text: str, shape: str, headers: Schema | None = None) -> dict[str, Any]:
    return {
        "description": text,
        "headers": {**REQUEST_ID, **(headers or {})},
        "content": {"application/json": {"schema": _ref(shape)}},
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: list[str], **properties: Any) -> Schema:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


METADATA: Schema = {
    "type": "object",
    "additionalProperties": {"type": ["boolean", "string", "number"]},
}
REASONS = [STATIC, TARGETING_MATCH, "SPLIT", DISABLED, DEFAULT, "UNKNOWN"]
CODES = [PARSE_ERROR, "TARGETING_KEY_MISSING", INVALID_CONTEXT, GENERAL]
SCHEMAS: dict[str, Any] = {
    "OfrepContext": {
        "type": "object",
        "description": "Attributes of the user, at most 10 deep; `targetingKey` says who it is.",
        "properties": {"targetingKey": {"type": ["string", "null"]}},
        "maxProperties": MAXIMUM_VALUES,
    },
    "OfrepRequest": {
        "type": "object",
        "properties": {"context": {"anyOf": [_ref("OfrepContext"), {"type": "null"}]}},
    },
    "OfrepSuccess": {
        **_object(
            ["key", "reason"],
            key=TEXT,
            reason={"enum": REASONS},
            variant=TEXT,
            value={
                "anyOf": [
                    {"type": "boolean"},
                    {"type": "string"},
                    {"type": "integer"},
                    {"type": "number"},
                    {"type": "object"},
                ]
            },
            metadata=METADATA,
        ),
        "description": "Without `value` and `variant`: the default in the caller's code.",
        "dependentRequired": {"value": ["variant"], "variant": ["value"]},
    },
    "OfrepFailure": _object(["errorCode"], key=TEXT, errorCode={"enum": CODES}, errorDetails=TEXT),
    "OfrepNotFound": _object(
        ["key", "errorCode"], key=TEXT, errorCode={"const": FLAG_NOT_FOUND}, errorDetails=TEXT
    ),
    "OfrepBulk": _object(
        ["flags"],
        flags={
            "type": "array",
            "items": {"anyOf": [_ref("OfrepSuccess"), _ref("OfrepFailure")]},
        },
        metadata=METADATA,
    ),
    "OfrepBulkFailure": _object(["errorCode"], errorCode={"enum": CODES}, errorDetails=TEXT),
    "FlagdFlags": _object(
        ["flags"],
        flags={
            "type": "object",
            "additionalProperties": {"type": "object", "required": ["state", "variants"]},
        },
        metadata=METADATA,
    ),
    "Notices": _object(
        ["notices"],
        notices={
            "type": "array",
            "items": _object(
                ["id", "flag", "at", "until", "en", "fr"],
                id=TEXT,
                flag={"type": ["string", "null"]},
                at={"type": "number"},
                until={"type": "number"},
                en=TEXT,
                fr=TEXT,
            ),
        },
    ),
    "Manifest": _object(
        ["flags"],
        flags={
            "type": "object",
            "additionalProperties": _object(
                ["flagType", "defaultValue"],
                flagType={"enum": ["boolean", "string", "integer", "float", "object"]},
                defaultValue={"type": ["boolean", "string", "number", "object", "array"]},
                description=TEXT,
            ),
        },
    ),
}
