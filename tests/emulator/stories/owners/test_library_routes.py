"""One's own stories over REST: who may, what is refused, what is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from functions import web
from functions.clock import ManualClock
from functions.documents import Store
from functions.errors import Unauthenticated
from functions.identity import Actor
from functions.stories.owners.library import Library
from functions.stories.owners.library_routes import blueprint
from tests.emulator.stories.kept import NOW, SCOPE, Votes, keep, left

A_STORY = "/v1/stories/" + "a" * 32
ROUTES = [
    ("GET", "/v1/stories"),
    ("GET", "/v1/stories/export"),
    ("GET", A_STORY),
    ("POST", f"{A_STORY}/rating"),
    ("DELETE", A_STORY),
    ("DELETE", "/v1/stories"),
]
OF_ONE = [(method, path) for method, path in ROUTES if A_STORY in path]


def _person(authorization: str | None) -> Actor:
    if not authorization:
        raise Unauthenticated("No ID token was sent.")
    return Actor.person(authorization.removeprefix("Bearer "))


class Reader:
    """A client of the routes, by the names of those who are signed in."""

    def __init__(self, store: Store) -> None:
        self.votes = Votes()
        library = Library(store, ManualClock(NOW + 60))
        routes = blueprint(lambda: library, lambda: self.votes, SCOPE, _person)
        self.client: Client = web.make_app("library-tests", "/api", [routes]).test_client()

    def ask(self, method: str, path: str, who: str | None = "u1", **sent: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {who}"} if who else {}
        if method == "POST":
            sent = sent or {"json": {"stars": 4}}
        return self.client.open(path, method=method, headers=headers, **sent)


@pytest.fixture
def reader(store: Store) -> Reader:
    return Reader(store)


def code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nobody_gets_401(store: Store, reader: Reader, method: str, path: str) -> None:
    keep(store, "key-1")
    assert code(reader.ask(method, path, who=None)) == (401, "UNAUTHENTICATED")
    assert len(left(store)) == 1


@pytest.mark.parametrize(("method", "path"), OF_ONE)
def test_other_peoples_stories_are_not_there(
    store: Store, reader: Reader, method: str, path: str
) -> None:
    """What somebody else gets to read is what they would of a story that nobody made."""
    theirs = keep(store, "key-1", "u2")
    found = reader.ask(method, path.replace("a" * 32, theirs))
    nothing = reader.ask(method, path)
    assert code(found) == code(nothing) == (404, "NOT_FOUND")
    assert found.get_json()["detail"] == nothing.get_json()["detail"]
    assert left(store) == {theirs}
    assert reader.votes.notes == []


@pytest.mark.parametrize(("method", "path"), OF_ONE)
@pytest.mark.parametrize(
    "name", ["a" * 31, "A" * 32, "..", "__id__", "%2e%2e", "a%2Fb", "%00", "%ED%A0%80", "x" * 3000]
)
def test_ids_that_are_none(reader: Reader, method: str, path: str, name: str) -> None:
    assert code(reader.ask(method, path.replace("a" * 32, name))) == (404, "NOT_FOUND")


def test_a_path_that_names_no_story_deletes_nothing(store: Store, reader: Reader) -> None:
    story = keep(store, "key-1")
    for path in ("/v1/stories/", "/v1/stories//", "/v1/stories/export", "/v1/stories/undefined"):
        assert code(reader.ask("DELETE", path))[0] in (404, 405)
    assert left(store) == {story}


def test_read_rated_exported_deleted(store: Store, reader: Reader) -> None:
    story = keep(store, "key-1")
    path = f"/v1/stories/{story}"
    read = reader.ask("GET", path).get_json()
    assert (read["id"], read["created_at"], read["rating"]) == (story, NOW, None)
    rated = reader.ask("POST", f"{path}/rating")
    given = {"stars": 4, "rated_at": NOW + 60}
    assert (rated.status_code, rated.get_json()) == (200, {"id": story, **given})
    assert reader.ask("POST", f"{path}/rating").get_json() == rated.get_json()
    assert code(reader.ask("POST", f"{path}/rating", json={"stars": 1})) == (409, "ALREADY_EXISTS")
    assert len(reader.votes.notes) == 1
    assert reader.ask("GET", path).get_json() == {**read, "rating": given}
    exported = reader.ask("GET", "/v1/stories/export").get_json()
    assert [each["rating"] for each in exported["stories"]] == [given]
    deleted = reader.ask("DELETE", path)
    assert (deleted.status_code, deleted.get_json()) == (200, {"id": story})
    assert code(reader.ask("DELETE", path)) == (404, "NOT_FOUND")
    assert code(reader.ask("GET", path)) == (404, "NOT_FOUND")


def test_pages_over_http(store: Store, reader: Reader) -> None:
    ids = [keep(store, f"key-{n}", at=NOW + n) for n in range(5)]
    for address, expected in (
        ("/v1/stories", ids[::-1]),
        ("/v1/stories/export", sorted(ids)),
    ):
        page = reader.ask("GET", f"{address}?limit=2").get_json()
        found = page["stories"]
        while page["next"]:
            page = reader.ask("GET", f"{address}?limit=2&after={page['next']}").get_json()
            found += page["stories"]
        assert [story["id"] for story in found] == expected


def test_all_of_ones_own_go(store: Store, reader: Reader) -> None:
    theirs = keep(store, "key-1", "u2")
    for state in ("running", "failed", "finished"):
        keep(store, f"key-{state}", state=state)
    gone = reader.ask("DELETE", "/v1/stories")
    assert (gone.status_code, gone.get_json()) == (200, {"stories": 3, "complete": True})
    assert reader.ask("DELETE", "/v1/stories").get_json() == {"stories": 0, "complete": True}
    assert left(store) == {theirs}


def test_what_is_being_written_can_not_be_deleted_by_itself(store: Store, reader: Reader) -> None:
    story = keep(store, "key-1", state="running")
    for method, path in OF_ONE:
        answer = reader.ask(method, path.replace("a" * 32, story))
        assert code(answer) == (409, "IN_PROGRESS"), (method, path)
    assert left(store) == {story}


@pytest.mark.parametrize(
    "query",
    [f"limit={limit}" for limit in ("0", "101", "-1", "x", "²", "9" * 5000, "")]
    + [f"after={after}" for after in ("", "x", "%00", "-1", "9" * 5000, "__x__", "a%2Fb")],
)
@pytest.mark.parametrize("path", ["/v1/stories", "/v1/stories/export"])
def test_pages_that_are_none(reader: Reader, path: str, query: str) -> None:
    assert code(reader.ask("GET", f"{path}?{query}")) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param({"json": {"stars": 0}}, (400, "INVALID_ARGUMENT"), id="too few"),
        pytest.param({"json": {"stars": 6}}, (400, "INVALID_ARGUMENT"), id="too many"),
        pytest.param({"json": {"stars": "4"}}, (400, "INVALID_ARGUMENT"), id="a text"),
        pytest.param({"json": {"stars": True}}, (400, "INVALID_ARGUMENT"), id="a truth"),
        pytest.param({"json": {}}, (400, "INVALID_ARGUMENT"), id="none"),
        pytest.param({"json": {"stars": 4, "x": 1}}, (400, "INVALID_ARGUMENT"), id="unknown"),
        pytest.param({"json": [4]}, (400, "INVALID_ARGUMENT"), id="a list"),
        pytest.param({"data": b'{"stars": 4}'}, (400, "INVALID_ARGUMENT"), id="not JSON"),
        pytest.param(
            {"data": b'{"stars": 4', "content_type": "application/json"},
            (400, "INVALID_ARGUMENT"),
            id="cut",
        ),
        pytest.param(
            {"data": b'{"stars": 4, "stars": 5}', "content_type": "application/json"},
            (400, "INVALID_ARGUMENT"),
            id="two votes",
        ),
        pytest.param(
            {"data": json.dumps({"stars": 4, "x": "x" * 2000}), "content_type": "application/json"},
            (413, "PAYLOAD_TOO_LARGE"),
            id="huge",
        ),
    ],
)
def test_bodies_that_are_no_vote(
    store: Store, reader: Reader, sent: dict[str, Any], expected: tuple[int, str]
) -> None:
    story = keep(store, "key-1")
    assert code(reader.ask("POST", f"/v1/stories/{story}/rating", **sent)) == expected
    assert reader.votes.notes == []
    assert reader.ask("GET", f"/v1/stories/{story}").get_json()["rating"] is None
