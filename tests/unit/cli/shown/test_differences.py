"""What is different, line by line."""

from __future__ import annotations

from typing import Any

import pytest

from cli.shown.differences import lines

LONG = {"if": [{"==": [{"var": "country"}, "a country of a rather long name"]}, "on", "off"]}


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        pytest.param(
            {"path": "$.owner", "before": "a", "after": "b"},
            ['- owner: "a"', '+ owner: "b"'],
            id="changed",
        ),
        pytest.param({"path": "$.tags[0]", "after": "x"}, ['+ tags[0]: "x"'], id="added"),
        pytest.param({"path": "$.tags[0]", "before": "x"}, ['- tags[0]: "x"'], id="removed"),
        pytest.param(
            {"path": "$.definition.defaultVariant", "before": None, "after": "on"},
            ["- defaultVariant: null", '+ defaultVariant: "on"'],
            id="of flagd's definition",
        ),
        pytest.param(
            {"path": "$.ends_at", "before": None, "after": 1_800_000_000.0},
            ["- ends_at: null", '+ ends_at: "2027-01-15 08:00:00 UTC"'],
            id="a time",
        ),
        pytest.param(
            {"path": "$.definition", "after": {"state": "ENABLED", "variants": {"on": True}}},
            ['+ state: "ENABLED"', '+ variants: {"on": true}'],
            id="a whole definition",
        ),
        pytest.param(
            {"path": "$.definition.targeting", "after": LONG},
            [
                "+ targeting: {",
                '+   "if": [',
                '+     {"==": [{"var": "country"}, "a country of a rather long name"]},',
                '+     "on",',
                '+     "off"',
                "+   ]",
                "+ }",
            ],
            id="long rules",
        ),
    ],
)
def test_lines(difference: dict[str, Any], expected: list[str]) -> None:
    assert lines([difference]) == expected
