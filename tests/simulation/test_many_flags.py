"""As many flags as an environment may have: published, loaded, evaluated."""

from __future__ import annotations

import pytest

from benchmarks.loading import stored_part
from functions.documents import Scope
from functions.flags.content import Content, assemble
from functions.published import MAXIMUM_PART_BYTES, Pointer, decode_part

SCOPE = Scope("main", "testing")


def now() -> float:
    return 1_800_000_000.0


def load(count: int, previous: Content | None = None, digest: str = "one") -> Content:
    body, _ = stored_part(count)
    assert len(body) < MAXIMUM_PART_BYTES
    held = {digest: decode_part({"body": body})}
    return assemble(SCOPE, Pointer(1, {"flags": digest}), held, previous, now)


@pytest.mark.parametrize("count", [5_000, 10_000])
def test_many_flags_work(count: int) -> None:
    snapshot = load(count).snapshot
    assert len(snapshot.evaluator.keys) == count
    assert 0 < len(snapshot.client_keys) < count
    for user in range(3):
        context = {"targetingKey": f"user-{user}", "country": "FR", "email": "m@example.com"}
        outcomes = snapshot.evaluator.evaluate_all(context)
        assert len(outcomes) == count
        assert not any(each.error_code for each in outcomes.values())
        assert {each.variant for each in outcomes.values()} == {"control", "candidate", "special"}
        for key in snapshot.evaluator.keys[:: count // 100]:
            assert snapshot.evaluator.evaluate(key, context) == outcomes[key]


def test_what_has_not_changed_is_not_compiled_again() -> None:
    first = load(1_000)
    again = assemble(SCOPE, Pointer(2, {"flags": "one"}), first.parts, first, now)
    assert again.snapshot.evaluator is first.snapshot.evaluator
