"""What people are told of flags that have become stale."""

from __future__ import annotations

from functions.alerts.rule import SEVERITIES
from functions.alerts.stale import NAMED, of_stale_flags
from functions.flags.flag import Flag
from functions.flags.stale import Kind, Reason, Stale


def stale(key: str, owner: str = "", *kinds: Kind) -> Stale:
    reasons = tuple(Reason(kind, 1.0, "…") for kind in kinds or (Kind.ENDED,))
    return Stale(Flag(key, {}, owner=owner), reasons)


def test_one() -> None:
    message = of_stale_flags([stale("f", "books", Kind.ENDED, Kind.UNUSED)], 3, "")
    assert message.texts["en"].title == "The flag f is stale"
    assert message.texts["en"].text.startswith("f (books: ended, unused). What to do: ")
    french = message.texts["fr"]
    assert french.title == "Le drapeau f est périmé"
    assert french.text.startswith("f (books: échu, inutilisé). Que faire : ")
    assert message.severity == SEVERITIES[-1]
    assert message.facts == {"new": 1, "known": 3, "ended": 1, "settled": 0, "unused": 1}


def test_many_are_one_message() -> None:
    message = of_stale_flags([stale(f"f{n}") for n in range(50)], 0, "")
    assert message.texts["en"].title == "50 flags have become stale"
    assert message.texts["en"].text.count("(ended)") == NAMED
    assert "f9 (ended) and 40 more." in message.texts["en"].text


def test_one_more_and_two_more() -> None:
    for count, english, french in ((1, "and 1 more.", "et 1 autre."), (2, "2 more.", "2 autres.")):
        texts = of_stale_flags([stale(f"f{n}") for n in range(NAMED + count)], 0, "").texts
        assert english in texts["en"].text
        assert french in texts["fr"].text
    texts = of_stale_flags([stale(f"f{n}") for n in range(NAMED)], 0, "").texts
    assert "autre" not in texts["fr"].text


def test_the_same_event_never_makes_two() -> None:
    two = [stale("a"), stale("b")]
    message = of_stale_flags(two, 0, "monday")
    assert of_stale_flags(two[::-1], 5, "monday").id == message.id
    assert of_stale_flags(two, 0, "tuesday").id != message.id
    assert of_stale_flags(two[:1], 0, "monday").id != message.id
