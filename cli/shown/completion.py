"""What is left of rollouts as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import pairs, table, time

LEFT = {
    "end": "it has not ended",
    "verification": "the rollback is being verified",
    "flags": "temporary flags are left: `palier rollout remove-flags ID` once apps read them no "
    "more",
    "archive": "its figures are archived once a day",
    "lessons": "lessons are not written down: `palier rollout lessons ID --text …`",
}
BECAME = {
    "permanent": "is to stay",
    "version": "is to stay: it says which version users get",
    "archived": "is archived",
    "gone": "is gone",
    "left": "is temporary, and left",
}
HEAD = ("STAGE", "SHARE", "SINCE (UTC)", "ARM", "REQUESTS", "FAILED", "MEAN", "P95")


def completion(found: Mapping[str, Any]) -> str:
    left = [LEFT[name] for name in found["left"]]
    lines = [f"{found['id']} is {found['phase'].replace('_', ' ')}."]
    lines += [f"  Left: {each}." for each in left] or ["  Nothing is left to do."]
    about = [(each["flag"], _flag(each)) for each in found["flags"]]
    about += [
        ("rollback", found["rollback"] or ""),
        ("archived", _archived(found)),
        ("lessons", found["lessons"]["text"] if found["lessons"] else ""),
    ]
    return "\n".join([*lines, "", *pairs(about)])


def removed(answer: Mapping[str, Any]) -> str:
    """What became of the flags of a rollout when their removal was asked for."""
    generation = f"Generation {answer['generation']} is being served."
    return "\n".join([flags(answer), generation])


def flags(answer: Mapping[str, Any]) -> str:
    """Each of them, and what nobody can know of who reads them."""
    about = pairs([(each["flag"], _flag(each)) for each in answer["flags"]])
    return "\n".join([*about, *([answer["warning"]] if answer["warning"] else [])])


def archive(found: Mapping[str, Any]) -> str:
    rows = [
        (
            f"{each['stage']} {each['within']}",
            f"{each['percentage']:g} %",
            time(each["since"]),
            arm,
            str(figures["requests"]),
            str(figures["failures"]),
            _ms(figures["mean_ms"]),
            _ms(figures["p95_ms"]),
        )
        for each in found["stretches"]
        for arm, figures in _arms(each)
    ]
    until = "complete" if found["done"] else f"up to {time(found['through'])}"
    return f"{found['id']}: {until}, {len(found['hours'])} hours\n\n{table(HEAD, rows)}"


def _arms(stretch: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
    return sorted(stretch["arms"].items())


def _flag(flag: Mapping[str, Any]) -> str:
    asked = flag["last_evaluated_at"]
    text = BECAME[flag["became"]] + (f", last asked for {time(asked)}" if asked else "")
    return f"{text}. {flag['hindrance']}" if flag.get("hindrance") else text


def _archived(found: Mapping[str, Any]) -> str:
    if found["archived"]:
        return "yes"
    through = found["archived_through"]
    return f"up to {time(through)}" if through else "not yet"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"
