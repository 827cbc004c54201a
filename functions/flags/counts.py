"""How often each flag gave each variant, as an instance writes it down. Pure.

    ENV/usage/{minute}_{instance}_{sequence}   what one instance counted between two writes, written
                                               once (a document is never changed)

A label is the name of the variant; "" where the default in the caller's code was used; "!CODE" for
an error. The name of a variant that begins with "!" gets another one in front.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from functions.flags.evaluation import Evaluation
from functions.published import timestamp

Counts = Mapping[str, Mapping[str, int]]
"""By flag and label."""

COLLECTION = "usage"
CODE_DEFAULT = ""
ERROR = "!"
SYNCED = "$flagd"
"""In place of a flag's key: that flagd, or an in-process provider, fetched all of them. What it
evaluates then it does by itself, uncounted."""

MINUTE_SECONDS = 60
KEPT_SECONDS = 7 * 86_400
"""A document that nobody summed up in this time is given up."""

LABELS_A_DOCUMENT = 4_000
"""With the longest names there are, so many fit into one of Firestore's documents."""


@dataclass(frozen=True)
class Served:
    """What one instance counted, and when the first and the last of these evaluations were."""

    counts: Counts
    first_at: float
    last_at: float

    def to_document(self, instance: str, sequence: int, now: float) -> dict[str, Any]:
        text = json.dumps(self.counts, separators=(",", ":"), sort_keys=True)
        return {
            "instance": instance,
            "sequence": sequence,
            "counts": zlib.compress(text.encode()),
            "first_at": timestamp(self.first_at),
            "last_at": timestamp(self.last_at),
            "written_at": timestamp(now),
            "expires_at": timestamp(now + KEPT_SECONDS),
        }

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Served:
        return Served(
            counts=json.loads(zlib.decompress(data["counts"])),
            first_at=data["first_at"].timestamp(),
            last_at=data["last_at"].timestamp(),
        )

    def pieces(self, labels: int = LABELS_A_DOCUMENT) -> Iterator[Served]:
        """The same in as many documents as it takes."""
        piece: dict[str, dict[str, int]] = {}
        size = 0
        for key, counted in self.counts.items():
            for label, number in counted.items():
                if size == labels:
                    yield Served(piece, self.first_at, self.last_at)
                    piece, size = {}, 0
                piece.setdefault(key, {})[label] = number
                size += 1
        if piece:
            yield Served(piece, self.first_at, self.last_at)


def label_of(evaluation: Evaluation) -> str:
    """Under which name an evaluation is counted."""
    if evaluation.error_code:
        return ERROR + evaluation.error_code
    variant = evaluation.variant or CODE_DEFAULT
    return ERROR + variant if variant.startswith(ERROR) else variant


def variant_of(label: str) -> str | None:
    """The variant that a label stands for; None for an error, "" for the default in the code."""
    if not label.startswith(ERROR):
        return label
    return label[1:] if label.startswith(ERROR * 2) else None


def document_name(now: float, instance: str, sequence: int) -> str:
    """Begins with the minute in which it is written."""
    return f"{int(now // MINUTE_SECONDS) * MINUTE_SECONDS}_{instance}_{sequence}"


def together(one: Served | None, other: Served) -> Served:
    """Both, as one."""
    if one is None:
        return other
    counts = {key: dict(counted) for key, counted in one.counts.items()}
    for key, counted in other.counts.items():
        known = counts.setdefault(key, {})
        for label, number in counted.items():
            known[label] = known.get(label, 0) + number
    return Served(counts, min(one.first_at, other.first_at), max(one.last_at, other.last_at))
