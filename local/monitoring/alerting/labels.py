"""What policies and channels have in common: names, labels of a user's own, texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from local.monitoring.rules import InvalidRequest

DISPLAY_NAME_LENGTH = 512
USER_LABELS = 64
USER_LABEL_LENGTH = 63
USER_LABEL_BYTES = 128
USER_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]*")
USER_LABEL_VALUE = re.compile(r"[a-z0-9_-]*")


def check_text(text: str, longest: int, where: str) -> None:
    """Raises InvalidRequest when a text is longer than `longest` characters."""
    if len(text) > longest:
        raise InvalidRequest(
            f"Field {where} had an invalid value: it has {len(text)} characters; at most {longest} "
            "are allowed."
        )


def check_user_labels(labels: Mapping[str, str], where: str) -> None:
    """Raises InvalidRequest for labels that can't be."""
    if len(labels) > USER_LABELS:
        raise InvalidRequest(f"Field {where} had more than {USER_LABELS} entries.")
    for key, value in labels.items():
        for text, pattern, what in (
            (key, USER_LABEL_KEY, "key"),
            (value, USER_LABEL_VALUE, "value"),
        ):
            too_long = len(text) > USER_LABEL_LENGTH or len(text.encode()) > USER_LABEL_BYTES
            if too_long or not pattern.fullmatch(text):
                raise InvalidRequest(
                    f'Field {where} had an invalid {what} of "{text}": it can have up to '
                    f"{USER_LABEL_LENGTH} lowercase letters, numerals, underscores and dashes; "
                    "keys begin with a letter."
                )
