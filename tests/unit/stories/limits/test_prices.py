"""What a story costs: as told, or the most that it can have cost."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.stories.handlers import ModelCall
from functions.stories.limits import prices
from functions.stories.model import failure
from functions.stories.model.calling import Attempt
from functions.stories.model.failure import Failure
from functions.stories.story import Usage
from functions.stories.versions import Parameters

NOW = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC).timestamp()
LISTED = json.loads(prices.LIST.read_text())["prices"]
MODELS = sorted({row["model"] for row in LISTED})
ANY_MODEL = st.sampled_from([*MODELS, "gpt-nobody-knows", "gpt-4o-2024-08-06"])
TOKENS = st.integers(0, 20_000)
CALL = ModelCall(
    model="gpt-4.1",
    instructions="Tell a story.",
    data='{"theme":"la forêt"}',
    schema_name="story",
    schema={"type": "object"},
    parameters=Parameters(max_output_tokens=1_000),
    user="u",
    cache_key="k",
)
INPUT = prices.FRAME_TOKENS + len("Tell a story.") + 21 + len("story") + len('{"type":"object"}')


def at(day: str) -> float:
    return datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.UTC).timestamp()


def usage(input_tokens: int = 0, output_tokens: int = 0) -> Usage:
    return Usage(input_tokens=input_tokens, output_tokens=output_tokens)


@pytest.mark.parametrize(
    ("model", "of", "microdollars"),
    [
        pytest.param("gpt-4.1", usage(1_000_000, 0), 2_000_000, id="2 dollars a million"),
        pytest.param("gpt-4.1", usage(100, 50), 600, id="both"),
        pytest.param("gpt-4o-mini", usage(1, 0), 1, id="rounded up"),
        pytest.param("gpt-4o-mini", usage(3, 1), 2, id="rounded up once"),
        pytest.param("gpt-4o-mini", usage(), 0, id="nothing"),
        pytest.param("gpt-4o-mini-2024-07-18", usage(20, 0), 3, id="a dated snapshot"),
        pytest.param("gpt-4o-2024-05-13", usage(1, 0), 5, id="a snapshot with a price of its own"),
        pytest.param("gpt-4o-2024-08-06", usage(2, 0), 5, id="and one without"),
    ],
)
def test_what_was_billed(model: str, of: Usage, microdollars: int) -> None:
    assert prices.cost(model, of, NOW) == microdollars


@pytest.mark.parametrize(
    ("day", "microdollars"),
    [
        pytest.param("2025-01-01", 10, id="before the first"),
        pytest.param("2025-06-09", 10, id="the day before"),
        pytest.param("2025-06-10", 2, id="the day"),
        pytest.param("2030-01-01", 2, id="long after"),
    ],
)
def test_a_price_that_changed(day: str, microdollars: int) -> None:
    assert prices.cost("o3", usage(1, 0), at(day)) == microdollars


@given(ANY_MODEL, TOKENS, TOKENS)
def test_nothing_costs_more_than_an_unknown_model(model: str, sent: int, told: int) -> None:
    of = usage(sent, told)
    assert prices.cost(model, of, NOW) <= prices.cost("gpt-nobody-knows", of, NOW)


@pytest.mark.parametrize("name", ["gpt-4o-min", "ft:gpt-4o-mini:me::1", "GPT-4O", "gpt-4", ""])
def test_a_name_that_only_looks_like_one_is_unknown(name: str) -> None:
    assert prices.price_of(name, NOW) == prices.price_of("gpt-nobody-knows", NOW)


def test_the_list() -> None:
    """Every price is dated, above 0, and told once."""
    seen = set()
    for row in LISTED:
        assert set(row) == {"model", "since", "input", "output", "reasons"}
        datetime.date.fromisoformat(row["since"])
        assert 0 < row["input"] <= row["output"] < 1_000
        assert (row["model"], row["since"]) not in seen
        seen.add((row["model"], row["since"]))
    source = json.loads(prices.LIST.read_text())["source"]
    assert "as known on 20" in source


def test_cents_are_exact() -> None:
    assert prices.price_of("gpt-4o-mini", NOW).input == Decimal("0.15")


def test_the_worst_case() -> None:
    """Twice the version's own model, once the fallback."""
    once = INPUT * 2 + 1_000 * 8
    assert prices.worst_case(CALL, NOW) == 2 * once
    with_fallback = replace(CALL, fallback="gpt-4.1-mini")
    assert prices.worst_case(with_fallback, NOW) == 2 * once + -(-(INPUT * 4 + 16_000) // 10)


REFUSED = failure.of_status(500)
CUT = failure.broken("cut off")


@pytest.mark.parametrize(
    ("attempt", "microdollars"),
    [
        pytest.param(Attempt("gpt-4.1", 1.0, usage(100, 50)), 600, id="told"),
        pytest.param(
            Attempt("gpt-4.1", 1.0, usage(100, 50), failure=CUT), 600, id="told of a failed one"
        ),
        pytest.param(Attempt("gpt-4.1", 1.0, None, failure=REFUSED), 0, id="an HTTP error"),
        pytest.param(
            Attempt("gpt-4.1", 1.0, None, failure=CUT), INPUT * 2 + 8_000, id="nothing told"
        ),
        pytest.param(Attempt("gpt-4.1", 1.0, None), INPUT * 2 + 8_000, id="cancelled"),
        pytest.param(
            Attempt("gpt-4.1", 1.0, None, received=10, failure=CUT), INPUT * 2 + 80, id="cut stream"
        ),
        pytest.param(
            Attempt("gpt-4.1", 1.0, None, received=9_999), INPUT * 2 + 8_000, id="long words"
        ),
        pytest.param(
            Attempt("o3", 1.0, None, received=10), INPUT * 2 + 8_000, id="may have thought unseen"
        ),
    ],
)
def test_what_an_attempt_cost(attempt: Attempt, microdollars: int) -> None:
    assert prices.settled(CALL, [attempt], NOW) == microdollars


def test_a_model_that_was_told_not_to_think() -> None:
    call = replace(CALL, parameters=Parameters(max_output_tokens=1_000, reasoning_effort="none"))
    assert prices.settled(call, [Attempt("o3", 1.0, None, received=10)], NOW) == INPUT * 2 + 80


FAILURES: st.SearchStrategy[Failure | None] = st.sampled_from([None, REFUSED, CUT])


@st.composite
def attempts(draw: st.DrawFn) -> tuple[ModelCall, list[Attempt]]:
    """What can have been sent: the model at most twice, then the fallback."""
    own, other = draw(ANY_MODEL), draw(ANY_MODEL)
    text = draw(st.text(max_size=300))
    parameters = Parameters(max_output_tokens=draw(st.integers(64, 16_000)))
    call = replace(CALL, model=own, fallback=other, data=text, parameters=parameters)
    sent = []
    for model in draw(st.sampled_from([[], [own], [own, own], [own, other], [own, own, other]])):
        billed = usage(
            draw(st.integers(0, len(text.encode()) + prices.FRAME_TOKENS)),
            draw(st.integers(0, parameters.max_output_tokens)),
        )
        told = draw(st.sampled_from([None, billed]))
        received = draw(st.integers(0, 40_000))
        sent.append(Attempt(model, 1.0, told, received, draw(FAILURES)))
    return call, sent


@settings(deadline=None)  # the first example reads the list, on a machine that may be busy
@given(attempts())
def test_what_was_reserved_covers_what_is_settled(given: tuple[ModelCall, list[Attempt]]) -> None:
    call, sent = given
    assert 0 <= prices.settled(call, sent, NOW) <= prices.worst_case(call, NOW)
