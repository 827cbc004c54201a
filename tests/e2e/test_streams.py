"""Stories told while they are written, to the official Firebase JavaScript SDK."""

from __future__ import annotations

from typing import Any

import pytest

from local import aimock, client, seed
from tests.e2e.clients import driven
from tests.e2e.world import STABLE, WISH, World, until

SLOW, CUT = "1.1.7", "1.1.8"
EMAIL, PASSWORD = "manager@example.com", "only-in-this-test"
SLOW_MILLISECONDS = 3000.0


@pytest.fixture(scope="module")
def manager(world: World) -> client.Person:
    """Somebody who may look at versions that nobody else gets: a slow one, and one that is cut."""
    person = client.sign_up(world.http, world.stack.auth_url, EMAIL, PASSWORD)
    url = f"{world.admin.url}/v1/members/{person.uid}"
    body = {"role": "team_manager", "environments": ["production"], "reason": "a test"}
    granted = world.ask("PUT", url, world.administrator.token, json=body)
    assert granted.status_code == 200, granted.text
    seed.create_version(world.admin, SLOW, aimock.SLOW_MODEL)
    seed.create_version(world.admin, CUT, aimock.CUT_MODEL)
    return person


@pytest.fixture(scope="module")
def told(world: World, manager: client.Person) -> dict[str, Any]:
    suite = world.stack.suite
    until(lambda: world.call("stream_story", {**WISH, "version": CUT}, manager).is_success, 20, 0.5)
    given = {
        "functions": suite.ports.functions,
        "auth": suite.ports.auth,
        "project": suite.project,
        "email": EMAIL,
        "password": PASSWORD,
        "slow": SLOW,
        "cut": CUT,
    }
    return driven("streams.mjs", given)


def pieces(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(piece["kind"], piece["text"]) for piece in told["pieces"]]


def of_story(story: dict[str, Any]) -> list[tuple[str, str]]:
    """The pieces that a whole story consists of, in their order."""
    found = [("title", story["title"])]
    titles = {chapter["first"]: chapter["title"] for chapter in story["chapters"]}
    for index, paragraph in enumerate(story["paragraphs"]):
        if index in titles:
            found.append(("chapter", titles[index]))
        found.append(("paragraph", paragraph))
    return found


def test_the_pieces_are_the_story(told: dict[str, Any]) -> None:
    whole = told["whole"]
    story = whole["result"]["story"]
    assert pieces(whole) == of_story(story)
    assert [kind for kind, _ in pieces(whole)].count("chapter") == 3
    assert story["provenance"]["version"] == STABLE
    assert (whole["result"]["stored"], whole["result"]["replayed"]) == (True, False)
    assert "error" not in whole


def test_the_same_key_tells_the_same_story(told: dict[str, Any]) -> None:
    again = told["again"]
    assert pieces(again) == pieces(told["whole"])
    assert again["result"]["replayed"]
    assert again["result"]["id"] == told["whole"]["result"]["id"]


def test_in_french(told: dict[str, Any]) -> None:
    french = told["french"]
    assert french["result"]["story"]["language"] == "fr"
    assert pieces(french) == of_story(french["result"]["story"])


def test_pieces_come_while_the_rest_is_written(told: dict[str, Any]) -> None:
    slow = told["slow"]
    assert pieces(slow) == of_story(slow["result"]["story"])
    first, *_, last = [piece["at"] for piece in slow["pieces"]]
    assert slow["at"] >= SLOW_MILLISECONDS * 0.6
    assert first < slow["at"] / 2
    assert last - first > SLOW_MILLISECONDS / 4, "one after the other, not all at once"


def test_without_a_stream_it_answers_whole(told: dict[str, Any]) -> None:
    assert told["unanswered"]["story"]["title"]


@pytest.mark.parametrize(
    ("which", "status", "code", "message"),
    [
        ("signedOut", "unauthenticated", "UNAUTHENTICATED", "Please sign in again."),
        ("signedOutInFrench", "unauthenticated", "UNAUTHENTICATED", "Veuillez vous reconnecter."),
        ("invalid", "invalid-argument", "INVALID_ARGUMENT", "Something in this request is not"),
        ("invalidInFrench", "invalid-argument", "INVALID_ARGUMENT", "Cette demande contient une"),
        ("unsuitable", "invalid-argument", "OPENAI_ERROR", "No story can be written about this."),
        ("pinnedByAnybody", "permission-denied", "PERMISSION_DENIED", "You don't have access"),
    ],
)
def test_an_error_before_the_first_piece(
    told: dict[str, Any], which: str, status: str, code: str, message: str
) -> None:
    refused = told[which]
    assert refused["pieces"] == []
    _is_error(refused, status, code, message)


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("cut", "The story could not be written."),
        ("cutInFrench", "L'histoire n'a pas pu être écrite."),
    ],
)
def test_an_error_in_the_middle(told: dict[str, Any], which: str, message: str) -> None:
    broken = told[which]
    assert [kind for kind, _ in pieces(broken)][:2] == ["title", "paragraph"]
    details = _is_error(broken, "unavailable", "OPENAI_ERROR", message)
    assert details["reason"] == "upstream"
    assert details["version"] == f"{CUT}+pinned"


def _is_error(told: dict[str, Any], status: str, code: str, message: str) -> dict[str, Any]:
    """The stream and the result end with the same FirebaseError."""
    assert "result" not in told
    error: dict[str, Any] = told["error"]
    assert error == told["streamError"]
    assert (error["name"], error["code"]) == ("FirebaseError", f"functions/{status}")
    assert error["details"]["code"] == code
    assert error["details"]["message"].startswith(message)
    assert error["details"]["message"] in error["message"]
    assert error["details"]["request_id"]
    details: dict[str, Any] = error["details"]
    return details


def test_who_leaves_is_told_no_more(told: dict[str, Any]) -> None:
    left = told["left"]
    assert len(left["pieces"]) == 2
    assert left["error"]["code"] == "functions/cancelled"
    assert "result" not in left
