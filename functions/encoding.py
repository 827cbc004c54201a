"""A write in Firestore's own bytes, without the client library's layers in between.

The library makes a Python object of every value: ten times the CPU, several milliseconds a story.
Only what it writes in the same bytes is taken over, which a test compares; everything else (delete,
adding to a field, a type that isn't here) is left to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from google.cloud.firestore_v1.types import write as types

Fields = Mapping[str, Any]

SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A name that stands in a field mask as it is, and names one field. `__x__` is reserved."""


class Unknown(Exception):
    """A value or a name that is left to the library."""


def created(name: str, data: Fields) -> Any:
    """The write that makes a document, unless there is one. Raises Unknown."""
    write = _written(name, data)
    write.current_document.exists = False
    return types.Write.wrap(write)


def replaced(name: str, data: Fields) -> Any:
    """The write that makes a document or replaces it whole. Raises Unknown."""
    return types.Write.wrap(_written(name, data))


def updated(name: str, data: Fields, version: Any) -> Any:
    """The write that replaces fields of a document unless it has changed since `version`, its
    update time. Raises Unknown."""
    write = _written(name, data)
    write.update_mask.field_paths.extend(sorted(data))
    write.current_document.update_time.CopyFrom(version.timestamp_pb())
    return types.Write.wrap(write)


def _written(name: str, data: Fields) -> Any:
    if not all(SIMPLE.fullmatch(field) and not field.startswith("__") for field in data):
        raise Unknown
    write = types.Write.pb()()
    write.update.name = name
    fields = write.update.fields
    for field, value in data.items():
        _encode(value, fields[field])
    return write


def _encode(value: Any, into: Any) -> None:
    """Sets a `Value` message."""
    kind = type(value)
    if value is None:
        into.null_value = 0
    elif kind is str:
        into.string_value = value
    elif kind is bool:
        into.boolean_value = value
    elif kind is int:
        into.integer_value = value
    elif kind is float:
        into.double_value = value
    elif kind is dict:
        into.map_value.SetInParent()
        fields = into.map_value.fields
        for name, each in value.items():
            if type(name) is not str:
                raise Unknown
            _encode(each, fields[name])
    elif kind is list or kind is tuple:
        into.array_value.SetInParent()
        values = into.array_value.values
        for each in value:
            _encode(each, values.add())
    elif kind is bytes:
        into.bytes_value = value
    elif kind is datetime and value.tzinfo is not None:
        into.timestamp_value.FromDatetime(value)
    else:  # a time as it was read, with its nanoseconds, among them
        raise Unknown
