"""The measures that story requests report, by name. Data.

A rate is a measure that is 0 or 1 for every request that came to an answer of the model: its count
are the answers, its mean is the rate.
"""

from __future__ import annotations

from collections.abc import Mapping

from functions.metrics.measures import Known
from functions.stories import quality

RATING = "rating"
QUALITY = "quality_"

_SCORES = {
    "length": "words against the band that was asked for",
    "title": "there is a title, it is short, and it is one",
    "paragraphs": "it is prose, divided into paragraphs",
    "ending": "it ends as a sentence does: it was not cut off",
    "opening": "it doesn't begin with a refusal",
    "clean": "no word that its readers should not meet",
    "variety": "it doesn't repeat itself",
    "language": "it is written in the language asked for",
    "chapters": "as many chapters as asked for",
}

MEASURES: Mapping[str, Known] = {
    "words": Known("words", None, "of a story's body"),
    "input_tokens": Known("tokens", "lower", "billed for what the model read, of all calls"),
    "output_tokens": Known("tokens", "lower", "billed for what the model wrote, of all calls"),
    "cost_microdollars": Known("millionths of a dollar", "lower", "the price of all calls"),
    "refused": Known("0 or 1", "lower", "the model refused to write"),
    "truncated": Known("0 or 1", "lower", "the answer was cut off at its limit of tokens"),
    "unsuitable": Known("0 or 1", "lower", "moderation let the story not be shown"),
    "wrong_language": Known("0 or 1", "lower", "the story is in another language than asked for"),
    "first_piece_ms": Known("ms", "lower", "until a stream told its first piece"),
    RATING: Known("1 to 5 stars", "higher", "what a user gave a story"),
    **{QUALITY + name: Known("0 to 1", "higher", _SCORES[name]) for name in quality.NAMES},
}
