"""A set of flags in flagd's JSON, compiled once into closures and then evaluated in memory.

`compile_flags` accepts whatever flagd accepts; what Palier lets in when a flag is written is
stricter (flag.py). A flag that is broken answers ERROR, with PARSE_ERROR, and spoils no other.
Outcomes are built when compiling and shared: an evaluation allocates its scope and nothing else.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from functions.flags.evaluation import (
    DEFAULT,
    DISABLED,
    FLAG_NOT_FOUND,
    GENERAL,
    PARSE_ERROR,
    STATIC,
    TARGETING_MATCH,
    Evaluation,
    Metadata,
    failure,
    kind_of,
    typed,
)
from functions.flags.logic.jsonlogic import Compiler, RuleError
from functions.flags.logic.node import Rule
from functions.flags.logic.references import ReferenceLoop

Context = Mapping[str, Any]


class DocumentError(ValueError):
    """A document that is no set of flags at all."""


class CompiledFlag(NamedTuple):
    """`fixed` answers for a flag without rules; else `rule` names the variant.

    A `plain` rule reads attributes by their names only, so the context itself is its scope. All
    variants that it may choose are of the type `serves`, if they are of one.
    """

    fixed: Evaluation | None
    plain: bool
    rule: Rule
    matched: Mapping[str, Evaluation]
    fallback: Evaluation
    metadata: Metadata
    serves: str | None = None


class Evaluator:
    """Evaluates compiled flags. Immutable, pure but for the clock handed in, free of locks."""

    def __init__(
        self, flags: Mapping[str, CompiledFlag], metadata: Metadata, now: Callable[[], float]
    ) -> None:
        self._flags = flags
        self._now = now
        self.metadata = metadata

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._flags)

    def evaluate(
        self, key: str, context: Context | None = None, expected_type: str | None = None
    ) -> Evaluation:
        """The outcome of one flag. Raises nothing: errors are outcomes with a code.

        `context` holds the attributes and `targetingKey`; `expected_type` is boolean, string,
        integer, float, number or object.
        """
        flag = self._flags.get(key)
        if flag is None:
            return failure(FLAG_NOT_FOUND, f"There is no flag {key!r}.", self.metadata)
        evaluation = flag.fixed
        if evaluation is None:
            if flag.plain and type(context) is dict:
                evaluation = _follow(flag, context)
            else:
                added = {"flagKey": key, "timestamp": int(self._now())}
                evaluation = _follow(flag, {**_scope(context), "$flagd": added})
        if expected_type is None or expected_type == flag.serves:
            return evaluation
        return typed(evaluation, expected_type)

    def evaluate_all(self, context: Context | None = None) -> dict[str, Evaluation]:
        """The outcome of every flag, by key."""
        return self.evaluate_many(self._flags, context)

    def evaluate_many(self, keys: Any, context: Context | None = None) -> dict[str, Evaluation]:
        """The outcomes of the flags named, in their order; those that don't exist are left out."""
        scope = {**_scope(context)}
        now = int(self._now())
        outcomes: dict[str, Evaluation] = {}
        for key in keys:
            flag = self._flags.get(key)
            if flag is None:
                continue
            if flag.fixed is not None:
                outcomes[key] = flag.fixed
                continue
            if not flag.plain:
                scope["$flagd"] = {"flagKey": key, "timestamp": now}
            outcomes[key] = _follow(flag, scope)
        return outcomes


def compile_flags(
    document: Mapping[str, Any] | str, *, now: Callable[[], float] = time.time
) -> Evaluator:
    """The evaluator of a set of flags. `now` gives the seconds for `$flagd.timestamp`.

    Raises DocumentError when the document is no set of flags.
    """
    data = _parsed(document) if isinstance(document, str) else document
    flags = _object(data, "flags")
    metadata = _object(data, "metadata")
    evaluators = _object(data, "$evaluators")
    _require_metadata(metadata)
    shared = dict(metadata)
    compiler = Compiler(evaluators)
    with _no_collection():
        compiled = {key: _compile(key, flag, compiler, shared) for key, flag in flags.items()}
    return Evaluator(compiled, shared, now)


