"""What Palier lets in when a flag is written: stricter than what flagd accepts, so that a mistake
shows when it is made and not when a user meets it. Every refusal names the JSON path and what was
expected there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from functions.errors import InvalidArgument
from functions.flags.evaluation import describe
from functions.flags.logic.jsonlogic import LAZY
from functions.flags.logic.notation import COUNTS
from functions.flags.logic.operators import EAGER
from functions.flags.logic.versions import COMPARISONS, parse_version
from functions.published import canonical

MAXIMUM_BYTES = 64 * 1024
MAXIMUM_DEPTH = 32
MAXIMUM_VARIANTS = 100
MAXIMUM_NAME = 100
MAXIMUM_METADATA = 50
MAXIMUM_DESCRIPTION = 1_000
MAXIMUM_USER = 256
MAXIMUM_CONTENT_BYTES = 256 * 1024
"""Of all that people write of a flag or a segment. The audit trail keeps it twice in one of
Firestore's documents, before and after a change."""

REFERENCE = "$ref"
LARGEST_INTEGER = 2**53 - 1
"""The largest whole number that every client, JavaScript included, reads exactly."""

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
FIELDS = ("state", "variants", "defaultVariant", "targeting", "metadata")
INJECTED = ("$flagd.flagKey", "$flagd.timestamp")
OPERATORS = frozenset(EAGER) | frozenset(LAZY)


def check_key(key: str) -> None:
    """Raises InvalidArgument unless the key can stand in a path and in a URL as it is."""
    if not KEY.fullmatch(key):
        raise InvalidArgument(
            "A flag's key has 1 to 100 letters, digits, dots, dashes and underscores, "
            "and begins with a letter or a digit.",
            extra={"path": "$.key"},
        )


def check_definition(definition: Any) -> None:
    """Raises InvalidArgument, with the path and what was expected, unless all is as it must be."""
    if not isinstance(definition, dict):
        refuse("$", "an object with `state` and `variants`", definition)
    _check_depth(definition)
    _check_size(definition)
    for name in definition:
        if name not in FIELDS:
            refuse(at("$", name), f"no such field, only {', '.join(FIELDS)}", definition[name])
    if definition.get("state") not in ("ENABLED", "DISABLED"):
        refuse("$.state", '"ENABLED" or "DISABLED"', definition.get("state"))
    variants = _check_variants(definition.get("variants"))
    _check_default(definition.get("defaultVariant"), variants)
    _check_metadata(definition.get("metadata"))
    targeting = definition.get("targeting")
    if targeting is not None and targeting != {}:
        if not isinstance(targeting, dict):
            refuse("$.targeting", "an object with one operator", targeting)
        _check_node(targeting, "$.targeting")
        _check_outcome(targeting, "$.targeting", variants)


def check_rule(rule: Any, path: str) -> None:
    """Raises InvalidArgument unless it is one rule that can be compiled."""
    if not isinstance(rule, dict):
        refuse(path, "an object with one operator", rule)
    _check_depth(rule)
    _check_size(rule)
    _check_node(rule, path)


def check_content(content: Mapping[str, Any]) -> None:
    """Raises InvalidArgument when a flag or a segment is too large as a whole."""
    size = len(canonical(content).encode("utf-8", "surrogatepass"))
    if size > MAXIMUM_CONTENT_BYTES:
        raise InvalidArgument(
            f"It takes {size:,} bytes; {MAXIMUM_CONTENT_BYTES:,} are allowed.",
            remedy="Name fewer users in it.",
        )


def check_users(users: Sequence[str], path: str, most: int) -> None:
    """Raises InvalidArgument unless they are targeting keys, each once, and not too many."""
    if len(users) > most:
        refuse(path, f"at most {most:,} users", len(users))
    seen: set[str] = set()
    for user in users:
        if user in seen:
            refuse(path, "each user once", user)
        if not 1 <= len(user) <= MAXIMUM_USER:
            refuse(path, f"targeting keys of 1 to {MAXIMUM_USER} characters", user)
        seen.add(user)


def references(rule: Any, path: str) -> Iterator[tuple[str, str]]:
    """The path and the name of each `{"$ref": name}` in a rule."""
    if isinstance(rule, list):
        for index, item in enumerate(rule):
            yield from references(item, at(path, index))
    elif isinstance(rule, dict):
        for name, item in rule.items():
            if name == REFERENCE and len(rule) == 1 and isinstance(item, str):
                yield path, item
            else:
                yield from references(item, at(path, name))


