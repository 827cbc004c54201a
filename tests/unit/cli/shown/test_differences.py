"""What is different, line by line."""

from __future__ import annotations

from typing import Any

import pytest

from cli.shown.differences import differences

RULES: dict[str, Any] = {
    "if": [
        {"==": [{"var": "plan"}, "a plan that is long enough"]},
        "on",
        {"==": [{"var": "country"}, "FR"]},
        "on",
    ]
}
LATER: dict[str, Any] = {"if": [*RULES["if"][:3], "off"]}


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        pytest.param({"owner": "a"}, {"owner": "a"}, [], id="the same"),
        pytest.param(
            {"owner": "a"}, {"owner": "b"}, ['- owner: "a"', '+ owner: "b"'], id="a field"
        ),
        pytest.param({}, {"tags": ["x"]}, ['+ tags: ["x"]'], id="a new field"),
        pytest.param({"tags": ["x"]}, {}, ['- tags: ["x"]'], id="a field is gone"),
        pytest.param(
            {"definition": {"state": "ENABLED", "defaultVariant": "on"}},
            {"definition": {"state": "ENABLED", "defaultVariant": "off"}},
            ['- defaultVariant: "on"', '+ defaultVariant: "off"'],
            id="of flagd's definition",
        ),
        pytest.param(
            {"ends_at": None},
            {"ends_at": 1_800_000_000.0},
            ["- ends_at: null", '+ ends_at: "2027-01-15 08:00:00 UTC"'],
            id="a time is told as one",
        ),
        pytest.param(
            {"definition": {"targeting": RULES}},
            {"definition": {"targeting": LATER}},
            [
                "  targeting:",
                '        "on",',
                '        {"==": [{"var": "country"}, "FR"]},',
                '-       "on"',
                '+       "off"',
                "      ]",
                "    }",
            ],
            id="within rules",
        ),
    ],
)
def test_differences(before: dict[str, Any], after: dict[str, Any], lines: list[str]) -> None:
    assert differences(before, after) == lines
