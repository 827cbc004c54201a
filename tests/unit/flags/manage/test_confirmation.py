"""A token stands for one basis and for no other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.errors import GenerationConflict
from functions.flags.manage.confirmation import LENGTH, require, token

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(JSON, JSON)
def test_one_token_for_one_basis(one: Any, other: Any) -> None:
    alike = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (token(one) == token(other)) == alike
    assert len(token(one)) == LENGTH
    require(token(one), one)


@pytest.mark.parametrize("given_token", ["", "é", "0" * LENGTH], ids=["none", "text", "another"])
def test_another_token_is_refused(given_token: str) -> None:
    with pytest.raises(GenerationConflict, match="nothing was done"):
        require(given_token, {"flags": {"f": 3}})