def at(path: str, name: str | int) -> str:
    """The path of what stands there under a name, or at a position."""
    """The JSON path one step further: `$.variants.on`, `$.if[0]`, `$.flags['a-b']`."""
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if re.fullmatch(r"[A-Za-z_]\w*", name) else f"{path}[{name!r}]"


def refuse(path: str, expected: str, found: Any) -> NoReturn:
    """Raises InvalidArgument."""
    shown = f"{describe(found)} ({found!r})" if _is_short(found) else describe(found)
    raise InvalidArgument(
        f"{path}: expected {expected}, found {shown}.", extra={"path": path, "expected": expected}
    )


def _is_short(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and len(repr(value)) <= 80


def _check_depth(definition: Mapping[str, Any]) -> None:
    """Level by level, so that depth costs no stack."""
    level: list[Any] = [definition]
    for _ in range(MAXIMUM_DEPTH * 2):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise InvalidArgument(
        f"$: the definition is nested deeper than {MAXIMUM_DEPTH} operators.", extra={"path": "$"}
    )


def _check_size(definition: Mapping[str, Any]) -> None:
    try:
        size = len(canonical(definition).encode())
    except (ValueError, TypeError) as error:
        raise InvalidArgument(
            "$: expected JSON: finite numbers and text in Unicode.", extra={"path": "$"}
        ) from error
    if size > MAXIMUM_BYTES:
        raise InvalidArgument(
            f"$: the definition takes {size:,} bytes; {MAXIMUM_BYTES:,} are allowed.",
            extra={"path": "$"},
        )


KINDS: Sequence[tuple[str, Callable[[Any], bool]]] = (
    ("booleans", lambda value: isinstance(value, bool)),
    ("strings", lambda value: isinstance(value, str)),
    ("numbers", lambda value: isinstance(value, (int, float)) and not isinstance(value, bool)),
    ("objects", lambda value: isinstance(value, dict)),
)


def _check_variants(variants: Any) -> Mapping[str, Any]:
    if not isinstance(variants, dict) or not 1 <= len(variants) <= MAXIMUM_VARIANTS:
        refuse("$.variants", f"an object of 1 to {MAXIMUM_VARIANTS} variants", variants)
    first = next(iter(variants.values()))
    kind = next(((name, holds) for name, holds in KINDS if holds(first)), None)
    for name, value in variants.items():
        path = at("$.variants", name)
        if not 1 <= len(name) <= MAXIMUM_NAME or name.splitlines() != [name]:
            refuse(path, f"a name of 1 to {MAXIMUM_NAME} characters, in one line", name)
        if kind is None:
            refuse(path, "a boolean, a string, a number or an object", value)
        if not kind[1](value):
            refuse(path, f"variants of one type, here {kind[0]}", value)
        if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            refuse(path, f"a whole number of at most {LARGEST_INTEGER}", value)
    return variants


def _check_default(name: Any, variants: Mapping[str, Any]) -> None:
    if name is not None and (not isinstance(name, str) or name not in variants):
        refuse("$.defaultVariant", "the name of a variant, or null", name)


def _check_metadata(metadata: Any) -> None:
    if metadata is None:
        return
    if not isinstance(metadata, dict) or len(metadata) > MAXIMUM_METADATA:
        refuse("$.metadata", f"an object of at most {MAXIMUM_METADATA} entries", metadata)
    for name, value in metadata.items():
        if not name or not isinstance(value, (str, int, float)):
            refuse(at("$.metadata", name), "a string, a number or a boolean", value)


def _check_node(rule: Any, path: str) -> None:
    if isinstance(rule, list):
        for index, item in enumerate(rule):
            _check_node(item, at(path, index))
    if not isinstance(rule, dict):
        return
    if len(rule) != 1:
        refuse(path, "an object with one operator", rule)
    name, arguments = next(iter(rule.items()))
    here = at(path, name)
    if name == REFERENCE:
        if not isinstance(arguments, str):
            refuse(here, "the key of a segment", arguments)
        return
    if name not in OPERATORS:
        refuse(here, "an operator that flagd knows", name)
    given = arguments if isinstance(arguments, list) else [arguments]
    check = CHECKS.get(name)
    if check:
        check(given, here)
    _check_node(arguments, here)
    _check_count(name, given, here)


def _check_count(name: str, arguments: Sequence[Any], path: str) -> None:
    least, most = COUNTS.get(name, (0, None))
    if len(arguments) < least or (most is not None and len(arguments) > most):
        bounds = f"{least}" if least == most else f"{least} to {most}"
        wanted = f"at least {least}" if most is None else bounds
        refuse(path, f"a list of {wanted}", list(arguments))


def _check_fractional(arguments: Sequence[Any], path: str) -> None:
    shorthand = bool(arguments) and isinstance(arguments[0], list)
    shares = arguments if shorthand else arguments[1:]
    if not shares:
        refuse(path, "at least one share, [variant, weight]", list(arguments))
    if not isinstance(arguments[0], (dict, list, str)):
        refuse(at(path, 0), "a share, or a value to hash: a text or a rule", arguments[0])
    for index, share in enumerate(shares, start=0 if shorthand else 1):
        here = at(path, index)
        if not isinstance(share, list) or not 1 <= len(share) <= 2:
            refuse(here, "a share: [variant] or [variant, weight]", share)
        weight = share[1] if len(share) == 2 else 1
        if isinstance(weight, dict):
            continue
        if not isinstance(weight, int) or isinstance(weight, bool) or weight < 0:
            refuse(at(here, 1), "a weight: a whole number of at least 0", weight)
    weights = [share[1] if len(share) == 2 else 1 for share in shares]
    if all(isinstance(weight, int) for weight in weights) and not 0 < sum(weights) < 2**31:
        refuse(path, "weights that add up to at least 1 and less than 2**31", sum(weights))


def _check_sem_ver(arguments: Sequence[Any], path: str) -> None:
    if len(arguments) != 3:
        refuse(path, "[version, comparison, version]", list(arguments))
    if not isinstance(arguments[1], str) or arguments[1] not in COMPARISONS:
        refuse(at(path, 1), f"one of {' '.join(COMPARISONS)}", arguments[1])
    for index in (0, 2):
        version = arguments[index]
        if not _is_var(version) and parse_version(str(version)) is None:
            refuse(at(path, index), "a semantic version, or a `var`", version)


def _is_var(rule: Any) -> bool:
    given = rule.get("var") if isinstance(rule, dict) else None
    names = given if isinstance(given, list) and given else [given]
    return isinstance(names[0], str) and not any(isinstance(each, (dict, list)) for each in names)


def _check_affix(arguments: Sequence[Any], path: str) -> None:
    if len(arguments) != 2:
        refuse(path, "[text, text]", list(arguments))
    for index, value in enumerate(arguments):
        if not isinstance(value, (str, dict)):
            refuse(at(path, index), "a text", value)


def _check_var(arguments: Sequence[Any], path: str) -> None:
    if not 1 <= len(arguments) <= 2:
        refuse(path, "a name, or [name, default]", list(arguments))
    if not isinstance(arguments[0], (str, int, dict)) or isinstance(arguments[0], bool):
        refuse(at(path, 0), "the name of an attribute", arguments[0])
    if str(arguments[0]).startswith("$flagd.") and arguments[0] not in INJECTED:
        refuse(at(path, 0), " or ".join(INJECTED), arguments[0])


def _check_missing(arguments: Sequence[Any], path: str) -> None:
    for index, name in enumerate(arguments):
        if not isinstance(name, str):
            refuse(at(path, index), "the name of an attribute", name)


def _check_missing_some(arguments: Sequence[Any], path: str) -> None:
    if [type(each) for each in arguments] != [int, list]:
        refuse(path, "[number, [names]]", list(arguments))
    _check_missing(arguments[1], at(path, 1))


CHECKS: Mapping[str, Callable[[Sequence[Any], str], None]] = {
    "fractional": _check_fractional,
    "sem_ver": _check_sem_ver,
    "starts_with": _check_affix,
    "ends_with": _check_affix,
    "var": _check_var,
    "missing": _check_missing,
    "missing_some": _check_missing_some,
}


def _check_outcome(rule: Any, path: str, variants: Mapping[str, Any]) -> None:
    """A variant that is named where a rule ends must exist."""
    if isinstance(rule, (str, bool, int, float)):
        name = str(rule).lower() if isinstance(rule, bool) else rule
        if name not in variants:
            refuse(path, f"the name of a variant ({', '.join(variants)})", rule)
    if not isinstance(rule, dict):
        return
    name, arguments = next(iter(rule.items()))
    if not isinstance(arguments, list):
        return
    here = at(path, name)
    if name in ("if", "?:"):
        ends = [*range(1, len(arguments), 2), *([len(arguments) - 1] if len(arguments) % 2 else [])]
        for index in ends:
            _check_outcome(arguments[index], at(here, index), variants)
    if name == "fractional":
        for index, share in enumerate(arguments):
            if isinstance(share, list):
                _check_outcome(share[0], at(at(here, index), 0), variants)
