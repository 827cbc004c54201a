"""Whether what is published holds together after an edit, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from functions.errors import FailedPrecondition, InvalidArgument, PalierError
from functions.flags.composition import Prerequisite
from functions.flags.flag import Flag
from functions.flags.publication import Edit, published, require_sound, users_of_segment
from functions.flags.segment import Segment
from functions.flags.split import Split


def flag(key: str, targeting: Any = None, *needs: tuple[str, str], **more: Any) -> Flag:
    definition = {
        "state": "ENABLED",
        "variants": {"on": True, "off": False},
        "defaultVariant": "off",
        **({"targeting": targeting} if targeting else {}),
    }
    prerequisites = tuple(Prerequisite(other, (variant,)) for other, variant in needs)
    return Flag(key, definition, prerequisites=prerequisites, off_variant="off", **more)


PRO = Segment("pro", {"==": [{"var": "plan"}, "pro"]})
IF_PRO = {"if": [{"$ref": "pro"}, "on"]}
BY_KEY = {"fractional": [["on", 1], ["off", 1]]}
BY_SALT = {"fractional": [{"cat": ["s", {"var": "targetingKey"}]}, ["on", 1], ["off", 1]]}

HOUSE = Edit(
    flags=[flag("base"), flag("needs-base", None, ("base", "on")), flag("for-pro", IF_PRO)],
    segments=[PRO],
)


def after(*edits: Edit) -> dict[str, Any]:
    part: dict[str, Any] = {}
    for edit in edits:
        part = published(part, edit)
        require_sound(part, edit)
    return part


def without_on(key: str) -> Flag:
    only_off = {"state": "ENABLED", "variants": {"off": False}, "defaultVariant": "off"}
    return Flag(key, only_off)


def archived(key: str) -> Flag:
    return flag(key, archived=True)


REFUSED: list[Any] = [
    pytest.param(
        Edit(flags=[flag("f", {"if": [{"$ref": "nobody"}, "on"]})]),
        InvalidArgument,
        "$.targeting.if[0]: expected the key of a segment",
        id="a segment that isn't there",
    ),
    pytest.param(
        Edit(flags=[flag("f", {"if": [{"$ref": "flag:base"}, "on"]})]),
        InvalidArgument,
        "expected the key of a segment",
        id="a flag's own evaluator is no segment",
    ),
    pytest.param(
        Edit(flags=[flag("f", None, ("nobody", "on"))]),
        InvalidArgument,
        "$.prerequisites[0].flag: expected a flag of this environment",
        id="a prerequisite that isn't there",
    ),
    pytest.param(
        Edit(flags=[flag("f", None, ("base", "blue"))]),
        InvalidArgument,
        "$.prerequisites[0].variants: expected variants of the flag base",
        id="a variant that the prerequisite doesn't have",
    ),
    pytest.param(
        Edit(flags=[flag("base", None, ("needs-base", "on"))]),
        InvalidArgument,
        "base → needs-base → base",
        id="flags that require each other",
    ),
    pytest.param(
        Edit(flags=[archived("base")]),
        FailedPrecondition,
        "The flag base is used by: flag needs-base",
        id="archiving what another requires",
    ),
    pytest.param(
        Edit(gone_flags=["base"]),
        FailedPrecondition,
        "The flag base is used by: flag needs-base",
        id="deleting what another requires",
    ),
    pytest.param(
        Edit(flags=[without_on("base")]),
        FailedPrecondition,
        "needs-base requires the variant 'on' of the flag base",
        id="taking away a variant that another requires",
    ),
    pytest.param(
        Edit(gone_segments=["pro"]),
        FailedPrecondition,
        "The segment pro is used by: flag for-pro",
        id="deleting a segment that is used",
    ),
    pytest.param(
        Edit(segments=[Segment("pro", {"!": [{"$ref": "pro"}]})]),
        InvalidArgument,
        "refers to itself",
        id="a segment within itself",
    ),
    pytest.param(
        Edit(
            segments=[
                Segment("pro", {"!": [{"$ref": "free"}]}),
                Segment("free", {"!": [{"$ref": "pro"}]}),
            ]
        ),
        InvalidArgument,
        "refers to itself",
        id="segments in a circle",
    ),
    pytest.param(
        Edit(flags=[flag("base", BY_KEY)]),
        FailedPrecondition,
        "can't be a prerequisite (of needs-base): it has a `fractional` that hashes",
        id="a prerequisite that splits by its own key",
    ),
    pytest.param(
        Edit(flags=[flag("base", {"if": [{"==": [{"var": "$flagd.flagKey"}, "base"]}, "on"]})]),
        FailedPrecondition,
        "a rule about the flag's own key",
        id="a prerequisite that asks for its own key",
    ),
    pytest.param(
        Edit(
            flags=[flag("base", {"if": [{"$ref": "tenth"}, "on"]})],
            segments=[Segment("tenth", {"==": [BY_KEY, "on"]})],
        ),
        FailedPrecondition,
        "`fractional` that hashes the flag's own key",
        id="a prerequisite with such a segment",
    ),
    pytest.param(
        Edit(
            segments=[Segment("pro", {"and": [{"$ref": f"s{n}"} for n in (0, 0, 0)]})]
            + [Segment(f"s{n}", {"and": [{"$ref": f"s{n + 1}"}] * 20}) for n in range(5)]
            + [Segment("s5", {"==": [1, 1]})]
        ),
        InvalidArgument,
        "unfolds to more than",
        id="segments that unfold beyond measure",
    ),
]


@pytest.mark.parametrize(("edit", "error", "words"), REFUSED)
def test_what_would_not_hold_together_is_refused(
    edit: Edit, error: type[PalierError], words: str
) -> None:
    with pytest.raises(error) as refusal:
        after(HOUSE, edit)
    assert words in refusal.value.detail


ALLOWED = [
    pytest.param(Edit(flags=[flag("base", BY_SALT)]), id="a prerequisite that splits by a salt"),
    pytest.param(Edit(flags=[flag("alone", BY_KEY)]), id="a flag that splits by its own key"),
    pytest.param(
        Edit(flags=[archived("base"), flag("needs-base")]), id="both ends of a prerequisite at once"
    ),
    pytest.param(
        Edit(flags=[flag("new", {"if": [{"$ref": "s"}, "on"]})], segments=[Segment("s", PRO.rule)]),
        id="a segment and its user at once",
    ),
]


@pytest.mark.parametrize("edit", ALLOWED)
def test_what_holds_together_is_let_in(edit: Edit) -> None:
    after(HOUSE, edit)


def test_an_edit_in_two_steps_is_the_edit_in_one() -> None:
    """What is published depends on what there is, not on how it came to be."""
    steps = [Edit(segments=HOUSE.segments), *(Edit(flags=[each]) for each in HOUSE.flags)]
    assert after(*steps) == after(HOUSE)
    again = after(HOUSE, Edit(flags=[archived("for-pro")]), Edit(flags=[HOUSE.flags[2]]))
    assert again == after(HOUSE)


def test_the_evaluator_of_a_prerequisite_goes_with_its_last_user() -> None:
    assert "flag:base" in after(HOUSE)["document"]["$evaluators"]
    freed = after(HOUSE, Edit(flags=[flag("needs-base")]))
    assert "flag:base" not in freed["document"]["$evaluators"]
    assert freed["requires"] == {}


SPLIT = Split("r-1", "salt", "off", "on", 10, service="reader")


def test_what_is_split_says_whose_variants_those_are() -> None:
    part = after(Edit(flags=[flag("f", split=SPLIT), flag("other")]))
    shared = {"rollout": "r-1", "service": "reader", "control": "off", "candidate": "on"}
    assert part["splits"] == {"f": shared}
    moved = after(
        Edit(flags=[flag("f", split=SPLIT), flag("g", split=SPLIT)]), Edit(gone_flags=["g"])
    )
    assert moved["splits"] == {"f": shared}


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(flag("f"), id="no longer split"),
        pytest.param(flag("f", split=SPLIT, killed=True), id="killed: nobody is split"),
        pytest.param(flag("f", split=SPLIT, archived=True), id="archived"),
    ],
)
def test_what_is_not_split_does_not_say_so(ended: Flag) -> None:
    assert "splits" not in after(Edit(flags=[flag("f", split=SPLIT)]), Edit(flags=[ended]))


def test_a_split_of_an_older_bundle_is_no_services() -> None:
    older = {name: value for name, value in SPLIT.to_dict().items() if name != "service"}
    assert Split.from_dict(older) == Split("r-1", "salt", "off", "on", 10)
    assert Split.from_dict(SPLIT.to_dict()) == SPLIT


def test_who_uses_a_segment() -> None:
    wider = Segment("wider", {"or": [{"$ref": "pro"}, True]})
    part = after(HOUSE, Edit(segments=[wider]))
    assert users_of_segment(part, "pro") == ["flag for-pro", "segment wider"]
    assert users_of_segment(part, "wider") == []
