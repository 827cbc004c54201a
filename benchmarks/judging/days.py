"""Days of healthy candidates: how often one is taken back all the same.

Every day is another service, drawn from the day's number: how much is asked, by how many users, how
unlike they are, how often it fails. Odd days are a canary of a tenth all day, even ones a whole
ramp within the day. Days are appended to a file in batches, so a run that was interrupted goes on.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import exp, log
from pathlib import Path

import numpy as np

from benchmarks.judging.play import Play, baseline
from benchmarks.judging.scenarios import BEFORE, CANARY
from benchmarks.judging.traffic import World, requests
from functions.rollouts.plan import Criteria, Plan, Stage
from functions.stats.beta import log_survival

HOUR = 3_600
RAMP = Plan(
    "ramp",
    (
        Stage(10, 2 * HOUR, 12 * HOUR),
        Stage(25, 4 * HOUR, 12 * HOUR),
        Stage(50, 5 * HOUR, 12 * HOUR),
        Stage(100, 5 * HOUR, 12 * HOUR),
    ),
    watch_seconds=7.5 * HOUR,
    criteria=Criteria(1_000),
)
"""10, 25, 50 and 95 %, and the watch, within a day."""

HISTORY_SECONDS = 2 * HOUR

FILE = Path(__file__).resolve().parents[2] / ".palier" / "judge-days.jsonl"
BATCH = 25
ROOT = Path(__file__).resolve().parents[2]
ROLLOUTS = "judge harm limits latency suspicion spending checking health criteria evidence look"
RULES = (
    *(f"functions/rollouts/{name}.py" for name in ROLLOUTS.split()),
    *(f"functions/stats/{name}.py" for name in ("beta", "e_process", "fisher")),
)


def world(day: int) -> World:
    rng = np.random.default_rng(day)
    per_second = float(rng.choice([1.0, 3.0, 10.0], p=[0.65, 0.27, 0.08]))
    return World(
        per_second=per_second,
        users=round(per_second * _between(rng, 300, 3_000)),
        heavy=float(rng.uniform(0.3, 1.5)),
        error_rate=_between(rng, 0.001, 0.02),
        prone=float(rng.uniform(0, 1)),
        median_ms=_between(rng, 100, 4_000),
        spread=float(rng.uniform(0.3, 0.6)),
        users_spread=float(rng.uniform(0, 0.4)),
        drift=float(rng.uniform(0.05, 0.25)),
    )


def _between(rng: np.random.Generator, least: float, most: float) -> float:
    return float(exp(rng.uniform(log(least), log(most))))


def plan(day: int) -> Plan:
    return CANARY if day % 2 else RAMP


def moves(day: int) -> list[list[object]]:
    """[kind, rule, stage, seconds] of what was done in a day."""
    before = baseline(requests(world(day), BEFORE + day, HISTORY_SECONDS))
    played = Play(requests(world(day), day), plan(day), before=before).moves()
    return [[each.kind, each.rule, each.stage, each.seconds] for each in played]


def run(until: int, file: Path = FILE) -> Iterator[int]:
    """Plays the days below `until` that are not in the file yet; how many are in it, after each
    batch."""
    file.parent.mkdir(exist_ok=True)
    done = {line["first"] for line in read(file)}
    rules = fingerprint()
    for first in range(0, until, BATCH):
        if first in done:
            continue
        played = [moves(day) for day in range(first, first + BATCH)]
        line = {"first": first, "days": BATCH, "rules": rules, "moves": played}
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
        done.add(first)
        yield len(done) * BATCH


def read(file: Path = FILE) -> list[Mapping[str, object]]:
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@dataclass
class Days:
    """What came of healthy candidates. `same_rules`: days under the rules as they stand now."""

    days: int = 0
    same_rules: int = 0
    ramps: int = 0
    back: Counter[str] = field(default_factory=Counter)
    """By rule: those taken back to the control."""
    stepped: Counter[str] = field(default_factory=Counter)
    """Those taken back to the split before."""
    paused: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    """Of the ramps: those that succeeded within the day."""

    @property
    def upper(self) -> float:
        return upper(sum(self.back.values()), self.days)


def summed(lines: Sequence[Mapping[str, object]]) -> Days:
    found, rules = Days(), fingerprint()
    for line in lines:
        played = line["moves"]
        assert isinstance(played, list)
        found.days += len(played)
        found.same_rules += len(played) if line["rules"] == rules else 0
        for moves in played:
            found.ramps += any(kind in ("watching", "succeeded") for kind, *_ in moves)
            for kind, rule, *_ in moves:
                found.back[rule] += kind == "rolled_back"
                found.stepped[rule] += kind == "stepped_back"
                found.paused[rule] += kind == "paused"
                found.finished += kind == "succeeded"
    return found


def upper(events: int, days: int) -> float:
    """The upper 95 % bound of a share (Clopper and Pearson): where so few would come in 5 %."""
    if events >= days:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if exp(log_survival(events + 1.0, float(days - events), middle)) > 0.05:
            low = middle
        else:
            high = middle
    return high


def fingerprint() -> str:
    """Of what decides, without its comments."""
    found = sha256()
    for path in RULES:
        found.update(_code(ROOT / path).encode())
    return found.hexdigest()[:12]


def _code(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [
                each
                for each in body
                if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
            ]
            node.body = kept  # type: ignore[attr-defined]
    return ast.dump(tree)
