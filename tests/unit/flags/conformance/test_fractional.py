"""`fractional`, version 3, as flagd's record "Harden hashing consistency" has it:

    bucket = (murmur3_32(canonical CBOR of the bucketing value) * total weight) >> 32

The encodings are the examples of RFC 8949, appendix A, and whole floats as integers. So nothing
here rests on the library that encodes.
"""

from __future__ import annotations

from typing import Any

import mmh3
import pytest

from functions.flags.compile import compile_flags

BUCKETS = 25


def split(*arguments: Any, **context: Any) -> Any:
    """The variant that a `fractional` names, or the reason for none."""
    names = [f"bucket{number}" for number in range(BUCKETS)]
    flag = {
        "state": "ENABLED",
        "variants": {name: name for name in (*names, "a", "b", "default")},
        "defaultVariant": "default",
        "targeting": {"fractional": list(arguments)},
    }
    found = compile_flags({"flags": {"flag": flag}}).evaluate("flag", context)
    return found.error_code or (found.reason if found.reason == "DEFAULT" else found.variant)


EQUAL_SHARES = [[f"bucket{number}", 4] for number in range(BUCKETS)]


def bucket_of(encoded: str, buckets: int = BUCKETS) -> str:
    return f"bucket{(mmh3.hash(bytes.fromhex(encoded), signed=False) * buckets) >> 32}"


