"""Flags as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.shown.differences import lines as difference_lines
from cli.shown.text import WIDTH, below, laid_out, named, one_line, pairs, table, time

IN_CODE = "the default in the app's code"
SWITCHED = {"killed": ("revived", "killed"), "archived": ("published again", "archived")}
Shown = Mapping[str, Any]


def flags(found: Sequence[Shown]) -> str:
    if not found:
        return "No flags yet."
    rows = [
        (
            each["key"],
            state(each),
            ", ".join(each["definition"]["variants"]),
            str(each["definition"].get("defaultVariant") or "-"),
            "yes" if each["client"] else "no",
            str(each["revision"]),
            each["description"],
        )
        for each in found
    ]
    head = ("KEY", "STATE", "VARIANTS", "DEFAULT", "CLIENT", "REVISION", "DESCRIPTION")
    return table(head, rows)


def state(flag: Shown) -> str:
    """What decides first, in a word or two."""
    if flag["archived"]:
        return "archived"
    if flag["killed"]:
        return "killed"
    if flag["split"]:
        return f"rollout {flag['split']['rollout']}"
    return str(flag["definition"].get("state", "ENABLED")).lower()


def flag(found: Shown) -> str:
    """Everything about one."""
    definition = found["definition"]
    variants = definition["variants"]
    lines = [f"{found['key']}: {state(found)}"]
    lines += [found["description"]] if found["description"] else []
    about = [
        (
            "variants",
            one_line(variants) if len(one_line(variants)) < WIDTH else ", ".join(variants),
        ),
        ("default", definition.get("defaultVariant") or IN_CODE),
        ("seen by", "client apps and servers" if found["client"] else "servers only"),
        ("owner", found["owner"]),
        ("tags", ", ".join(found["tags"])),
        ("stays", _until(found)),
        ("metadata", one_line(definition["metadata"]) if definition.get("metadata") else ""),
        ("revision", f"{found['revision']}, changed at {time(found['updated_at'])} UTC"),
        ("evaluated", _evaluated(found)),
    ]
    return "\n".join([*lines, "", *pairs(about), "", *_layers(found)])


def changed(answer: Shown, command: str, to: int | None = None) -> str:
    """After a command: what holds now."""
    found = answer["flag"]
    now = {
        "kill": f"is killed: everybody gets {everybody_gets(found)}",
        "revive": "is alive: its rules decide",
        "archive": "is archived: apps use the default in their code",
        "restore": f"is as it was at revision {to}" if to else "is published again",
        "delete": "is deleted",
    }
    return f"{found['key']} {now[command]}.\nGeneration {answer['generation']} is being served."


def everybody_gets(flag: Shown) -> str:
    """What the kill switch does."""
    return flag["off_variant"] or IN_CODE


def history(revisions: Sequence[Shown], older: Shown | None) -> str:
    """The newest first, each with what it changed; `older` is the one before the last of them."""
    if not revisions:
        return "Nothing is known of its past."
    told = []
    for now, before in zip(revisions, [*revisions[1:], older], strict=True):
        lines = [f"revision {now['revision']}  {time(now['at'])} UTC  {now['by']}"]
        lines += [f"  {now['reason']}"] if now["reason"] else []
        lines += [f"    {line}" for line in _what(now, before)]
        told.append("\n".join(lines))
    return "\n\n".join(told)


def _what(now: Shown, before: Shown | None) -> list[str]:
    if before is None:
        return ["created" if now["revision"] == 1 else "what came before is no longer kept"]
    from functions.flags.difference import differences

    found = differences(before["content"], now["content"])
    told = [words[now[name]] for name, words in SWITCHED.items() if now[name] != before[name]]
    told += difference_lines(each.to_dict() for each in found)
    return told or ["nothing is different"]


def _evaluated(flag: Shown) -> str:
    at = flag.get("last_evaluated_at")
    return f"last at {time(at)} UTC" if at else "not since this has been counted"


def _until(flag: Shown) -> str:
    if flag["permanent"]:
        return "for good"
    return f"until {time(flag['ends_at'])} UTC" if flag["ends_at"] else ""


def _layers(flag: Shown) -> Iterator[str]:
    """From the outside inwards."""
    definition, off = flag["definition"], everybody_gets(flag)
    if flag["archived"]:
        yield "It is archived: not published, apps use the default in their code."
        return
    yield "What decides, from the first to the last:"
    told = [("kill switch", f"{'pulled' if flag['killed'] else 'not pulled'}; it gives {off}")]
    if definition.get("state") == "DISABLED":
        told.append(("state", f"disabled: {IN_CODE}"))
    told += [
        ("prerequisite", f"{each['flag']} gives {' or '.join(each['variants'])}, else {off}")
        for each in flag["prerequisites"]
    ]
    told += [(f"users of {name}", named(users)) for name, users in flag["targets"].items() if users]
    width = WIDTH - max(len(name) for name, _ in told) - 4
    rules = laid_out(definition["targeting"], width) if definition.get("targeting") else []
    told += below("rules", rules)
    split = flag["split"]
    if split:
        share = f"{split['percentage']:g} % {split['candidate']}, the others {split['control']}"
        told.append((f"rollout {split['rollout']}", share))
    told.append(("else", definition.get("defaultVariant") or IN_CODE))
    yield from pairs(told)
