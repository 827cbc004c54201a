"""OFREP over HTTP against an empty function of the same server, as deployed.

functions-framework with gunicorn, one worker, `main.py` and its real routes, a snapshot read from
the Firestore emulator. Both servers share one core; the load comes from the other. The rounds are
interleaved, so that whatever else the machine does falls on all alike.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterator
from contextlib import ExitStack

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from benchmarks.deployed import deployed, pinned_load
from benchmarks.flags import MISSED_RULES
from benchmarks.load import one_by_one, request_bytes, throughput
from benchmarks.row import Row
from functions.changes import Change, Decision, View, commit_change
from functions.clock import SystemClock
from functions.documents import Scope, Store
from functions.flags.clients.ofrep import BASE
from functions.flags.flag import Flag
from functions.flags.keys import ApiKey, Kind, new_key
from functions.flags.manage.publish import publish_moved
from functions.flags.split import Split
from functions.identity import Actor, Permission
from local import firestore as firestore_emulator
from local.paths import ROOT

EMPTY = ROOT / "benchmarks/empty/main.py"
SCOPE = Scope("main", "testing")
PROJECT = "demo-bench"
FLAGS = 50
ROUNDS = 7
ROUND_SECONDS = 0.9
HOSTILE_ROUNDS = 3
HOSTILE_SECONDS = 0.4
HOSTILE: dict[str, tuple[int, bytes]] = {
    "1 MB": (413, b'{"context": {"a": "' + b"x" * 1_000_000 + b'"}}'),
    "100,000 keys": (413, b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}"),
    "10,000 deep": (400, b'{"context": {"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}}"),
    "64 KiB of lists": (400, b'{"context": {"a": [' + b",".join([b"[]"] * 21_000) + b"]}}"),
    "64 KiB of keys": (
        400,
        b'{"context": {' + b",".join(b'"%x":1' % n for n in range(7_000)) + b"}}",
    ),
}
"""The status that each is refused with, and its body."""

CONTEXT = {"targetingKey": "user-1", "country": "FR", "plan": "free", "email": "mina@example.com"}


def rows() -> Iterator[Row]:
    with ExitStack() as running:
        # First, so that the emulator inherits the load's cores and leaves the server's alone.
        pinned = running.enter_context(pinned_load())
        address = running.enter_context(firestore_emulator.running(name="firestore-bench-http"))
        key = publish(address)
        given = _environment(address)
        empty, _ = running.enter_context(deployed("empty", given, EMPTY))
        api, _ = running.enter_context(deployed("api", given))
        requests = _requests(key)
        targets = {"empty": empty, "single": api, "bulk": api}
        for name, port in targets.items():
            throughput(port, requests[name], ROUND_SECONDS)  # warms up
        rounds = [
            {
                name: throughput(port, requests[name], ROUND_SECONDS)
                for name, port in targets.items()
            }
            for _ in range(ROUNDS)
        ]
        refusals = [_refusals(api, key, requests["single"]) for _ in range(HOSTILE_ROUNDS)]
    for name, title, limit in (
        ("single", "api.single_vs_empty", 0.9),
        ("bulk", "api.bulk50_vs_empty", 0.75),
    ):
        ratio = statistics.median(each[name] / each["empty"] for each in rounds)
        rate, floor = (statistics.median(each[n] for each in rounds) for n in (name, "empty"))
        where = "pinned to one core" if pinned else "not pinned: this system can't"
        detail = f"{rate:,.0f} answers a second against {floor:,.0f}, {where}"
        yield Row(title, ratio, "x", ">=", limit, detail)
    ratios = {name: statistics.median(each[name] for each in refusals) for name in HOSTILE}
    told = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
    yield Row("api.hostile_vs_single", min(ratios.values()), "x", ">=", 0.25, f"refused: {told}")


def _refusals(port: int, key: ApiKey, single: bytes) -> dict[str, float]:
    """How many of each hostile request are refused in the time of an evaluation.

    Each on a connection of its own: the server closes one whose body it has not read.
    """
    rate = one_by_one(port, single, HOSTILE_SECONDS)
    return {
        name: one_by_one(port, _asking(key, "/flag-07", body), HOSTILE_SECONDS, status) / rate
        for name, (status, body) in HOSTILE.items()
    }


def publish(address: str) -> ApiKey:
    """FLAGS flags with rules and splits, and a secret key, on the emulator at `address`."""
    os.environ["FIRESTORE_EMULATOR_HOST"] = address
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    store = Store(firestore.Client(project=PROJECT, credentials=credentials))
    key = new_key(Kind.SECRET, SCOPE)
    flags = [_flag(number) for number in range(FLAGS)]

    def decide(view: View) -> Decision:
        parts = {**publish_moved(view, flags), "keys": {key.id: key.record()}}
        return Decision(parts=parts)

    change = Change(SCOPE, Actor.operator("bench"), Permission.EDIT_FLAGS, "a benchmark")
    commit_change(store, SystemClock(), change, decide)
    return key


def _flag(number: int) -> Flag:
    targeting = {"if": MISSED_RULES}
    definition = {
        "state": "ENABLED",
        "variants": {"control": "A", "candidate": "B", "special": "C"},
        "defaultVariant": "control",
        "targeting": targeting,
    }
    split = Split(f"rollout-{number}", f"salt-{number}", "control", "candidate", 25)
    return Flag(f"flag-{number:02}", definition, client=True, split=split)


def _requests(key: ApiKey) -> dict[str, bytes]:
    body = json.dumps({"context": CONTEXT}).encode()
    return {
        "empty": request_bytes("127.0.0.1", "/", body, _headers(key)),
        "single": _asking(key, "/flag-07", body),
        "bulk": _asking(key, "", body),
    }


def _asking(key: ApiKey, path: str, body: bytes) -> bytes:
    return request_bytes("127.0.0.1", BASE + path, body, _headers(key))


def _headers(key: ApiKey) -> dict[str, str]:
    return {"Content-Type": "application/json", "Authorization": f"Bearer {key.text()}"}


def _environment(firestore_address: str) -> dict[str, str]:
    return {
        "FIRESTORE_EMULATOR_HOST": firestore_address,
        "GCLOUD_PROJECT": PROJECT,
        "PALIER_ENVIRONMENT": SCOPE.environment,
        "PALIER_EVALUATION_LIMIT": "100000000",  # counted, and never reached
        "THREADS": "80",
    }
