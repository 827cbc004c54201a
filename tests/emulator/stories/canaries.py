"""Unlikely strings in place of all that is private, and where they have come to the surface."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.cloud import firestore
from werkzeug.test import Client, TestResponse

from functions.stories.routes import STREAM
from tests.servers.hostile_openai import (
    DRAFT,
    Behaviour,
    Exchange,
    deltas,
    moderated,
    reply,
    response,
    stream,
)
from tests.tokens import id_token

THEME, HERO, TONE = "Quizzacanary", "Vexhollocanary", "Jubbecanary"
TEXT = "Zwyndrakecanary"
KEY = "sk-proj-Mompracanary"
MAIL = "plowyscanary@example.org"
UID = "uid.Grifthcanary@example.org"
PRIVATE = (THEME, HERO, TONE, KEY, MAIL, UID)
ALL = (*PRIVATE, TEXT)
WISH = {"theme": THEME, "hero": HERO, "tone": TONE, "age_band": "13-17"}
TOLD = {
    "title": f"The {TEXT} at the End of the Pier",
    "paragraphs": [f"{TEXT} {paragraph}" for paragraph in DRAFT["paragraphs"]],
}


def traces(canary: str) -> Iterator[str]:
    """What a text shows that holds the canary: itself, or a part of it in base64."""
    yield canary.lower()
    for before in range(3):  # where it may begin in a group of three bytes
        coded = base64.b64encode(b"-" * before + canary.encode()).decode()
        yield coded[4:-4].lower()


def found(text: str, *canaries: str) -> list[str]:
    """Which of the canaries a text holds."""
    lower = text.lower()
    return [canary for canary in canaries if any(trace in lower for trace in traces(canary))]


# The model's server


def quoting(exchange: Exchange) -> str:
    """All that the API was sent, as its messages may quote it."""
    return json.dumps([exchange.body, exchange.headers, TOLD])


def identified(exchange: Exchange) -> dict[str, str]:
    """Headers that quote what the user wrote, the key and the story as the id of the request."""
    private = [exchange.body["input"], exchange.headers["authorization"], TOLD]
    return {"x-request-id": json.dumps(private)}


def refused(status: int, code: str | None = None, kind: str = "invalid_request_error") -> Behaviour:
    """An error that quotes the whole request, its key too."""

    def behave(exchange: Exchange) -> None:
        error = {"message": quoting(exchange), "type": kind, "code": code, "param": None}
        reply({"error": error}, status=status, headers=identified(exchange))(exchange)

    return behave


def page(kind: str, text: str) -> Behaviour:
    """Status 200 with something that is no answer, and quotes the request."""

    def behave(exchange: Exchange) -> None:
        told = f"{text}{quoting(exchange)}".encode()
        reply(told, kind=kind, headers=identified(exchange))(exchange)

    return behave


def answered(text: str = json.dumps(TOLD), **changes: Any) -> Behaviour:
    """A response with a text, and with other fields as given; streamed to those who ask for it."""
    whole = response(text, **changes)
    end = {"type": f"response.{whole['status']}", "response": whole}

    def behave(exchange: Exchange) -> None:
        headers = identified(exchange)
        if exchange.body.get("stream"):
            stream([*deltas(text), end], headers=headers)(exchange)
        else:
            reply(whole, headers=headers)(exchange)

    return behave


def objecting(word: str) -> Behaviour:
    """Moderation that objects to a word."""

    def behave(exchange: Exchange) -> None:
        results = [moderated(word in text) for text in exchange.body["input"]]
        told = {"id": quoting(exchange), "results": results}
        reply(told, headers=identified(exchange))(exchange)

    return behave


# The surfaces


@dataclass(frozen=True)
class Seen:
    """An answer: how it ended (`OK`, or the code of its error), the error's body, and all of it."""

    code: str
    fault: str
    whole: str


@dataclass(frozen=True)
class Surface:
    """A function, how a story is asked for there, and whether it is told while it is written."""

    function: str
    path: str
    stream: bool

    @property
    def wraps(self) -> bool:
        """Whether its bodies are those of a callable."""
        return self.function != "api"

    def post(
        self, client: Client, project: str, wish: object, token: str | None = None
    ) -> TestResponse:
        mine = token or id_token(UID, project, email=MAIL, email_verified=True)
        headers = {"Authorization": f"Bearer {mine}"}
        if self.stream:
            headers["Accept"] = STREAM
        return client.post(self.path, json={"data": wish} if self.wraps else wish, headers=headers)

    def read(self, answer: TestResponse) -> Seen:
        """An answer, to its end."""
        text = answer.text
        if answer.mimetype != STREAM:
            return _ended(answer.get_json(), text)
        frames = [_fields(frame) for frame in text.split("\n\n") if "data:" in frame]
        last = json.loads(frames[-1]["data"])
        return _ended({"error": last} if frames[-1].get("event") == "error" else last, text)


SURFACES = {
    "rest": Surface("api", "/v1/stories", stream=False),
    "events": Surface("api", "/v1/stories", stream=True),
    "callable": Surface("generate_story", "/", stream=False),
    "callable stream": Surface("stream_story", "/", stream=True),
}


def _ended(body: Any, whole: str) -> Seen:
    """An error is a problem, or what a callable has under `error`, with the problem as details
    unless it is the SDK's own."""
    fault = body.get("error", body)
    problem = fault.get("details", fault)
    code = problem.get("code", problem.get("status"))
    return Seen(code, json.dumps(fault), whole) if code else Seen("OK", "", whole)


def _fields(frame: str) -> dict[str, str]:
    lines = [line.partition(": ") for line in frame.splitlines() if not line.startswith(":")]
    return {name: value for name, _, value in lines}


# The database


def kept(client: firestore.Client, *, own: bool) -> Iterator[tuple[str, str]]:
    """Every document, by its path, as text. `own`: of users' stories the story and whose it is,
    too."""
    waiting = list(client.collections())
    while waiting:
        collection = waiting.pop()
        hidden = () if own or collection.id != "stories" else ("story", "owner")
        for document in collection.list_documents():
            data = document.get().to_dict() or {}
            shown = {name: value for name, value in data.items() if name not in hidden}
            yield document.path, repr(shown)
            if len(document.path.split("/")) <= 4 or collection.id == "rollouts":
                waiting += document.collections()
