"""What a story costs at the model's, by a dated price list (`prices.json`). Pure.

Money is in whole microdollars, rounded up: a dollar per million tokens is a microdollar a token.
What the API did not tell is charged at a bound that it can't exceed: a token of text is at least a
byte, and an answer has at most `max_output_tokens`. Discounts (cached input) are left out.
"""

from __future__ import annotations

import datetime
import functools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from functions.published import canonical
from functions.stories.handlers import ModelCall
from functions.stories.model.calling import Attempt
from functions.stories.story import Usage

LIST = Path(__file__).with_name("prices.json")
SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")
"""How the name of a model's dated snapshot ends."""

FRAME_TOKENS = 200
"""What the API puts around instructions, schema and message, at most."""

CALLS = 2
"""Of the version's own model: the first and one retry. The fallback is called once."""

FIRST_ERROR_STATUS = 400


@dataclass(frozen=True)
class Price:
    """In microdollars a token. `reasons`: the model may write tokens that it bills and hides."""

    input: Decimal
    output: Decimal
    reasons: bool


def cost(model: str, usage: Usage, at: float) -> int:
    """What these tokens cost at a time (epoch seconds). A model that the list doesn't know costs as
    much as the dearest."""
    price = price_of(model, at)
    return math.ceil(usage.input_tokens * price.input + usage.output_tokens * price.output)


def worst_case(call: ModelCall, at: float) -> int:
    """The most that a call can cost: its model asked twice, and its fallback once."""
    own = CALLS * _bound(call, call.model, at)
    return own + (_bound(call, call.fallback, at) if call.fallback else 0)


def settled(call: ModelCall, attempts: Sequence[Attempt], at: float) -> int:
    """What the calls that were sent cost: as the API told, else the most that it can have been."""
    return sum(_attempted(call, attempt, at) for attempt in attempts)


def price_of(model: str, at: float) -> Price:
    """The last price that had begun by then; before the first one, the first."""
    known = _prices()
    dated = known.get(model) or known.get(SNAPSHOT.sub("", model))
    if dated is None:
        return _dearest(at)
    day = datetime.datetime.fromtimestamp(at, datetime.UTC).date().isoformat()
    begun = [price for since, price in dated if since <= day]
    return begun[-1] if begun else dated[0][1]


def _attempted(call: ModelCall, attempt: Attempt, at: float) -> int:
    if attempt.usage is not None:
        return cost(attempt.model, attempt.usage, at)
    status = attempt.failure.status if attempt.failure else None
    if status is not None and status >= FIRST_ERROR_STATUS:
        return 0
    if attempt.received and not _hides_tokens(call, attempt.model, at):
        return _bound(call, attempt.model, at, attempt.received)
    return _bound(call, attempt.model, at)


def _hides_tokens(call: ModelCall, model: str, at: float) -> bool:
    return price_of(model, at).reasons and call.parameters.reasoning_effort != "none"


def _bound(call: ModelCall, model: str, at: float, written: int | None = None) -> int:
    """The most that one call of a model costs; `written` are the bytes that are known to be all
    it wrote."""
    limit = call.parameters.max_output_tokens
    tokens = limit if written is None else min(limit, written)
    return cost(model, Usage(input_tokens=_input_bound(call), output_tokens=tokens), at)


def _input_bound(call: ModelCall) -> int:
    texts = (call.instructions, call.data, call.schema_name, canonical(call.schema))
    return FRAME_TOKENS + sum(len(text.encode()) for text in texts)


@functools.cache
def _prices() -> Mapping[str, tuple[tuple[str, Price], ...]]:
    """By model: the prices with the day that each began (ISO), in order."""
    listed = json.loads(LIST.read_text(encoding="utf-8"), parse_float=Decimal)["prices"]
    found: dict[str, list[tuple[str, Price]]] = {}
    for row in listed:
        price = Price(Decimal(row["input"]), Decimal(row["output"]), row["reasons"])
        found.setdefault(row["model"], []).append((row["since"], price))
    return {model: tuple(sorted(dated, key=lambda one: one[0])) for model, dated in found.items()}


def _dearest(at: float) -> Price:
    current = [price_of(model, at) for model in _prices()]
    return Price(max(one.input for one in current), max(one.output for one in current), True)
