"""Every error: in the tree drawn at the head of errors.py, with its statuses and its remedy."""

from __future__ import annotations

import re

import pytest
from firebase_functions.https_fn import FunctionsErrorCode

from functions import errors
from functions.errors import ALL, OPENAI_STATUSES, OpenAIError, PalierError

ROW = re.compile(r"[├└]── (\w+)\s+([A-Z_]+)\s+(.+)")
TREE = {name: (code, statuses) for name, code, statuses in ROW.findall(errors.__doc__ or "")}


def made(kind: type[PalierError]) -> PalierError:
    return OpenAIError("what", reason="upstream") if kind is OpenAIError else kind("what")


def test_the_tree_has_every_class_and_no_other() -> None:
    assert {kind.__name__ for kind in ALL} == set(TREE)
    assert {kind.__name__ for kind in PalierError.__subclasses__()} == set(TREE)
    assert len({kind.code for kind in ALL}) == len(ALL)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_each_is_as_drawn(kind: type[PalierError]) -> None:
    code, statuses = TREE[kind.__name__]
    error = made(kind)
    assert error.code == code
    assert str(error.http_status) in re.findall(r"\d{3}", statuses)
    assert (str(error), error.detail) == ("what", "what")
    assert error.remedy.endswith(".")


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_each_has_a_status_of_the_firebase_sdks(kind: type[PalierError]) -> None:
    FunctionsErrorCode(made(kind).callable_status.lower().replace("_", "-"))


@pytest.mark.parametrize("reason", OPENAI_STATUSES)
def test_a_reason_decides_the_statuses_of_openai_errors(reason: str) -> None:
    error = OpenAIError("what", reason=reason, extra={"more": 1})
    status, callable_status, remedy = OPENAI_STATUSES[reason]
    assert (error.http_status, error.callable_status, error.remedy) == (
        status,
        callable_status,
        remedy,
    )
    assert error.extra == {"reason": reason, "more": 1}
    assert str(status) in re.findall(r"\d{3}", TREE["OpenAIError"][1])
    FunctionsErrorCode(callable_status.lower().replace("_", "-"))


def test_every_status_drawn_for_openai_errors_occurs() -> None:
    drawn = set(re.findall(r"\d{3}", TREE["OpenAIError"][1]))
    assert {str(row[0]) for row in OPENAI_STATUSES.values()} == drawn


def test_a_remedy_of_its_own_and_extra_facts() -> None:
    given = {"generation": 3}
    error = errors.GenerationConflict("moved on", remedy="Look.", extra=given)
    given["generation"] = 4
    assert (error.remedy, error.extra) == ("Look.", {"generation": 3})
