"""A document of flags in parts that one request takes. Pure.

Each part holds all that its flags and segments refer to, so that it can be planned, and imported,
by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

MAXIMUM_ITEMS = 500
WRITTEN_BYTES = (2_800_000, 900_000, 300_000)
"""What one commit of the bundle may take, and what to try where that was too much: nobody knows
from here how large that is which is to be changed."""

TIMES_WRITTEN = 4
"""As itself, as its revision, and before and after in the audit trail."""

AROUND_BYTES = 1_700
"""What is written around one flag or segment."""

OWN_FORM = "palier"
Node = tuple[str, str]
"""The field of the document, and the key in it."""


def parts(
    document: Mapping[str, Any], written_bytes: int = WRITTEN_BYTES[0]
) -> list[Mapping[str, Any]]:
    """The document itself where it is small enough, or not as it must be: the bundle says why."""
    fields = ("segments" if OWN_FORM in document else "$evaluators", "flags")
    contents = {name: document.get(name) or {} for name in fields}
    if not all(isinstance(content, dict) for content in contents.values()):
        return [document]
    nodes = {(name, key): content for name in fields for key, content in contents[name].items()}
    if _fits(len(contents["flags"]), len(contents[fields[0]]), _size(document), written_bytes):
        return [document]
    around = {name: value for name, value in document.items() if name not in fields}
    needs = {node: [*_needs(node, content, fields, nodes)] for node, content in nodes.items()}
    return [
        {**around, **{name: _chosen(nodes, chosen, name) for name in fields}}
        for chosen in _groups(nodes, needs, _size(around), written_bytes)
    ]


def _groups(
    nodes: Mapping[Node, Any],
    needs: Mapping[Node, list[Node]],
    around: int,
    written_bytes: int,
) -> Iterator[set[Node]]:
    sizes = {node: len(node[1]) + 8 + _size(content) for node, content in nodes.items()}
    chosen: set[Node] = set()
    done: set[Node] = set()
    for node in _in_order(needs):
        if node in done:
            continue
        added = _with_needs(node, needs)
        if chosen and not _hold(chosen | added, sizes, around, written_bytes):
            yield chosen
            chosen = set()
        chosen |= added
        done |= added
    if chosen:
        yield chosen


def _hold(chosen: set[Node], sizes: Mapping[Node, int], around: int, written_bytes: int) -> bool:
    flags = sum(name == "flags" for name, _ in chosen)
    size = around + sum(sizes[node] for node in chosen)
    return _fits(flags, len(chosen) - flags, size, written_bytes)


def _fits(flags: int, segments: int, size: int, written_bytes: int) -> bool:
    written = TIMES_WRITTEN * size + AROUND_BYTES * (flags + segments)
    return max(flags, segments) <= MAXIMUM_ITEMS and written <= written_bytes


def _in_order(needs: Mapping[Node, list[Node]]) -> list[Node]:
    """What is needed first. Circles are the bundle's to refuse."""
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError:
        return list(needs)


def _with_needs(node: Node, needs: Mapping[Node, list[Node]]) -> set[Node]:
    found: set[Node] = set()
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += needs[each]
    return found


def _needs(
    node: Node, content: Any, fields: tuple[str, str], nodes: Mapping[Node, Any]
) -> Iterator[Node]:
    """What a flag or segment refers to, as far as it is in the document."""
    shared, flags = fields
    required = content.get("prerequisites") if isinstance(content, dict) else None
    keys = [str(each.get("flag")) for each in required or () if isinstance(each, dict)]
    named = [*((shared, name) for name in _references(content)), *((flags, key) for key in keys)]
    yield from (each for each in named if each in nodes and each != node)


def _references(rule: Any) -> Iterator[str]:
    """The names in each `{"$ref": name}`."""
    waiting = [rule]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict) and len(each) == 1 and isinstance(each.get("$ref"), str):
            yield each["$ref"]
        elif isinstance(each, dict | list):
            waiting += each.values() if isinstance(each, dict) else each


def _chosen(nodes: Mapping[Node, Any], chosen: set[Node], field: str) -> dict[str, Any]:
    return {
        key: nodes[field, key] for name, key in nodes if name == field and (name, key) in chosen
    }


def _size(value: Any) -> int:
    return len(json.dumps(value))
