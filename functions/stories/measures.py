"""The measures that story requests report, by name. Data.

A rate is a measure that is 0 or 1 for every request that came to an answer of the model: its count
are the answers, its mean is the rate.
"""

from __future__ import annotations

from collections.abc import Mapping

from functions.metrics import names
from functions.metrics.measures import Known
from functions.stories import quality

RATING, QUALITY = names.RATING, names.QUALITY

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
    names.WORDS: Known("words", None, "of a story's body"),
    names.INPUT_TOKENS: Known("tokens", "lower", "billed for what the model read, of all calls"),
    names.OUTPUT_TOKENS: Known("tokens", "lower", "billed for what the model wrote, of all calls"),
    names.COST: Known("millionths of a dollar", "lower", "the price of all calls"),
    names.REFUSED: Known("0 or 1", "lower", "the model refused to write"),
    names.TRUNCATED: Known("0 or 1", "lower", "the answer was cut off at its limit of tokens"),
    names.UNSUITABLE: Known("0 or 1", "lower", "moderation let the story not be shown"),
    names.WRONG_LANGUAGE: Known(
        "0 or 1", "lower", "the story is in another language than asked for"
    ),
    names.FIRST_PIECE: Known("ms", "lower", "until a stream told its first piece"),
    RATING: Known("1 to 5 stars", "higher", "what a user gave a story"),
    names.SATISFIED: Known("0 or 1", "higher", "of a rating: 4 or 5 stars"),
    names.COMPLAINED: Known("0 or 1", "lower", "of a rating: 1 or 2 stars"),
    **{QUALITY + name: Known("0 to 1", "higher", _SCORES[name]) for name in quality.NAMES},
}
