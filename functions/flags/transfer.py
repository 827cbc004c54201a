"""What becomes of an environment's flags and segments when others are brought into it. Pure.

What is brought is content: what people write. Where a flag stands (its revision, archived, killed,
under a rollout) belongs to its environment and stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from functions.errors import InvalidArgument, PalierError, PayloadTooLarge
from functions.flags.difference import NOTHING, Difference, differences
from functions.flags.flag import Flag
from functions.flags.publication import FLAG, SEGMENT, Edit, Fault, Kind, Part
from functions.flags.segment import Segment
from functions.flags.validation import FIELDS, at, references
from functions.published import canonical

ORDER = ("development", "testing", "staging", "production")
"""The way of a promotion."""

MAXIMUM_ITEMS = 500
"""Flags, and as many segments, of one request."""

"""Of one flag or segment: it stands twice in an entry of the audit trail, which holds 1 MiB."""

MAXIMUM_WRITTEN_BYTES = 3 * 2**20
"""Of one commit, the published part aside. Firestore takes 10 MiB, its emulator 4."""

AROUND_BYTES = 1_500
"""What is written around the content of one flag or segment."""

EVALUATORS = at("$", "$evaluators")

Content = Mapping[str, Any]
Thing = TypeVar("Thing", Flag, Segment)
Locate = Callable[[Kind, str, str], str]
"""Where the path within a flag or segment lies in what was sent."""


class Problem(NamedTuple):
    """Why something can't be done, and where in what was sent."""

    path: str
    problem: str
    remedy: str


@dataclass(frozen=True)
class Wanted:
    """Flags and segments by key, each with the content that it is to get; what is absent stays.

    `source` is the environment that they come from; `basis` is what else the plan is made of (what
    stands there), as JSON; `warnings` are known beforehand, by the key of the flag.
    """

    flags: Mapping[str, Content] = field(default_factory=dict)
    segments: Mapping[str, Content] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    warnings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    source: str | None = None
    basis: Any = None


