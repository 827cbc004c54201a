"""What a route says of itself costs nothing before somebody asks for it."""

from __future__ import annotations

import subprocess
import sys

from functions.description import described, header, limit


def test_a_view_carries_its_description() -> None:
    @described("Look", answers={200: "functions.registry.answers:HealthAnswer"})
    def view() -> int:
        return 1

    assert view() == 1
    assert vars(view)["description"].summary == "Look"
    assert vars(view)["description"].shapes == ["functions.registry.answers:HealthAnswer"]


def test_a_plain_schema_is_no_shape_to_make_one_of() -> None:
    assert described("Look", answers={200: {"type": "object"}}).shapes == []


def test_parameters() -> None:
    assert limit(20, 500).schema == {
        "type": "integer",
        "minimum": 1,
        "maximum": 500,
        "default": 20,
    }
    assert (limit(1, 2).place, header("Idempotency-Key", "x").place) == ("query", "header")


def test_describing_imports_no_pydantic() -> None:
    source = (
        "import functions.openapi, functions.web, sys; "
        "print([each for each in sys.modules if each.startswith('pydantic')])"
    )
    told = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert told.stdout.strip() == "[]", told.stderr