@contextmanager
def _no_collection() -> Iterator[None]:
    """What is built within lives on: looking through it for garbage as it grows doubles the time.

    Another thread that does the same at once may find the collector off, and leaves it to us.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"The flags can't be read as JSON: {error}") from error


def _scope(context: Context | None) -> Context:
    """What rules see: the attributes and always a targeting key, if only null."""
    if context and "targetingKey" in context:
        return context
    return {"targetingKey": None, **(context or {})}


def _follow(flag: CompiledFlag, scope: dict[str, Any]) -> Evaluation:
    """The outcome that the flag's rule leads to."""
    try:
        variant = flag.rule(scope)
        if type(variant) is not str:
            if variant is None:
                return flag.fallback
            variant = str(variant).lower() if isinstance(variant, bool) else str(variant)
    except RuleError as error:
        return failure(PARSE_ERROR, str(error), flag.metadata)
    except Exception as error:  # a rule's fault is its flag's answer, whatever it is
        return failure(GENERAL, f"A rule failed: {type(error).__name__}.", flag.metadata)
    evaluation = flag.matched.get(variant)
    if evaluation is None:
        return failure(GENERAL, f"The rules chose {variant[:40]!r}: no variant.", flag.metadata)
    return evaluation


def _compile(key: str, data: Any, compiler: Compiler, shared: Metadata) -> CompiledFlag:
    try:
        return _compile_sound(key, data, compiler, _metadata(data, shared))
    except (DocumentError, ReferenceLoop) as error:
        return _fixed(failure(PARSE_ERROR, str(error), shared))
    except RecursionError:
        return _fixed(failure(PARSE_ERROR, "The rules are nested too deeply.", shared))


def _compile_sound(
    key: str, data: Mapping[str, Any], compiler: Compiler, metadata: Metadata
) -> CompiledFlag:
    if data.get("state") not in ("ENABLED", "DISABLED"):
        raise DocumentError('`state` must be "ENABLED" or "DISABLED".')
    variants = data.get("variants")
    if not isinstance(variants, dict) or not variants:
        raise DocumentError("`variants` must be an object with at least one variant.")
    default = _default_name(data.get("defaultVariant"))
    if data["state"] == "DISABLED":
        return _fixed(Evaluation(None, None, DISABLED, None, metadata))
    targeting = data.get("targeting")
    if not targeting:
        return _fixed(_default(default, variants, STATIC, metadata))
    if not isinstance(targeting, dict):
        raise DocumentError("`targeting` must be an object.")
    matched = {
        name: Evaluation(value, name, TARGETING_MATCH, None, metadata)
        for name, value in variants.items()
        if name and value is not None
    }
    rule, plain = compiler.rule(targeting, key)
    kinds = {kind_of(each.value) for each in matched.values()}
    return CompiledFlag(
        fixed=None,
        plain=plain,
        rule=rule,
        matched=matched,
        fallback=_default(default, variants, DEFAULT, metadata),
        metadata=metadata,
        serves=kinds.pop() if len(kinds) == 1 else None,
    )


def _fixed(evaluation: Evaluation) -> CompiledFlag:
    return CompiledFlag(evaluation, True, lambda _data: None, {}, evaluation, evaluation.metadata)


def _default_name(value: Any) -> str | None:
    """The name of the default variant; None leaves the choice to the caller's code."""
    if isinstance(value, bool):
        return str(value).lower()
    if value and not isinstance(value, str):
        raise DocumentError("`defaultVariant` must be the name of a variant, or null.")
    return value or None


def _default(
    name: str | None, variants: Mapping[str, Any], reason: str, metadata: Metadata
) -> Evaluation:
    if name is None:
        return Evaluation(None, None, DEFAULT, None, metadata)
    if name not in variants:
        return failure(GENERAL, f"The default variant {name!r} is no variant.", metadata)
    return Evaluation(variants[name], name, reason, None, metadata)


def _metadata(data: Any, shared: Metadata) -> Metadata:
    if not isinstance(data, dict):
        raise DocumentError("A flag must be an object.")
    own = data.get("metadata") or {}
    if not isinstance(own, dict):
        raise DocumentError("`metadata` must be an object.")
    _require_metadata(own)
    return {**shared, **own} if own else shared


def _require_metadata(metadata: Mapping[str, Any]) -> None:
    for key, value in metadata.items():
        if not key or not isinstance(value, (str, int, float)):
            raise DocumentError(f"The metadata {key!r} must be a string, a number or a boolean.")


def _object(document: Any, name: str) -> Mapping[str, Any]:
    value = document.get(name) if isinstance(document, Mapping) else None
    if value is None and isinstance(document, Mapping):
        return {}
    if not isinstance(value, dict):
        raise DocumentError(f"`{name}` must be an object.")
    return value