@dataclass(frozen=True)
class Item(Generic[Thing]):
    """What becomes of one flag or segment: `before` is None when it is new."""

    before: Thing | None
    after: Thing
    differences: Sequence[Difference] = ()
    warnings: Sequence[str] = ()

    @property
    def change(self) -> str:
        if self.before is None:
            return "create"
        return "change" if self.differences else "same"

    def to_dict(self) -> dict[str, Any]:
        return {
            "key": self.after.key,
            "change": self.change,
            "differences": [each.to_dict() for each in self.differences],
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class Plan:
    """What is to become of all that is wanted, or what stands in the way."""

    flags: Sequence[Item[Flag]]
    segments: Sequence[Item[Segment]]
    problems: Sequence[Problem] = ()

    @property
    def edit(self) -> Edit:
        return Edit(
            flags=[item.after for item in self.flags if item.change != "same"],
            segments=[item.after for item in self.segments if item.change != "same"],
        )

    def added(self, kind: Kind) -> int:
        items: Sequence[Item[Any]] = self.flags if kind == FLAG else self.segments
        return sum(item.before is None for item in items)


def environment_before(environment: str) -> str:
    """From where a promotion into this environment comes. Raises InvalidArgument."""
    if environment not in ORDER[1:]:
        way = " → ".join(ORDER)
        raise InvalidArgument(
            f"Nothing is promoted into {environment}: promotions go {way}.",
            remedy="Copy from the environment that you name in `from`, with POST /v1/copy.",
        )
    return ORDER[ORDER.index(environment) - 1]


def planned(
    wanted: Wanted,
    flags: Mapping[str, Flag],
    segments: Mapping[str, Segment],
    locate: Locate,
) -> Plan:
    """The plan, given what stands in the environment under the keys that are wanted.

    Raises PayloadTooLarge when it is more than one commit holds.
    """
    problems = list(wanted.problems)
    flag_items: list[Item[Flag]] = []
    segment_items: list[Item[Segment]] = []
    for key, content in wanted.flags.items():
        try:
            item = _flag_item(key, flags.get(key), content)
        except PalierError as error:
            problems.append(problem_of(error, FLAG, key, locate))
            continue
        flag_items.append(_warned(item, wanted.warnings.get(key, ())))
    for key, content in wanted.segments.items():
        try:
            segment_items.append(_segment_item(key, segments.get(key), content))
        except PalierError as error:
            problems.append(problem_of(error, SEGMENT, key, locate))
    plan = Plan(flag_items, segment_items, problems)
    _require_one_commit(plan)
    return plan


def problem_of(error: PalierError, kind: Kind, key: str, locate: Locate) -> Problem:
    """The refusal of a flag or segment, placed in what was sent."""
    path = str(error.extra.get("path", "$"))
    detail = error.detail.removeprefix(f"{path}: ")
    return Problem(locate(kind, key, "$" if path == "$.key" else path), detail, error.remedy)


def problems_of(faults: Sequence[Fault], locate: Locate) -> list[Problem]:
    return [problem_of(fault.error, fault.kind, fault.key, locate) for fault in faults]


def missing(plan: Plan, part: Part) -> dict[str, list[str]]:
    """What the flags and segments of the plan need and is not in `part`, as it would become."""
    document = part["document"]
    rules = [item.after.definition.get("targeting") for item in plan.flags]
    rules += [item.after.rule for item in plan.segments]
    named = {name for rule in rules for _, name in references(rule, "$")}
    required = {each.flag for item in plan.flags for each in item.after.prerequisites}
    return {
        "flags": sorted(required - set(document["flags"])),
        "segments": sorted(named - set(document.get("$evaluators", {}))),
    }


def in_lossless(kind: Kind, key: str, path: str) -> str:
    """`Locate` in Palier's own form, whose flags hold flagd's definition as one field."""
    rest = path.removeprefix("$")
    if kind == FLAG and any(
        rest == f".{name}" or rest.startswith((f".{name}.", f".{name}[")) for name in FIELDS
    ):
        rest = f".definition{rest}"
    return at("$.flags" if kind == FLAG else "$.segments", key) + rest


def in_flagd(kind: Kind, key: str, path: str) -> str:
    """`Locate` in flagd's form, whose evaluators are the rules of segments."""
    rest = path.removeprefix("$")
    if kind == SEGMENT:
        return at(EVALUATORS, key) + rest.removeprefix(".rule")
    return at("$.flags", key) + rest


def standing(thing: Flag | Segment | None) -> Any:
    """Of what stands in an environment, what a plan depends on, as JSON."""
    if thing is None:
        return None
    known = {"revision": thing.revision, "content": thing.content()}
    if isinstance(thing, Segment):
        return known
    rollout = thing.split.rollout if thing.split else None
    return {**known, "archived": thing.archived, "killed": thing.killed, "rollout": rollout}


def _flag_item(key: str, before: Flag | None, content: Content) -> Item[Flag]:
    after = before.edited(content) if before else Flag.new(key, content)
    after.check()
    if before is None:
        return Item(None, after, _written(after.content(), Flag(key, {}).content()))
    found = differences(before.content(), after.content())
    return Item(before, after, found, _warnings(before)) if found else Item(before, before)


def _segment_item(key: str, before: Segment | None, content: Content) -> Item[Segment]:
    after = before.edited(content) if before else Segment.new(key, content)
    after.check()
    if before is None:
        return Item(None, after, _written(after.content(), Segment(key, {}).content()))
    found = differences(before.content(), after.content())
    return Item(before, after, found) if found else Item(before, before)


def _written(content: Content, empty: Content) -> list[Difference]:
    """Of what is new, the fields that say something."""
    return [
        Difference((name,), NOTHING, value)
        for name, value in content.items()
        if value != empty[name]
    ]


def _warnings(flag: Flag) -> list[str]:
    """What to know of a flag before it is changed."""
    warnings = []
    if flag.archived:
        warnings.append("It is archived here: it is changed, and stays archived.")
    if flag.killed:
        warnings.append("It is killed here: it is changed, and stays killed.")
    if flag.split:
        warnings.append(
            f"The rollout {flag.split.rollout} is running here: its split stays, under the "
            "changed rules."
        )
    return warnings


def _warned(item: Item[Flag], more: Sequence[str]) -> Item[Flag]:
    if item.change == "same" or not more:
        return item
    return Item(item.before, item.after, item.differences, [*item.warnings, *more])


def _require_one_commit(plan: Plan) -> None:
    """Each is written as itself and as its revision; the audit trail keeps before and after."""
    items: list[Item[Any]] = [*plan.flags, *plan.segments]
    written = sum(
        3 * _size(item.after) + (_size(item.before) if item.before else 0) + AROUND_BYTES
        for item in items
        if item.change != "same"
    )
    if written > MAXIMUM_WRITTEN_BYTES:
        raise PayloadTooLarge(
            f"This would write {written:,} bytes at once; {MAXIMUM_WRITTEN_BYTES:,} are possible.",
            remedy="Bring them in several requests, each with a part of them.",
        )


def _size(thing: Flag | Segment) -> int:
    return len(canonical(thing.content()).encode("utf-8", "surrogatepass"))
