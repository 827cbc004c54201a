"""The names of measures that are published beyond Palier, written once: who reports them and who
publishes them take them from here. Data."""

from __future__ import annotations

WORDS = "words"
INPUT_TOKENS = "input_tokens"
OUTPUT_TOKENS = "output_tokens"
COST = "cost_microdollars"
FIRST_PIECE = "first_piece_ms"
RATING = "rating"
SATISFIED = "satisfied"
COMPLAINED = "complained"
"""0 or 1, reported with every rating: their means are the rates of satisfaction and complaint."""

REFUSED = "refused"
TRUNCATED = "truncated"
UNSUITABLE = "unsuitable"
WRONG_LANGUAGE = "wrong_language"
FAULTS = (REFUSED, TRUNCATED, UNSUITABLE, WRONG_LANGUAGE)
"""What can be wrong with an answer."""

QUALITY = "quality_"
"""Before the name of a score."""
