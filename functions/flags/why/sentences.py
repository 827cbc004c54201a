"""What a condition met with, in plain English. Pure: nothing is decided here.

A fact reads the same whether the condition wanted it or not: `plan is "free", not "pro"`. It says
what was asked for and what there was; whether that is well is said beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from functions.flags.logic.coercion import truthy
from functions.flags.logic.versions import parse_version
from functions.flags.why.values import (
    as_json,
    attribute,
    listed,
    operation,
    shown,
)
from functions.flags.why.words import (
    Comparison,
    ValueOf,
    comparison,
    expression,
    is_attribute,
    subject_words,
    value_words,
)

PROSE = (
    "the ",
    "it ",
    "its ",
    "all of ",
    "not all of ",
    "one of ",
    "none of ",
    "there is ",
    "in the segment ",
    "fewer than ",
    "at least ",
)
"""What clauses begin with that don't begin with the name of an attribute."""


def sentence(said: str) -> str:
    """A clause as a sentence. The name of an attribute stays as it is written."""
    return f"{said[0].upper() if said.startswith(PROSE) else said[0]}{said[1:]}."


def fact(rule: Any, value: Any, value_of: ValueOf) -> str:
    """What a condition without conditions of its own met with; `value` is what it gave."""
    name, arguments = operation(rule)
    if not name:
        return _constant(value)
    compared = comparison(name, arguments, value_of)
    if compared and name == "sem_ver" and parse_version(str(value_of(compared.subject))) is None:
        return _no_version(compared.subject, value_of)
    if compared:
        return _met_with(compared, truthy(value) != compared.negated, value_of)
    own = FACTS.get(name)
    if own:
        return own(arguments, value, value_of)
    if isinstance(value, bool):
        return f"{as_json(rule)} gives {shown(value)}"
    return f"{expression(rule)} is {_counting(value)}"


def _constant(value: Any) -> str:
    if isinstance(value, bool):
        return "it always holds" if value else "it never holds"
    return f"{shown(value)} counts as {'true' if truthy(value) else 'false'}"


def _no_version(subject: Any, value_of: ValueOf) -> str:
    given = value_of(subject)
    if given is None and is_attribute(subject):
        return f"{expression(subject)} is not given"
    return f"{expression(subject)} is {shown(given)}, which is no version"


def _met_with(compared: Comparison, does: bool, value_of: ValueOf) -> str:
    """`does`: the subject does what the predicate says."""
    subject, predicate = compared.subject, compared.predicate
    name, given = subject_words(subject), value_of(subject)
    if given is None and is_attribute(subject):
        if predicate.rest == "null" and does:
            return f"{name} is not given"
        if compared.numeric:
            return f"{name} is not given and counts as 0, {'' if does else 'not '}{predicate.rest}"
        if does:
            return f"{name} is not given, which {predicate.does}"
        return f"{name} is not given, so it {predicate.does_not}"
    what = value_words(subject, given, value_of)
    if predicate.bare and does:
        equal = "" if shown(given) == predicate.rest else f", which equals {predicate.rest}"
        return f"{name} is {what}{equal}"
    if predicate.bare and isinstance(given, (list, dict)):
        return f"{name} is {what}, and a list or an object equals only itself"
    if predicate.verb != "be":
        return f"{name} is {what}, which {predicate.does if does else predicate.does_not}"
    if not does:
        return f"{name} is {what}, not {predicate.rest}"
    return f"{name} is {what}, {predicate.rest}"


def _counting(value: Any) -> str:
    return shown(value) if isinstance(value, bool) else f"{shown(value)}, which {_counts(value)}"


def _counts(value: Any) -> str:
    return f"counts as {'true' if truthy(value) else 'false'}"


def _attribute_fact(arguments: Sequence[Any], value: Any, value_of: ValueOf) -> str:
    rule = {"var": list(arguments)}
    if value is None:
        return f"{expression(rule)} is not given"
    what = value_words(rule, value, value_of)
    counting = "" if isinstance(value, bool) else f", which {_counts(value)}"
    return f"{expression(rule)} is {what}{counting}"


def _missing_fact(arguments: Sequence[Any], value: Any, value_of: ValueOf) -> str:
    keys = [value_of(each) for each in arguments]
    keys = keys[0] if keys and isinstance(keys[0], list) else keys
    named = [attribute(key) for key in (value or keys)]
    if not named:
        return "it asks for nothing"
    return f"{listed(named)} {'is' if len(named) == 1 else 'are'} {'not ' if value else ''}given"


def _missing_some_fact(arguments: Sequence[Any], value: Any, value_of: ValueOf) -> str:
    needed, keys = [*(value_of(each) for each in arguments), None, None][:2]
    names = (
        listed([attribute(key) for key in keys]) if isinstance(keys, list) and keys else "nothing"
    )
    return f"{'fewer than' if value else 'at least'} {shown(needed)} of {names} are given"


FACTS: Mapping[str, Callable[[Sequence[Any], Any, ValueOf], str]] = {
    "var": _attribute_fact,
    "missing": _missing_fact,
    "missing_some": _missing_some_fact,
}


def is_negated(rule: Any) -> bool:
    """Whether a rule holds when what `fact` says of it is not so."""
    compared = comparison(*operation(rule), None)
    return compared is not None and compared.negated


def failed(rule: Any, error: Exception) -> str:
    """Why a rule could not be followed."""
    name, arguments = operation(rule)
    if name == "$ref":
        return f"there is no segment {shown(arguments[0] if arguments else None)}"
    if isinstance(error, ZeroDivisionError):
        return f"{subject_words(rule)} divides by zero"
    text = str(error)
    if text.startswith("There is no operator"):
        return f"there is no operator {shown(name)}"
    return f"{as_json(rule)} can't be computed ({type(error).__name__})"
