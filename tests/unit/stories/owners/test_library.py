"""Where a list goes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.documents import Document
from functions.errors import InvalidArgument
from functions.published import timestamp
from functions.stories.owners.library import cursor_of, place_of

ID = "0123456789abcdef" * 2


@given(st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1_000))
def test_a_cursor_is_the_place_of_its_story(seconds: float) -> None:
    """To the millisecond, which stories are claimed to."""
    at = timestamp(seconds)
    document = Document(f"stories/{ID}", {"created_at": at}, None)
    assert place_of(cursor_of(document)) == (at, ID)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        ID,
        f"-{ID}",
        f"-1-{ID}",
        f"1.5-{ID}",
        f"{'9' * 18}-{ID}",
        f"١٢٣-{ID}",
        f"1-{ID}0",
        f"1-{ID.upper()}",
        f"1-{ID}\n",
        "1-../x",
    ],
)
def test_what_is_none(cursor: str) -> None:
    with pytest.raises(InvalidArgument, match="`after`"):
        place_of(cursor)


def test_the_latest_that_is_well_formed() -> None:
    """A cursor that somebody made up is a place like any other."""
    assert place_of(f"{'9' * 17}-{ID}")[0].year > 5000
