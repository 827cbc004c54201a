"""The chain of hashes: whatever is done to what was stored is found. Pure."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import audit
from functions.audit import GENESIS, Context, Entry, Head
from functions.documents import Document, Write
from functions.identity import Actor

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUE = st.none() | st.integers() | TEXT | st.dictionaries(TEXT, st.integers(), max_size=3)
ENTRIES = st.lists(st.builds(Entry, TEXT, TEXT, before=VALUE, after=VALUE), min_size=1, max_size=6)


def context(reason: str = "because", now: float = 1_800_000_000.123) -> Context:
    return Context("production", Actor.person("anna"), reason, 4, now)


def stored(entries: list[Entry], *, per_commit: int = 2) -> tuple[list[Document], Head]:
    """What Firestore holds after several commits: the entries, and the head."""
    documents: dict[str, Document] = {}
    head = audit.head_path("main")
    for start in range(0, len(entries), per_commit):
        writes = audit.chain(
            "main", documents.get(head), entries[start : start + per_commit], context()
        )
        for write in writes:
            assert write.kind == ("update" if write.path in documents else "create")
            documents[write.path] = Document(write.path, dict(write.data), 1)
    end = audit.head_of(documents.pop(head))
    return list(documents.values()), end


def broken(documents: list[Document], head: Head) -> bool:
    """As `verify` has it: the entries in the order of their numbers, then the head."""
    position, problem = audit.follow("main", documents, Head())
    return problem is not None or position != head


@given(ENTRIES, st.integers(1, 3))
def test_an_untouched_chain_holds(entries: list[Entry], per_commit: int) -> None:
    documents, head = stored(entries, per_commit=per_commit)
    assert not broken(documents, head)
    assert (head.sequence, len(documents)) == (len(entries), len(entries))


@given(ENTRIES, st.data())
def test_any_alteration_is_found(entries: list[Entry], data: st.DataObject) -> None:
    documents, head = stored(entries)
    number = data.draw(st.integers(0, len(documents) - 1))
    record = copy.deepcopy(documents[number].data)
    name = data.draw(st.sampled_from(sorted(set(record) - {"schema"})))
    other = data.draw(VALUE | st.just(f"{record[name]} "))
    if other == record[name]:
        other = "another"
    record[name] = other
    documents[number] = Document(documents[number].path, record, 1)
    assert broken(documents, head)


@given(ENTRIES, st.data())
def test_a_field_taken_away_or_put_in_is_found(entries: list[Entry], data: st.DataObject) -> None:
    documents, head = stored(entries)
    number = data.draw(st.integers(0, len(documents) - 1))
    record = dict(documents[number].data)
    name = data.draw(st.sampled_from([*sorted(record), "one more"]))
    if record.pop(name, None) is None:
        record[name] = "x"
    documents[number] = Document(documents[number].path, record, 1)
    assert broken(documents, head)


@given(ENTRIES, st.data())
def test_a_deletion_is_found(entries: list[Entry], data: st.DataObject) -> None:
    documents, head = stored(entries)
    start = data.draw(st.integers(0, len(documents) - 1))
    end = data.draw(st.integers(start + 1, len(documents)))  # up to the end: a truncation
    assert broken(documents[:start] + documents[end:], head)


@given(ENTRIES.filter(lambda entries: len(entries) > 1), st.data())
def test_a_new_order_is_found(entries: list[Entry], data: st.DataObject) -> None:
    documents, head = stored(entries)
    first, second = data.draw(
        st.lists(st.integers(0, len(documents) - 1), min_size=2, max_size=2, unique=True)
    )
    turned = list(documents)
    turned[first], turned[second] = turned[second], turned[first]
    assert broken(turned, head)
    # The contents may change places too, each under the other's name.
    swapped = list(documents)
    swapped[first] = Document(documents[first].path, documents[second].data, 1)
    swapped[second] = Document(documents[second].path, documents[first].data, 1)
    assert broken(swapped, head)


@given(ENTRIES)
def test_an_entry_replaced_with_a_fitting_hash_breaks_the_next_or_the_head(
    entries: list[Entry],
) -> None:
    documents, head = stored(entries)
    record = audit.parsed(documents[-1].data)
    record["reason"] = "another"
    forged = {"schema": 1, **audit._stored({**record, "hash": audit.digest(record)})}
    assert broken([*documents[:-1], Document(documents[-1].path, forged, 1)], head)


@pytest.mark.parametrize(
    "head", [Head(), Head(2, "0" * 64), Head(1, "x"), Head(3, "x")], ids=lambda head: str(head)[:24]
)
def test_another_head_is_found(head: Head) -> None:
    documents, _ = stored([Entry("a", "b"), Entry("c", "d")])
    assert broken(documents, head)


def test_what_an_entry_says() -> None:
    [create, head] = audit.chain(
        "main", None, [Entry("flag.edit", "flags/f", [1], [[2]])], context("  why  ")
    )
    assert (create.kind, create.path) == ("create", "applications/main/audit/000000000001")
    assert create.data["recorded_at"].timestamp() == pytest.approx(1_800_000_000.123)
    shown = audit.parsed(create.data)
    assert shown == {
        "sequence": 1,
        "at": 1_800_000_000.123,
        "environment": "production",
        "actor": "person:anna",
        "action": "flag.edit",
        "target": "flags/f",
        "reason": "  why  ",
        "before": [1],
        "after": [[2]],
        "generation": 4,
        "previous": GENESIS,
        "hash": shown["hash"],
    }
    moved = {"sequence": 1, "hash": shown["hash"]}
    assert head == Write.create(audit.head_path("main"), moved)


@pytest.mark.parametrize(
    "value", [{1: "a", 10: "b", 9: "c"}, (1, (2, 3)), {"é": 1.0}, None], ids=str
)
def test_values_are_hashed_as_they_are_read_back(value: Any) -> None:
    documents, head = stored([Entry("a", "b", before=value, after=value)])
    assert not broken(documents, head)


def test_a_commit_without_entries_still_takes_the_head() -> None:
    """So that two changes of one application are never made on the same basis."""
    [write] = audit.chain("main", None, [], context())
    assert write == Write.create(audit.head_path("main"), {"sequence": 0, "hash": GENESIS})
