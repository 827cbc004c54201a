"""Why, as an indented tree."""

from __future__ import annotations

from typing import Any

from cli.shown.explanation import explanation


def step(sentence: str, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "rule", "path": "$", "sentence": sentence, "holds": True, "steps": list(steps)}


LONG = "Rule 2 applies: " + ", and ".join(["the plan is one of a few that we know"] * 3) + "."
WHICH = {"key": "reader", "revision": 3, "generation": 7}
FOUND: dict[str, Any] = {
    **WHICH,
    "evaluation": {"value": True, "variant": "on", "reason": "TARGETING_MATCH"},
    "decided_by": {"kind": "rule", "path": "$", "sentence": LONG},
    "steps": [
        step("The flag library must give on, and does.", step("The rule applies: plan is pro.")),
        step("Rule 1 does not apply."),
        step(LONG, step("plan is pro")),
    ],
}


def test_the_tree() -> None:
    assert explanation("reader", {"targetingKey": "ada"}, FOUND).splitlines() == [
        "ada gets the variant on of reader: true (TARGETING_MATCH).",
        "",
        "  *  The flag library must give on, and does.",
        "      *  The rule applies: plan is pro.",
        "  *  Rule 1 does not apply.",
        "  => Rule 2 applies: the plan is one of a few that we know, and the plan is one of a few "
        "that we",
        "     know, and the plan is one of a few that we know.",
        "      *  plan is pro",
        "",
        "Revision 3 of the flag, generation 7.",
    ]


def test_nothing_but_an_error() -> None:
    evaluation = {
        "value": None,
        "variant": None,
        "reason": "ERROR",
        "errorCode": "FLAG_NOT_FOUND",
    }
    found = {**WHICH, "evaluation": evaluation, "steps": [step("The flag is archived.")]}
    assert explanation("reader", {}, found).splitlines() == [
        "somebody without a targetingKey gets the default in the app's code of reader "
        "(ERROR, FLAG_NOT_FOUND).",
        "",
        "  => The flag is archived.",
        "",
        "Revision 3 of the flag, generation 7.",
    ]
