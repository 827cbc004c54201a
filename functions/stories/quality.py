"""How good a story is, as far as that shows without another model. Pure.

Each score is 0 to 1, and 1 is good. They are kept apart, since each says something else went wrong:

    length      words against the band that was asked for
    title       there is one, it is short, and it is a title
    paragraphs  it is prose, divided into paragraphs
    ending      it ends as a sentence does: it was not cut off
    opening     it doesn't begin with a refusal
    clean       no word that its readers should not meet
    variety     it doesn't repeat itself
    language    it is written in the language that was asked for
    chapters    as many chapters as were asked for

A story of 1,100 words takes one to two milliseconds of CPU.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from functions.stories import wordlists
from functions.stories.request import WORDS, Audience, Language, StoryRequest
from functions.stories.story import Draft

NAMES = (
    "length",
    "title",
    "paragraphs",
    "ending",
    "opening",
    "clean",
    "variety",
    "language",
    "chapters",
)
WRONG_LANGUAGE = 0.5
"""A score of `language` below it: the story is in another language."""

TITLE_WORDS = 12
TITLE_CHARACTERS = 90
WORDS_A_PARAGRAPH = 150
LONGEST_PARAGRAPH = 250
LETTERS_TO_TELL = 80
"""Fewer don't tell a language."""

STOP_WORD_SHARE = 0.12
"""Of the words in a story, at least so many are stop words of its language."""

WINDOW = 1_500
"""Characters that are compressed at once: a ratio depends on the length it was taken over."""

WINDOWS = 24
REPETITIVE, VARIED = 0.2, 0.4
"""Compressed size by size: up to the first a text repeats itself, from the second it doesn't."""

WORD = re.compile(r"[^\W\d_]+")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
"""Soft hyphens, joiners and marks of direction, with which a word is hidden in another."""

MARKUP = re.compile(r"\s*(?:#|[-*•]\s|\d+[.)]\s|```|<\w)")
LABEL = re.compile(r"\s*(?:title|titre|chapter|chapitre)\s*:", re.IGNORECASE)
REFUSAL = re.compile("|".join(wordlists.REFUSALS))
LAST_WORDS = re.compile(r"\b(?:the end|fin)$")
CLOSERS = "\"'’”»)]›*_ \u00a0\u202f"
FINAL = (".", "!", "?", "…", "。", "！", "？")


def scores(draft: Draft, request: StoryRequest) -> dict[str, float]:
    """The sub-scores by name (NAMES), rounded to thousandths. Never raises."""
    words = _words(draft.texts)
    found = {
        "length": _length(draft, request),
        "title": _title(draft.title),
        "paragraphs": _paragraphs(draft.paragraphs),
        "ending": _ending(draft.paragraphs[-1]),
        "opening": _opening(draft),
        "clean": _clean(words, request.readers, request.language),
        "variety": _variety("\n".join(draft.paragraphs)),
        "language": _language(words, request.language),
        "chapters": _chapters(draft, request),
    }
    return {name: round(found[name], 3) for name in NAMES}


def wrong_language(scores: Mapping[str, float]) -> bool:
    """Whether a story with these scores is in another language than asked for."""
    return scores.get("language", 1.0) < WRONG_LANGUAGE


def _length(draft: Draft, request: StoryRequest) -> float:
    least, most = WORDS[request.length]
    written = sum(len(paragraph.split()) for paragraph in draft.paragraphs)
    return min(1.0, written / least, most / max(1, written))


def _title(title: str) -> float:
    plain = " ".join(title.casefold().replace("’", "'").split()).strip(" .!\"'")
    if not WORD.search(plain) or plain in wordlists.PLACEHOLDERS:
        return 0.0
    short = len(title) <= TITLE_CHARACTERS and len(title.split()) <= TITLE_WORDS
    unmarked = not (MARKUP.match(title) or LABEL.match(title) or "**" in title)
    return (short + unmarked) / 2


def _paragraphs(paragraphs: Sequence[str]) -> float:
    """The share that is prose, less when there are too few for so many words."""
    counts = [len(paragraph.split()) for paragraph in paragraphs]
    prose = sum(
        count <= LONGEST_PARAGRAPH and not MARKUP.match(paragraph)
        for count, paragraph in zip(counts, paragraphs, strict=True)
    )
    divided = len(paragraphs) * WORDS_A_PARAGRAPH / max(1, sum(counts))
    return prose / len(paragraphs) * min(1.0, divided)


def _ending(last: str) -> float:
    text = last.rstrip(CLOSERS)
    while text and unicodedata.category(text[-1]) in ("So", "Sk", "Mn", "Cf"):  # a story may smile
        text = text[:-1].rstrip(CLOSERS)
    return float(text.endswith(FINAL) or bool(LAST_WORDS.search(text.casefold())))


def _opening(draft: Draft) -> float:
    beginnings = (draft.title, draft.paragraphs[0])
    return float(not any(REFUSAL.match(_beginning(text)) for text in beginnings))


def _beginning(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text[:200]).casefold().replace("’", "'")
    return " ".join(plain.strip(" *_#").replace("i'm ", "i am ").split())


def _clean(words: Sequence[str], readers: Audience, language: Language) -> float:
    exact, stems = _banned(readers, language)
    lengths = {len(stem) for stem in stems}
    return float(
        not any(
            word in exact or any(word[:length] in stems for length in lengths)
            for word in set(words)
        )
    )


@cache
def _banned(readers: Audience, language: Language) -> tuple[frozenset[str], frozenset[str]]:
    """Whole words, and beginnings of words."""
    entries = [entry for each in wordlists.BANNED[readers] for entry in each[language].split()]
    return (
        frozenset(entry for entry in entries if not entry.endswith("*")),
        frozenset(entry[:-1] for entry in entries if entry.endswith("*")),
    )


def _variety(text: str) -> float:
    """By the worst window: a story that ends in a loop has repeated itself."""
    ratios = (len(zlib.compress(piece)) / len(piece) for piece in _windows(text))
    return max(0.0, min(1.0, (min(ratios) - REPETITIVE) / (VARIED - REPETITIVE)))


def _windows(text: str) -> Iterable[bytes]:
    """Windows of one size that overlap by half: the last one, and others evenly chosen."""
    last = max(0, len(text) - WINDOW)
    count = min(WINDOWS, 1 + 2 * last // WINDOW)
    starts = {round(last * number / count) for number in range(1, count + 1)} | {0}
    return (text[start : start + WINDOW].encode("utf-8", "replace") for start in sorted(starts))


def _language(words: Sequence[str], asked: Language) -> float:
    """Stop words of the language against those of the others; less when it has hardly any."""
    if sum(map(len, words)) < LETTERS_TO_TELL:
        return 1.0
    counts = {
        language: sum(word in known for word in words)
        for language, known in wordlists.STOP_WORDS.items()
    }
    total = sum(counts.values())
    if not total:
        return 0.0
    dense = counts[asked] / (STOP_WORD_SHARE * len(words))
    return counts[asked] / total * min(1.0, dense)


def _chapters(draft: Draft, request: StoryRequest) -> float:
    """A story without chapter titles is one chapter."""
    asked, made = request.chapters or 1, max(1, len(draft.chapters))
    return min(asked, made) / max(asked, made)


def _words(texts: Iterable[str]) -> list[str]:
    """Every word, in the form in which it is compared, without invisible characters in it."""
    text = unicodedata.normalize("NFKC", "\n".join(texts)).casefold()
    return WORD.findall(INVISIBLE.sub("", text))
