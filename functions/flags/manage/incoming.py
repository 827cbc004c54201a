"""What a document that is imported says: the flags and segments in it, and all that is wrong with
its form, each with its JSON path. What is wrong with a rule is found where the plan is made.

    flagd's    {"flags": {KEY: definition}, "$evaluators": {KEY: rule}, "metadata": {…}}
    Palier's   {"palier": 1, "flags": {KEY: content}, "segments": {KEY: content}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from functions.errors import InvalidArgument
from functions.flags.evaluation import describe
from functions.flags.export import FORM, FORM_VERSION
from functions.flags.manage.bodies import FlagContent, SegmentContent
from functions.flags.transfer import (
    EVALUATORS,
    MAXIMUM_ITEMS,
    Content,
    Locate,
    Problem,
    Wanted,
    in_flagd,
    in_lossless,
)
from functions.flags.validation import KEY, at, references

FLAGD_FIELDS = ("$schema", "flags", "$evaluators", "metadata")
LOSSLESS_FIELDS = (FORM, "flags", "segments")
CORRECT = "Correct it and send the document again."


def read(document: Mapping[str, Any]) -> tuple[Wanted, Locate]:
    """What is to be brought, and how paths of it are told.

    Raises InvalidArgument when the document holds too much for one request.
    """
    if FORM in document:
        return _lossless(document), in_lossless
    return _flagd(document), in_flagd


def _flagd(document: Mapping[str, Any]) -> Wanted:
    problems = list(_unknown(document, FLAGD_FIELDS))
    flags = _members(document, "flags", problems)
    evaluators = _members(document, "$evaluators", problems)
    shared = _members(document, "metadata", problems)
    problems += _unfit(evaluators)
    problems += _misplaced(flags, evaluators)
    return Wanted(
        flags={key: {"definition": _with_metadata(flag, shared)} for key, flag in flags.items()},
        segments={key: {"rule": rule} for key, rule in evaluators.items() if KEY.fullmatch(key)},
        problems=problems,
    )


def _lossless(document: Mapping[str, Any]) -> Wanted:
    problems = list(_unknown(document, LOSSLESS_FIELDS))
    if document[FORM] != FORM_VERSION:
        found = f"expected {FORM_VERSION}, found another version"
        problems.append(Problem(at("$", FORM), found, "Import it where it was exported."))
    flags = _members(document, "flags", problems)
    segments = _members(document, "segments", problems)
    return Wanted(
        flags=_contents(FlagContent, "$.flags", flags, problems),
        segments=_contents(SegmentContent, "$.segments", segments, problems),
        problems=problems,
    )


def _unknown(document: Mapping[str, Any], fields: tuple[str, ...]) -> Iterator[Problem]:
    for name in document:
        if name not in fields:
            known = ", ".join(fields)
            yield Problem(at("$", name), f"There is no such field, only {known}.", "Leave it out.")


def _members(document: Mapping[str, Any], name: str, problems: list[Problem]) -> Mapping[str, Any]:
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        found = f"expected an object by key, found {describe(value)}."
        problems.append(Problem(at("$", name), found, 'Write {"KEY": …} for each.'))
        return {}
    if len(value) > MAXIMUM_ITEMS:
        raise InvalidArgument(
            f"{at('$', name)}: {len(value):,} in one request; {MAXIMUM_ITEMS} are allowed.",
            remedy="Send them in several requests; what others refer to first.",
            extra={"path": at("$", name)},
        )
    return value


def _with_metadata(flag: Any, shared: Mapping[str, Any]) -> Any:
    """The metadata of the set is every flag's, where it has none of that name itself."""
    own = flag.get("metadata") if isinstance(flag, dict) else None
    if not shared or not isinstance(flag, dict) or not isinstance(own, (dict, type(None))):
        return flag
    return {**flag, "metadata": {**shared, **(own or {})}}


def _unfit(evaluators: Mapping[str, Any]) -> Iterator[Problem]:
    for name in evaluators:
        if not KEY.fullmatch(name):
            yield Problem(
                at(EVALUATORS, name),
                "An evaluator becomes a segment, whose key has 1 to 100 letters, digits, dots, "
                "dashes and underscores, and begins with a letter or a digit.",
                "Rename it, also in the rules that refer to it.",
            )


def _misplaced(flags: Mapping[str, Any], evaluators: Mapping[str, Any]) -> Iterator[Problem]:
    """Some of flagd's implementations put evaluators into values, too."""
    for key, flag in flags.items():
        for part in ("variants", "metadata"):
            value = flag.get(part) if isinstance(flag, dict) else None
            for path, name in references(value, at(at("$.flags", key), part)):
                if name in evaluators:
                    yield Problem(
                        path,
                        f"The evaluator {name} is put into rules, not into values.",
                        "Write the value out.",
                    )


def _contents(
    model: type[FlagContent] | type[SegmentContent],
    path: str,
    items: Mapping[str, Any],
    problems: list[Problem],
) -> dict[str, Content]:
    contents: dict[str, Content] = {}
    for key, item in items.items():
        try:
            contents[key] = model.model_validate(item).given()
        except ValidationError as error:
            problems += _invalid(error, at(path, key))
    return contents


def _invalid(error: ValidationError, path: str) -> Iterator[Problem]:
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        here = path
        for step in item["loc"]:
            here = at(here, step)
        yield Problem(here, item["msg"], CORRECT)
