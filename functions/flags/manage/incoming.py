"""What a document that is imported says: the flags and segments in it, and all that is wrong with
its form, each with its JSON path. What is wrong with a rule is found where the plan is made.

    flagd's    {"flags": {KEY: definition}, "$evaluators": {KEY: rule}, "metadata": {…}}
    Palier's   {"palier": 1, "flags": {KEY: content}, "segments": {KEY: content}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
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
from functions.flags.validation import KEY, MAXIMUM_NAME, REFERENCE, at

FLAGD_FIELDS = ("$schema", "flags", "$evaluators", "metadata")
LOSSLESS_FIELDS = (FORM, "flags", "segments")
CORRECT = "Correct it and send the document again."
MANY_PROBLEMS = 50
"""Of one flag or segment, or of one kind: more are counted, or left out."""
LONGEST_NAME = 100
"""Of a field that nobody knows: its name is the caller's own text."""


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
    problems += islice(_misplaced(flags, evaluators), MANY_PROBLEMS)
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
    known = f"There is no such field, only {', '.join(fields)}."
    unknown = (name for name in document if name not in fields)
    for name in islice(unknown, MANY_PROBLEMS):
        yield Problem(at("$", name[:LONGEST_NAME]), known, "Leave it out.")


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
        values = flag.get("variants") if isinstance(flag, dict) else None
        if not isinstance(values, dict) or not KEY.fullmatch(key):
            continue
        for variant, value in values.items():
            if len(variant) <= MAXIMUM_NAME and _refers(value, evaluators):
                yield Problem(
                    at(at(at("$.flags", key), "variants"), variant),
                    "An evaluator is put into rules here, and never into values.",
                    "Write the value out.",
                )


def _refers(value: Any, evaluators: Mapping[str, Any]) -> bool:
    """Whether a reference to one of the evaluators stands anywhere in a value."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            name = each.get(REFERENCE)
            if len(each) == 1 and isinstance(name, str) and name in evaluators:
                return True
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
    return False


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
    count = error.error_count()
    if count > MANY_PROBLEMS:
        yield Problem(path, f"It is not as expected, in {count:,} places.", CORRECT)
        return
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        here = path
        for step in item["loc"]:
            here = at(here, step[:LONGEST_NAME] if isinstance(step, str) else step)
        yield Problem(here, item["msg"], CORRECT)
