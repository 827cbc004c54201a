"""What a rule says by itself, in plain English: its expressions and conditions. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from functions.flags.logic.operators import BOOLEAN
from functions.flags.why.values import (
    LONGEST_RULE,
    TIME,
    as_json,
    attribute,
    listed,
    operation,
    shown,
    time_words,
)

MOST_WORDS = 3
"""Operators within each other that are put into words; what lies deeper is shown as JSON."""

ValueOf = Callable[[Any], Any]
"""What a part of a rule gives."""


class Predicate(NamedTuple):
    """`is at least 18`, `contains "x"`: a verb in its base form, and what follows it.

    `bare`: that is a value, and nothing else.
    """

    verb: str
    rest: str
    bare: bool = False

    @property
    def does(self) -> str:
        return f"{VERBS.get(self.verb, self.verb)} {self.rest}"

    @property
    def does_not(self) -> str:
        return f"is not {self.rest}" if self.verb == "be" else f"does not {self.verb} {self.rest}"


class Comparison(NamedTuple):
    """What a comparison asks of its subject, a part of the rule.

    `negated`: it holds when the predicate doesn't. `numeric`: what is missing counts as 0.
    """

    subject: Any
    predicate: Predicate
    negated: bool = False
    numeric: bool = False


VERBS = {
    "be": "is",
    "contain": "contains",
    "start with": "starts with",
    "end with": "ends with",
    "have": "has",
}


def value_words(rule: Any, value: Any, value_of: ValueOf) -> str:
    """The value of an attribute, as a time where it is one."""
    name, arguments = operation(rule)
    if name != "var" or not arguments:
        return shown(value)
    if arguments[0] == TIME:
        return time_words(value)
    default = len(arguments) > 1 and value_of({"var": arguments[0]}) is None
    return f"{shown(value)} by default" if default else shown(value)


def subject_words(rule: Any) -> str:
    """What a sentence is about."""
    words = expression(rule)
    return words[1:-1] if operation(rule)[0] in INFIX and words.startswith("(") else words


def is_attribute(rule: Any) -> bool:
    return operation(rule)[0] == "var"


# Comparisons

INFIX = ("+", "-", "*", "/")

ORDERS = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least"}
TIMES = {"<": "before", "<=": "at or before", ">": "after", ">=": "at or after"}
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
EQUALITIES = {"==": False, "!=": True, "===": False, "!==": True}
VERSIONS = {
    "=": "the same version as {}",
    "<": "earlier than version {}",
    "<=": "version {} or earlier",
    ">": "later than version {}",
    ">=": "version {} or later",
    "^": "of the same major version as {}",
    "~": "of the same major and minor version as {}",
}
QUANTITIES = {
    "all": ("only items for which", False),
    "some": ("an item for which", False),
    "none": ("an item for which", True),
}


def comparison(name: str, arguments: Sequence[Any], value_of: ValueOf | None) -> Comparison | None:
    """None for what is no comparison, or one without a subject that could have another value."""
    parse = COMPARISONS.get(name)
    return parse(name, arguments, value_of) if parse else None


def _equality(name: str, arguments: Sequence[Any], value_of: ValueOf | None) -> Comparison | None:
    if len(arguments) != 2:
        return None
    subject, other = arguments if not _is_constant(arguments[0]) else reversed(arguments)
    if _is_constant(subject):
        return None
    words, bare = _operand(other, subject, value_of), _is_constant(other)
    predicate = Predicate("be", words if bare else f"the same as {words}", bare)
    return Comparison(subject, predicate, EQUALITIES[name])


def _order(name: str, arguments: Sequence[Any], value_of: ValueOf | None) -> Comparison | None:
    if len(arguments) == 3:
        return _between(name, arguments, value_of)
    if len(arguments) != 2:
        return None
    subject, other = arguments
    if _is_constant(subject):
        subject, other, name = other, subject, FLIPPED[name]
    if _is_constant(subject):
        return None
    words = TIMES if _is_time(subject) else ORDERS
    predicate = Predicate("be", f"{words[name]} {_operand(other, subject, value_of)}")
    return Comparison(subject, predicate, numeric=isinstance(other, (int, float)))


def _between(name: str, arguments: Sequence[Any], value_of: ValueOf | None) -> Comparison | None:
    low, subject, high = arguments if name in ("<", "<=") else reversed(arguments)
    if _is_constant(subject) or arguments[2] is None or not _is_constant(arguments[2]):
        return None
    ends = f"{_operand(low, subject, value_of)} and {_operand(high, subject, value_of)}"
    excluded = " (both excluded)" if name in ("<", ">") else ""
    numeric = isinstance(low, (int, float)) and isinstance(high, (int, float))
    return Comparison(subject, Predicate("be", f"between {ends}{excluded}"), numeric=numeric)


def _membership(
    _name: str, arguments: Sequence[Any], value_of: ValueOf | None
) -> Comparison | None:
    if len(arguments) != 2:
        return None
    needle, haystack = arguments
    if _is_constant(needle):
        if _is_constant(haystack):
            return None
        return Comparison(haystack, Predicate("contain", shown(needle)))
    if isinstance(haystack, list) and _is_constant(haystack):
        words = [shown(each) for each in haystack]
        return Comparison(needle, Predicate("be", _one_of(words), len(words) == 1))
    return Comparison(needle, Predicate("be", f"in {_operand(haystack, needle, value_of)}"))


def _one_of(words: Sequence[str]) -> str:
    if not words:
        return "in an empty list"
    return words[0] if len(words) == 1 else f"one of {listed(words)}"


def _affix(name: str, arguments: Sequence[Any], value_of: ValueOf | None) -> Comparison | None:
    if len(arguments) != 2 or _is_constant(arguments[0]):
        return None
    subject, other = arguments
    return Comparison(
        subject, Predicate(name.replace("s_", " ", 1), _operand(other, subject, value_of))
    )


def _version(_name: str, arguments: Sequence[Any], value_of: ValueOf | None) -> Comparison | None:
    if len(arguments) != 3 or _is_constant(arguments[0]) or not isinstance(arguments[1], str):
        return None
    negated = arguments[1] == "!="
    subject, words = arguments[0], VERSIONS.get("=" if negated else arguments[1])
    if words is None:
        return None
    limit = _operand(arguments[2], subject, value_of)
    return Comparison(subject, Predicate("be", words.format(limit.strip('"'))), negated)


def _quantity(name: str, arguments: Sequence[Any], _value_of: ValueOf | None) -> Comparison | None:
    if len(arguments) != 2 or _is_constant(arguments[0]):
        return None
    words, negated = QUANTITIES[name]
    return Comparison(arguments[0], Predicate("have", f"{words} {clause(arguments[1])}"), negated)


COMPARISONS: Mapping[str, Callable[[str, Sequence[Any], ValueOf | None], Comparison | None]] = {
    **dict.fromkeys(EQUALITIES, _equality),
    **dict.fromkeys(ORDERS, _order),
    **dict.fromkeys(QUANTITIES, _quantity),
    "in": _membership,
    "starts_with": _affix,
    "ends_with": _affix,
    "sem_ver": _version,
}


def _is_constant(rule: Any) -> bool:
    if isinstance(rule, list):
        return all(map(_is_constant, rule))
    return not operation(rule)[0]


def _is_time(rule: Any) -> bool:
    return operation(rule) == ("var", [TIME])


def _operand(rule: Any, subject: Any, value_of: ValueOf | None) -> str:
    """What a subject is compared with; what is not written in the rule, with its value."""
    if _is_constant(rule):
        return time_words(rule) if _is_time(subject) else shown(rule)
    words = expression(rule)
    if value_of is None:
        return words
    value = value_of(rule)
    if isinstance(rule, list):
        return shown(value)
    missing = value is None and is_attribute(rule)
    return f"{words} ({'not given' if missing else value_words(rule, value, value_of)})"


# Words for a rule alone, without what it met with


def clause(rule: Any, depth: int = MOST_WORDS) -> str:
    """What a rule asks for, when it is a condition."""
    name, arguments = operation(rule)
    if not name:
        return f"{shown(rule)} holds"
    compared = comparison(name, arguments, None)
    if compared:
        predicate = compared.predicate
        does = predicate.does_not if compared.negated else predicate.does
        return f"{expression(compared.subject, depth)} {does}"
    if depth and name in ("and", "or") and arguments:
        return f" {name} ".join(clause(each, depth - 1) for each in arguments)
    if depth and name == "!" and len(arguments) == 1:
        return f"not ({clause(arguments[0], depth - 1)})"
    if name == "$ref":
        return f"the user belongs to the segment {shown(arguments[0])}"
    return f"{expression(rule, depth)} is true"


def expression(rule: Any, depth: int = MOST_WORDS) -> str:
    """A rule as a thing that has a value. What has no words, or too many, is shown as JSON."""
    name, arguments = operation(rule)
    if not name:
        return shown(rule)
    words = WORDS.get(name)
    told = words(arguments, depth - 1) if words and depth else None
    if told is None and depth and (name in BOOLEAN or name in COMPARISONS):
        told = f"whether {clause(rule, depth - 1)}"
    return told if told and len(told) <= LONGEST_RULE else as_json(rule)


def _words_of(arguments: Sequence[Any], depth: int) -> list[str]:
    return [expression(each, depth) for each in arguments]


def _attribute(arguments: Sequence[Any], _depth: int) -> str | None:
    if not arguments:
        return "the context"
    name = arguments[0]
    if name in ("", None):
        return "it"
    return attribute(name) if isinstance(name, str) else None


def _infix(sign: str) -> Callable[[Sequence[Any], int], str | None]:
    def words(arguments: Sequence[Any], depth: int) -> str | None:
        return f"({f' {sign} '.join(_words_of(arguments, depth))})" if len(arguments) > 1 else None

    return words


def _of(words: str) -> Callable[[Sequence[Any], int], str | None]:
    """Words with the arguments listed after them."""

    def told(arguments: Sequence[Any], depth: int) -> str | None:
        return f"{words} {listed(_words_of(arguments, depth))}" if arguments else None

    return told


def _remainder(arguments: Sequence[Any], depth: int) -> str | None:
    if len(arguments) != 2:
        return None
    divided, by = _words_of(arguments, depth)
    return f"the remainder of {divided} / {by}"


def _substring(arguments: Sequence[Any], depth: int) -> str | None:
    if len(arguments) not in (2, 3) or not all(type(each) is int for each in arguments[1:]):
        return None
    text, start = expression(arguments[0], depth), arguments[1]
    if len(arguments) == 2:
        if start < 0:
            return f"the last {-start} characters of {text}"
        return f"{text} from character {start + 1} on"
    length = arguments[2]
    if start or length < 0:
        return None
    return f"the first {length} characters of {text}"


def _choice(arguments: Sequence[Any], depth: int) -> str | None:
    if len(arguments) != 3:
        return None
    condition, then, otherwise = arguments
    return (
        f"({expression(then, depth)} if {clause(condition, depth)}, "
        f"otherwise {expression(otherwise, depth)})"
    )


def _over_items(words: str, tell: Callable[[Any, int], str]) -> Any:
    def told(arguments: Sequence[Any], depth: int) -> str | None:
        if len(arguments) < 2:
            return None
        return words.format(expression(arguments[0], depth), tell(arguments[1], depth))

    return told


WORDS: Mapping[str, Callable[[Sequence[Any], int], str | None]] = {
    "var": _attribute,
    **{sign: _infix(sign) for sign in INFIX},
    "%": _remainder,
    "min": _of("the smallest of"),
    "max": _of("the largest of"),
    "cat": _of("the joined text of"),
    "merge": _of("the joined list of"),
    "missing": _of("what is missing of"),
    "substr": _substring,
    "log": lambda arguments, depth: expression(arguments[0], depth) if arguments else None,
    "if": _choice,
    "?:": _choice,
    "filter": _over_items("the items of {} for which {}", clause),
    "map": _over_items("{1} of each item of {0}", expression),
    "reduce": _over_items("the items of {}, summed up by {}", lambda rule, _: as_json(rule)),
    "fractional": lambda _arguments, _depth: "a split of the users",
    "$ref": lambda arguments, _depth: f"the segment {shown(arguments[0])}" if arguments else None,
}
