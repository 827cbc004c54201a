"""The verbs that bring flags in and out as documents."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cli.answer import UNHEALTHY, USAGE, Answer, Failed, Proposal
from cli.bundle import Environ, connect, json_file
from cli.http import Bundle
from cli.parts import WRITTEN_BYTES, parts
from cli.shown import plans as shown
from cli.shown.text import count, laid_out

Body = dict[str, Any]
Plan = Mapping[str, Any]
TOO_LARGE = "PAYLOAD_TOO_LARGE"
KINDS = ("flags", "segments")
FLAGDS_FORM = "\nflagd's form has no owners, tags or descriptions; --form palier loses nothing."


def export(arguments: Namespace, environ: Environ) -> Answer:
    """To a file, or to standard output."""
    found = connect(arguments, environ).get("/v1/export", {"form": arguments.form})
    text = "\n".join(laid_out(found))
    if arguments.file is None:
        return Answer(found, text)
    try:
        Path(arguments.file).write_text(text + "\n", encoding="utf-8", errors="surrogatepass")
    except OSError as error:
        raise Failed(
            {"detail": f"{arguments.file} can't be written: {error.strerror}"}, USAGE
        ) from error
    segments = found.get("segments") or found.get("$evaluators") or {}
    data = {"file": arguments.file, "flags": len(found["flags"]), "segments": len(segments)}
    told = f"{count(len(found['flags']), 'flag')} and {count(len(segments), 'segment')} "
    told += f"are in {arguments.file}."
    return Answer(data, told + (FLAGDS_FORM if arguments.form == "flagd" else ""))


def bring_in(arguments: Namespace, environ: Environ) -> Answer | Proposal:
    """In as many requests as it takes; the plans of all are shown first."""
    document = json_file(arguments.file)
    if not isinstance(document, dict):
        remedy = "Give what `palier flags export` wrote, or a document of flagd's."
        detail = f"{arguments.file} holds no JSON object."
        raise Failed({"detail": detail, "remedy": remedy}, USAGE)
    bundle = connect(arguments, environ)
    bodies, plans = _planned(bundle, document, arguments.reason)
    plan = merged(plans)
    into = arguments.environment or "the bundle's own environment"
    text = shown.plan(plan, f"Into {into}:")
    if plan["problems"]:
        return Answer(plan, f"{text}\n\nNothing was changed.", UNHEALTHY)
    if shown.nothing_to_do(plan):
        return Answer(plan, text)
    return Proposal(plan, text, "Import this?", lambda: _carried_out(bundle, bodies, plans))


def _planned(
    bundle: Bundle, document: Mapping[str, Any], reason: str
) -> tuple[list[Body], list[Plan]]:
    *first, last = WRITTEN_BYTES
    for written_bytes in first:
        try:
            return _in_parts(bundle, document, reason, written_bytes)
        except Failed as failed:
            if failed.problem.get("code") != TOO_LARGE:
                raise
    return _in_parts(bundle, document, reason, last)


def _in_parts(
    bundle: Bundle, document: Mapping[str, Any], reason: str, written_bytes: int
) -> tuple[list[Body], list[Plan]]:
    bodies = [{"document": part, "reason": reason} for part in parts(document, written_bytes)]
    return bodies, [bundle.post("/v1/import", body) for body in bodies]


def merged(plans: Sequence[Plan]) -> dict[str, Any]:
    """One plan of several, whose parts may hold the same segments."""
    items = {
        kind: {item["key"]: item for plan in reversed(plans) for item in plan[kind]}
        for kind in KINDS
    }
    told = {json.dumps(each, sort_keys=True): each for plan in plans for each in plan["problems"]}
    untold = sum(plan["problem_count"] - len(plan["problems"]) for plan in plans)
    return {
        "requests": len(plans),
        **{kind: [found[key] for key in sorted(found)] for kind, found in items.items()},
        "problems": list(told.values()),
        "problem_count": len(told) + untold,
        "missing": {
            kind: sorted({key for plan in plans for key in plan["missing"][kind]}) for kind in KINDS
        },
    }


def _carried_out(bundle: Bundle, bodies: Sequence[Body], plans: Sequence[Plan]) -> Answer:
    done: list[Plan] = []
    for body, plan in zip(bodies, plans, strict=True):
        try:
            done.append(_part(bundle, body, plan, first=not done))
        except Failed as failed:
            raise _interrupted(failed, len(done), len(bodies)) from failed
    whole = {**merged(done), "generation": done[-1]["generation"]}
    return Answer(whole, shown.done(whole))


def _part(bundle: Bundle, body: Body, plan: Plan, *, first: bool) -> Plan:
    """A part before may have brought what this one needs as well: planned anew, it must say the
    same of all else."""
    now = plan if first else bundle.post("/v1/import", body)
    if not _within(now, plan):
        raise Failed({"detail": "Somebody changed these flags since the plan was shown."})
    if shown.nothing_to_do(now):
        return now
    answer: Plan = bundle.post("/v1/import", {**body, "confirm": now["confirm"]})
    return answer


def _within(now: Plan, plan: Plan) -> bool:
    """Whether nothing happens but what was shown."""
    return not now["problems"] and all(
        item in plan[kind] for kind in KINDS for item in now[kind] if item["change"] != "same"
    )


def _interrupted(failed: Failed, done: int, of: int) -> Failed:
    if not done:
        return failed
    problem = failed.problem
    detail = f"{problem.get('detail', '')} {count(done, 'part')} of {of} came in before that."
    remedy = problem.get("remedy") or "Import the file again: what is in already stays the same."
    return Failed({**problem, "detail": detail.strip(), "remedy": remedy}, failed.exit_code)
