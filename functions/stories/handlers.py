"""The code half of a version: how a request becomes a call to the model, and an answer a draft.

A version names its handler, so two versions may differ in code. A handler, once released, keeps its
behaviour; another behaviour is another name here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions.stories.prompt import Prompt
from functions.stories.request import WORDS, StoryRequest
from functions.stories.story import Draft, read_draft
from functions.stories.versions import Parameters, StoryVersion


@dataclass(frozen=True)
class ModelCall:
    """One call to a model, in no vendor's shape.

    `instructions` are ours; `data` is a JSON text with all that the user wrote, and nothing else
    carries any of it. `user` is a keyed hash of the user. `cache_key` groups calls that begin with
    the same instructions.
    """

    model: str
    instructions: str
    data: str
    schema_name: str
    schema: Mapping[str, Any]
    parameters: Parameters
    user: str
    cache_key: str


class Handler(Protocol):
    """Pure: it sees values only, and the adapter does the calling."""

    def compose(
        self, version: StoryVersion, prompt: Prompt, request: StoryRequest, user: str
    ) -> ModelCall: ...

    def read(self, text: str) -> Draft:
        """Raises NotAStory."""
        ...


class OneCall:
    """The whole story in one structured answer."""

    SCHEMA: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "paragraphs": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["title", "paragraphs"],
        "additionalProperties": False,
    }

    def compose(
        self, version: StoryVersion, prompt: Prompt, request: StoryRequest, user: str
    ) -> ModelCall:
        data = {
            "theme": request.theme,
            "hero": request.hero,
            "tone": request.tone,
            "age_band": request.age_band,
            "language": request.language,
            "words": WORDS[request.length],
        }
        return ModelCall(
            model=version.model,
            instructions=prompt.text,
            data=json.dumps(data, ensure_ascii=False),
            schema_name="story",
            schema=self.SCHEMA,
            parameters=version.parameters,
            user=user,
            cache_key=f"stories-{version.content_hash[:16]}",
        )

    def read(self, text: str) -> Draft:
        return read_draft(text)


HANDLERS: Mapping[str, Handler] = {"one-call-1": OneCall()}
