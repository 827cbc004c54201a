"""Ways for a story to end, each with all the canaries in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from functions.stories.limits.cap import DailyCap
from functions.stories.limits.quota import Limits
from functions.stories.shelf import Shelf
from functions.stories.studio import Budget, Studio
from tests.emulator.conftest import store_at
from tests.emulator.instances import CLOCK
from tests.emulator.stories.canaries import (
    HERO,
    KEY,
    MAIL,
    TEXT,
    THEME,
    TOLD,
    UID,
    WISH,
    answered,
    objecting,
    page,
    refused,
)
from tests.emulator.stories.crashing import Crashing, Killed
from tests.servers import hostile_openai as hostile
from tests.servers.hostile_openai import Behaviour
from tests.tokens import id_token

UNHURRIED = Budget(total=12.0, reserve=2.0)
HURRIED = Budget(total=0.8, reserve=0.3, moderation=0.3)
FOR_A_CHILD = {**WISH, "age_band": "6-8"}
OF_ONE_KEY = {**WISH, "idempotency_key": "a-key-of-one-story"}

Furnish = Callable[[Studio], Studio]


@dataclass(frozen=True)
class End:
    """A way for a story to end: the code of its answer, what the model's server does and what its
    moderation, what is changed in the studio, what is asked for, and by whom."""

    code: str
    server: Behaviour = field(default_factory=answered)
    furnish: Furnish = replace
    wish: object = field(default_factory=lambda: WISH)
    token: str | None = None
    moderation: Behaviour = field(default_factory=hostile.clean)


def hurried(studio: Studio) -> Studio:
    return replace(studio, budget=HURRIED)


def one_an_hour(studio: Studio) -> Studio:
    return replace(studio, limits=Limits(1, 0))


def next_to_nothing_a_day(studio: Studio) -> Studio:
    with store_at("127.0.0.1:1", "demo-nowhere") as nowhere:
        return replace(studio, cap=DailyCap(nowhere, CLOCK, 1))


def store_away(studio: Studio) -> Studio:
    with store_at("127.0.0.1:1", "demo-nowhere") as nowhere:
        return replace(studio, shelf=Shelf(nowhere, CLOCK))


def crashing(studio: Studio) -> Studio:
    return replace(studio, model=Crashing(studio.model, "asked", RuntimeError))


def crashing_later(studio: Studio) -> Studio:
    return replace(studio, model=Crashing(studio.model, "answering", RuntimeError))


def dying(studio: Studio) -> Studio:
    return replace(studio, model=Crashing(studio.model, "answering", Killed))


FAILED = {"status": "failed", "output": []}
NOT_ALL = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
REFUSAL = [hostile.message({"type": "refusal", "refusal": f"{TEXT}: nothing of {THEME}, please."})]

ENDS: Mapping[str, End] = {
    "told": End("OK"),
    "told for a fortune": End("OK", answered(usage={"input_tokens": 10**10, "output_tokens": 1})),
    "told for a key": End("OK", wish=OF_ONE_KEY),
    "told again": End("OK", wish=OF_ONE_KEY),
    "another wish with the key": End("ALREADY_EXISTS", wish={**OF_ONE_KEY, "hero": THEME}),
    "400": End("OPENAI_ERROR", refused(400)),
    "filtered": End("OPENAI_ERROR", refused(400, "content_filter")),
    "401": End("OPENAI_ERROR", refused(401, "invalid_api_key")),
    "404": End("OPENAI_ERROR", refused(404, "model_not_found")),
    "rate": End("OPENAI_ERROR", refused(429, "rate_limit_exceeded")),
    "no quota": End("OPENAI_ERROR", refused(429, "insufficient_quota")),
    "500": End("OPENAI_ERROR", refused(500)),
    "failed": End("OPENAI_ERROR", answered("", **FAILED, error={"code": "x", "message": THEME})),
    "incomplete": End("OPENAI_ERROR", answered(f'{{"title": "{TEXT}', **NOT_ALL)),
    "a refusal": End("OPENAI_ERROR", answered("", output=REFUSAL)),
    "not a story": End("OPENAI_ERROR", answered(f"{TEXT} of {THEME}")),
    "HTML": End("OPENAI_ERROR", page("text/html", "<html>")),
    "broken JSON": End("OPENAI_ERROR", page("application/json", "{")),
    "cut": End("OPENAI_ERROR", hostile.cut()),
    "dropped": End("OPENAI_ERROR", hostile.drop()),
    "silence": End("TIMEOUT", hostile.hang(), hurried),
    "an objectionable wish": End("OPENAI_ERROR", moderation=objecting(HERO)),
    "an objectionable story": End("OPENAI_ERROR", moderation=objecting(TEXT)),
    "one for a child": End("OPENAI_ERROR", wish=FOR_A_CHILD, moderation=objecting(TEXT)),
    "told unmoderated": End("OK", moderation=refused(500)),
    "unmoderated": End("OPENAI_ERROR", wish=FOR_A_CHILD, moderation=refused(500)),
    "moderation refused": End("OPENAI_ERROR", wish=FOR_A_CHILD, moderation=refused(400)),
    "moderation without a key": End("OPENAI_ERROR", wish=FOR_A_CHILD, moderation=refused(401)),
    "broken moderation": End(
        "OPENAI_ERROR", wish=FOR_A_CHILD, moderation=page("application/json", "{")
    ),
    "silent moderation": End(
        "OPENAI_ERROR", furnish=hurried, wish=FOR_A_CHILD, moderation=hostile.hang()
    ),
    "a crash": End("INTERNAL", furnish=crashing),
    "a crash when it is answered": End("INTERNAL", furnish=crashing_later),
    "an hour's quota": End("RATE_LIMITED", furnish=one_an_hour),
    "a day's cap": End("FAILED_PRECONDITION", furnish=next_to_nothing_a_day),
    "no store": End("STORE_UNAVAILABLE", furnish=store_away),
    "no language": End("INVALID_ARGUMENT", wish={**WISH, "language": TEXT}),
    "no age": End("INVALID_ARGUMENT", wish={**WISH, "age_band": THEME}),
    "no key": End("INVALID_ARGUMENT", wish={**WISH, "idempotency_key": f"{HERO}/"}),
    "too long": End("INVALID_ARGUMENT", wish={**WISH, "tone": TEXT * 20}),
    "no wish": End("INVALID_ARGUMENT", wish=[THEME, UID]),
    "a version of one's own": End("PERMISSION_DENIED", wish={**WISH, "version": f"1.0.0-{HERO}"}),
    "a mail for a token": End("UNAUTHENTICATED", token=MAIL),
    "parts of a token": End("UNAUTHENTICATED", token=f"{MAIL}.{UID}.{KEY}"),
    "another project's token": End("UNAUTHENTICATED", token=id_token(UID, "elsewhere", email=MAIL)),
}
STREAMED: Mapping[str, End] = {
    "an error in the middle": End("OPENAI_ERROR", hostile.streamed_error(TOLD)),
    "failed in the middle": End("OPENAI_ERROR", hostile.streamed_failed(TOLD)),
    "no place in the middle": End("OPENAI_ERROR", hostile.streamed_incomplete(TOLD)),
    "cut in the middle": End("OPENAI_ERROR", hostile.streamed_cut(TOLD)),
    "without an end": End("OPENAI_ERROR", hostile.streamed_without_end(TOLD)),
    "garbage in the middle": End("OPENAI_ERROR", hostile.streamed_garbage(TOLD)),
    "two stories": End("OPENAI_ERROR", hostile.streamed_lie()),
}
