"""What a route says of itself, in words that `openapi.py` makes a description of.

    @routes.post("/v1/things")
    @described("Create a thing", body=NewThing, answers={201: ThingAnswer}, errors=(AlreadyExists,))
    def create() -> Any: ...

The shapes are pydantic models. Nothing is made of them before somebody asks for `/openapi.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from functions.errors import PalierError

if TYPE_CHECKING:
    from pydantic import BaseModel

    Shape = type[BaseModel] | str | Mapping[str, Any]

View = TypeVar("View", bound=Callable[..., Any])
Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}

ID_TOKEN: Schema = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "The Firebase ID token of a person.",
}

API_KEY: Schema = {"type": "http", "scheme": "bearer", "description": "An API key."}
API_KEY_HEADER: Schema = {
    "type": "apiKey",
    "in": "header",
    "name": "X-API-Key",
    "description": "An API key.",
}


class Parameter(NamedTuple):
    """One in the query, or in the header when `place` says so. `schema` is JSON Schema's."""

    name: str
    summary: str
    schema: Schema = TEXT
    place: str = "query"
    required: bool = False


AFTER = Parameter("after", "The key to go on after.")


@dataclass(frozen=True, slots=True)
class Description:
    """What a route says of itself; put on it as a decorator, by the name of `described`.

    body      the model of the JSON body
    answers   the model of each status that is no error
    query     parameters of its own, in the query or in headers
    path      a pattern, or a schema, for variables of the path
    errors    the errors that are its own; those of all routes of the function are added
    public    open to everybody
    scoped    about what the query names, and for those who may there
    security  the security schemes, any of which will do; empty: the function's
    events    what is told as server-sent events (status 200) to those who ask for them; "": nothing

    A shape may be named as `module:Class`: it is imported when asked for. It may also be a schema.
    """

    summary: str
    body: Shape | None = None
    answers: Mapping[int, Shape] = field(default_factory=dict)
    query: Iterable[Parameter] = ()
    path: Mapping[str, str | Schema] = field(default_factory=dict)
    errors: Iterable[type[PalierError]] = ()
    public: bool = False
    scoped: bool = True
    security: Iterable[str] = ()
    events: str = ""
    detail: str = ""

    def __call__(self, view: View) -> View:
        view.description = self  # type: ignore[attr-defined]
        return view

    @property
    def shapes(self) -> list[Any]:
        """Those that a schema is to be made of."""
        return [
            shape
            for shape in (self.body, *self.answers.values())
            if shape is not None and not isinstance(shape, Mapping)
        ]


described = Description


def limit(usual: int, largest: int) -> Parameter:
    """The `?limit=` of a list."""
    schema = {"type": "integer", "minimum": 1, "maximum": largest, "default": usual}
    return Parameter("limit", "How many at most.", schema)


def number(name: str, summary: str) -> Parameter:
    return Parameter(name, summary, {"type": "integer", "minimum": 1})


def header(name: str, summary: str, schema: Schema = TEXT) -> Parameter:
    return Parameter(name, summary, schema, "header")


class Route(NamedTuple):
    """A route of a function as Flask has it: `/v1/things/<key>`, GET, `things.read`."""

    rule: str
    method: str
    endpoint: str
    description: Description | None


@dataclass(frozen=True)
class Surface:
    """What the routes of a function have in common.

    prefix     what Hosting puts before its paths
    schemes    security schemes by name; `security` names those that a route takes by default
    errors     of every route that isn't public
    query      parameters of every route that is scoped
    scoped     errors of every route that is scoped, besides
    changing   errors of every route that changes something, besides
    ahead      `module:function` that gives paths and schemas of what is answered before Flask
    """

    title: str
    summary: str
    version: str
    prefix: str
    schemes: Mapping[str, Schema]
    security: tuple[str, ...] = ()
    errors: tuple[type[PalierError], ...] = ()
    query: tuple[Parameter, ...] = ()
    scoped: tuple[type[PalierError], ...] = ()
    changing: tuple[type[PalierError], ...] = ()
    ahead: str = ""
