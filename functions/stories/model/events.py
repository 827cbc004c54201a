"""Reading a streamed answer of the Responses API, as it comes. Pure: bytes in, text and an end out.

A stream promises nothing either: it may be cut off without a word, carry an error, end `failed` or
`incomplete`, hold a refusal, or be no stream at all. Only `response.completed` is a good end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from functions.stories.model import answer, failure
from functions.stories.model.answer import Answer, Read

TERMINAL = frozenset({"response.completed", "response.failed", "response.incomplete"})
MAXIMUM_BYTES = 1_000_000
"""Of the story's text, and of one event."""


class EventStream:
    """`feed` it what comes, ask for its `end` when nothing more does."""

    def __init__(self, request_id: str | None = None) -> None:
        self._request_id = request_id
        self._rest = bytearray()
        self._text: list[str] = []
        self._end: Read | None = None
        self._refused = False
        self.received = 0
        """Bytes of the story's text so far."""

    @property
    def text(self) -> str:
        """The story's text so far."""
        return "".join(self._text)

    @property
    def ended(self) -> bool:
        """Whether nothing that follows can matter."""
        return self._end is not None

    def feed(self, chunk: bytes) -> str:
        """What the chunk adds to the text."""
        self._rest += chunk
        added = "".join(self._lines()) if b"\n" in chunk else ""
        if added:
            self._text.append(added)
            self.received += len(added.encode("utf-8", "surrogatepass"))
        if max(len(self._rest), self.received) > MAXIMUM_BYTES and not self.ended:
            self._end = Read(failure.broken("OpenAI's answer is too large.", self._request_id))
        return added

    def end(self) -> Read:
        """How it ended, once nothing more comes."""
        if self._end is not None and isinstance(self._end.result, Answer):
            return self._end._replace(result=replace(self._end.result, streamed=self.text))
        if self._end is not None:
            return self._end
        if self._refused:
            return Read(failure.refused("The model refused to write this story.", self._request_id))
        return Read(failure.broken("OpenAI cut off its answer.", self._request_id))

    def _lines(self) -> Iterator[str]:
        *lines, rest = self._rest.split(b"\n")
        self._rest = bytearray(rest)
        for line in lines:
            yield from self._line(bytes(line))

    def _line(self, line: bytes) -> Iterator[str]:
        line = line.removesuffix(b"\r")
        if self.ended or not line.startswith(b"data:"):
            return
        data = line[len(b"data:") :].strip()
        if data == b"[DONE]":
            return
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            self._end = Read(failure.broken("OpenAI's stream isn't JSON.", self._request_id))
            return
        if isinstance(event, dict):
            yield from self._event(event)

    def _event(self, event: Mapping[str, Any]) -> Iterator[str]:
        kind = event.get("type")
        if kind == "response.output_text.delta":
            delta = event.get("delta")
            if isinstance(delta, str):
                yield delta
        elif kind == "response.refusal.delta":
            self._refused = True
        elif kind == "error":
            self._end = Read(failure.of_failed(_error(event), self._request_id))
        elif kind in TERMINAL:
            response = event.get("response")
            content = response if isinstance(response, dict) else {}
            self._end = answer.read_response(content, self._request_id)


def _error(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The error of an `error` event: its fields stand in the event itself, or below `error`."""
    error = event.get("error")
    return error if isinstance(error, dict) else event
