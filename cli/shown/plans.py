"""Plans of changes that are shown before they are made, as plain text for people. Pure.

`! ` begins what one should know before one agrees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.shown.differences import lines as difference_lines
from cli.shown.text import count

KINDS = (("flags", "flag"), ("segments", "segment"))


def plan(found: Mapping[str, Any], into: str) -> str:
    """What becomes of flags and segments that are brought into an environment."""
    lines = [into]
    for kind, name in KINDS:
        for item in found[kind]:
            if item["change"] != "same":
                lines += _item(item, name)
    same = _counted(found, "same")
    if same:
        lines += ["", f"{same} {_are(found, 'same')} the same already."]
    return "\n".join([*lines, *_in_the_way(found), *_missing(found["missing"])])


def nothing_to_do(found: Mapping[str, Any]) -> bool:
    return all(item["change"] == "same" for kind, _ in KINDS for item in found[kind])


def done(found: Mapping[str, Any]) -> str:
    told = [
        f"{_counted(found, change)} {word}"
        for change, word in (("create", "created"), ("change", "changed"))
        if _counted(found, change)
    ]
    return f"{', '.join(told)}. Generation {found['generation']} is being served."


def clean_up(found: Mapping[str, Any]) -> str:
    """What becomes of stale flags."""
    lines = []
    for step in found["plan"]:
        lines.append(f"{step['action'].ljust(7)} {step['key']}")
        if step["kept"]:
            lines.append(f"  {step['kept']}")
        else:
            lines += [f"  {reason['sentence']}" for reason in step["reasons"]]
        lines += [f"  ! {warning}" for warning in step["warnings"]]
    return "\n".join(lines)


def cleaned_up(found: Mapping[str, Any]) -> str:
    archived = count(sum(step["action"] == "archive" for step in found["plan"]), "flag")
    return f"{archived} archived. Generation {found['generation']} is being served."


def _item(item: Mapping[str, Any], name: str) -> Iterator[str]:
    yield ""
    yield f"{item['change']} {name} {item['key']}"
    yield from (f"  {line}" for line in difference_lines(item["differences"]))
    yield from (f"  ! {warning}" for warning in item["warnings"])


def _in_the_way(found: Mapping[str, Any]) -> Iterator[str]:
    if found["problems"]:
        yield from ("", f"{count(found['problem_count'], 'problem')} in the way:")
    for each in found["problems"]:
        yield f"  {each['path']}: {each['problem']}"
        if each["remedy"]:
            yield f"    {each['remedy']}"
    more = found["problem_count"] - len(found["problems"])
    if more > 0:
        yield f"  and {more:,} more"


def _missing(missing: Mapping[str, Sequence[str]]) -> Iterator[str]:
    named = [f"the {name} {key}" for kind, name in KINDS for key in missing[kind]]
    if named:
        yield from ("", f"Not there: {', '.join(named)}.")


def _counted(found: Mapping[str, Any], change: str) -> str:
    """`2 flags and 1 segment`, or nothing."""
    numbers = [
        (sum(item["change"] == change for item in found[kind]), name) for kind, name in KINDS
    ]
    return " and ".join(count(number, name) for number, name in numbers if number)


def _are(found: Mapping[str, Any], change: str) -> str:
    items = [item for kind, _ in KINDS for item in found[kind] if item["change"] == change]
    return "is" if len(items) == 1 else "are"