ENCODED: list[tuple[Any, str]] = [
    (0, "00"),
    (1, "01"),
    (10, "0a"),
    (23, "17"),
    (24, "1818"),
    (100, "1864"),
    (1000, "1903e8"),
    (1000000, "1a000f4240"),
    (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (-1, "20"),
    (-10, "29"),
    (-100, "3863"),
    (-1000, "3903e7"),
    (1.1, "fb3ff199999999999a"),
    (1.5, "f93e00"),
    (3.4028234663852886e38, "fa7f7fffff"),
    (1.0e300, "fb7e37e43c8800759c"),
    (5.960464477539063e-8, "f90001"),
    (0.00006103515625, "f90400"),
    (-4.1, "fbc010666666666666"),
    (False, "f4"),
    (True, "f5"),
    ("", "60"),
    ("a", "6161"),
    ("IETF", "6449455446"),
    ('"\\', "62225c"),
    ("\u00fc", "62c3bc"),
    ("\u6c34", "63e6b0b4"),
    ("\U00010151", "64f0908591"),
    ({}, "a0"),
    ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
    ({"b": [2, 3], "a": 1}, "a26161016162820203"),
    ({"a": "A", "b": "B", "c": "C"}, "a3616161416162614261636143"),
    ({"x": [None, True, {}, []]}, "a1617884f6f5a080"),
    # shorter keys come first: their heads are smaller
    ({"aa": 1, "z": 2}, "a2617a0262616101"),
    ({"aaa": 1, "\u00ff": 2}, "a262c3bf026361616101"),
    # whole floats are integers, as far as 64 bits go
    (0.0, "00"),
    (-0.0, "00"),
    (1.0, "01"),
    (-4.0, "23"),
    (65504.0, "19ffe0"),
    (100000.0, "1a000186a0"),
    (9007199254740992.0, "1b0020000000000000"),
    ({"key": 2.0}, "a1636b657902"),
    (1.8446744073709552e19, "fa5f800000"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "encoded"), ENCODED)
def test_any_value_is_hashed_as_cbor(value: Any, encoded: str) -> None:
    assert split({"var": "value"}, *EQUAL_SHARES, value=value) == bucket_of(encoded)


@pytest.mark.parametrize("size", [23, 24, 255, 256, 65_535, 65_536])
def test_texts_of_any_length(size: int) -> None:
    head = {23: "77", 24: "7818", 255: "78ff", 256: "790100", 65_535: "79ffff"}.get(size)
    encoded = (head or "7a00010000") + "61" * size
    assert split({"var": "value"}, *EQUAL_SHARES, value="a" * size) == bucket_of(encoded)


@pytest.mark.parametrize("user", ["u", "user-1", "é"])
def test_without_a_value_the_flag_and_the_user_are_hashed(user: str) -> None:
    body = user.encode()
    encoded = "82" + "64666c6167" + f"{0x60 + len(body):02x}" + body.hex()
    assert split(*EQUAL_SHARES, targetingKey=user) == bucket_of(encoded)


@pytest.mark.parametrize("context", [{}, {"targetingKey": None}, {"targetingKey": ""}, {"x": "u"},
                                     {"targetingKey": 12345}, {"targetingKey": True},
                                     {"targetingKey": ["u"]}])  # fmt: skip
def test_without_a_user_there_is_no_split(context: dict[str, Any]) -> None:
    assert split(["a", 1], ["b", 1], **context) == "DEFAULT"
    assert split(["a"], **context) == "DEFAULT"


NOBODY: list[tuple[str, list[Any]]] = [
    ("no arguments", []),
    ("no value", [{"var": "nobody"}, ["a", 1], ["b", 1]]),
    ("no shares", ["value"]),
    ("no weight", ["value", ["a", 0], ["b", 0]]),
    ("negative weights", ["value", ["a", -1], ["b", -2]]),
    ("a weight with a fraction", ["value", ["a", 0.5], ["b", 1]]),
    ("a weight that is text", ["value", ["a", "1"]]),
    ("a weight that is true", ["value", ["a", True]]),
    ("an empty share", ["value", []]),
    ("a share of three", ["value", ["a", 1, 2]]),
    ("a share that is none", ["value", "a"]),
    ("too much weight", ["value", ["a", 2**31 - 1], ["b", 1]]),
]


@pytest.mark.parametrize(
    "arguments", [case[1] for case in NOBODY], ids=[case[0] for case in NOBODY]
)
def test_what_is_no_split_leads_to_the_default(arguments: list[Any]) -> None:
    assert split(*arguments, targetingKey="user-1") == "DEFAULT"


WEIGHTS: list[tuple[list[Any], str]] = [
    ([["a"]], "a"),
    ([["a", 1]], "a"),
    ([["a", 0], ["b", 1]], "b"),
    ([["a", -50], ["b", 100]], "b"),
    ([["a", 2**31 - 1]], "a"),
    ([[{"if": [{"var": "yes"}, "a", "b"]}, 1]], "a"),
    ([["a", {"if": [{"var": "yes"}, 1, 0]}], ["b", {"if": [{"var": "yes"}, 0, 1]}]], "a"),
    ([["nobody", 1]], "GENERAL"),
    ([[{"var": "nobody"}, 1]], "DEFAULT"),
]


@pytest.mark.parametrize(("shares", "expected"), WEIGHTS)
def test_weights_and_variants_may_be_expressions(shares: list[Any], expected: str) -> None:
    for user in ("user-1", "user-2", "user-3"):
        assert split(*shares, targetingKey=user, yes=True) == expected
        assert split({"var": "targetingKey"}, *shares, targetingKey=user, yes=True) == expected


def test_the_shares_fill_the_range_from_the_left() -> None:
    """Hashes from 0 to 2**32 - 1 fall into weights of any total."""
    for user in (f"user-{number}" for number in range(200)):
        hashed = mmh3.hash(bytes((0x60 + len(user),)) + user.encode(), signed=False)
        place = (hashed * 1_000) >> 32
        expected = "a" if place < 333 else "b"
        found = split({"var": "targetingKey"}, ["a", 333], ["b", 667], targetingKey=user)
        assert found == expected


@pytest.mark.parametrize("rule", [{"fractional": [[False, 0], [True, 1]]}])
def test_a_split_may_be_a_condition(rule: Any) -> None:
    flag = {
        "state": "ENABLED",
        "variants": {"a": 1, "b": 2},
        "targeting": {"if": [rule, "a", "b"]},
    }
    compiled = compile_flags({"flags": {"flag": flag}})
    assert compiled.evaluate("flag", {"targetingKey": "u"}).variant == "a"
    assert compiled.evaluate("flag", {}).variant == "b"


def test_the_same_seed_moves_flags_together() -> None:
    rule = {"fractional": [{"cat": ["seed", {"var": "targetingKey"}]}, ["a", 1], ["b", 1]]}
    flag = {"state": "ENABLED", "variants": {"a": 1, "b": 2}, "targeting": rule}
    own = {**flag, "targeting": {"fractional": [["a", 1], ["b", 1]]}}
    compiled = compile_flags({"flags": {"one": flag, "two": flag, "own-1": own, "own-2": own}})
    outcomes = [compiled.evaluate_all({"targetingKey": f"user-{n}"}) for n in range(100)]
    assert all(each["one"].variant == each["two"].variant for each in outcomes)
    assert any(each["own-1"].variant != each["own-2"].variant for each in outcomes)
