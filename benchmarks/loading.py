"""A cold instance loads the flags of a large environment: time and memory, in fresh processes.

From the part as it lies in Firestore to the first evaluation: decompressed, read as JSON, compiled.
Every flag has three rules and a rollout's split, each with a salt of its own.

Why these budgets: Palier promises 5,000 flags an environment, and a cold instance has its first
caller waiting meanwhile. A second on top of Firestore's answer is what we let that be. An instance
of `api` has 512 MiB, of which a tenth or so may go into flags.
"""

from __future__ import annotations

import gc
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.row import Row

ROOT = Path(__file__).resolve().parent.parent
FLAGS = 5_000
ROUNDS = 5
VARIANTS = {"control": "A", "candidate": "B", "special": "C"}
COUNTRIES = ("CH", "FR", "DE", "AT", "IT", "US", "GB", "JP")
PLANS = ("free", "basic", "pro", "partner", "enterprise")


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "part"
        body, size = stored_part(FLAGS)
        stored.write_bytes(body)
        rounds = [_load(stored) for _ in range(ROUNDS)]
    median = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    seconds, reading = median["seconds"], median["reading"]
    detail = (
        f"{FLAGS:,} flags, {size / 1e6:.1f} MB of JSON, {len(body) / 1e3:.0f} kB stored: CPU to "
        f"the first evaluation; {seconds / reading:.0f} times reading the JSON"
    )
    yield Row("flags.load_5000_seconds", seconds, "s", "<=", 1.0, detail)
    detail = "peak of resident memory above what the imports take; the JSON, parsed, is kept too"
    yield Row("flags.load_5000_mb", median["megabytes"], "MB", "<=", 60, detail)


def stored_part(count: int) -> tuple[bytes, int]:
    """The part "flags" as Firestore keeps it, and how many bytes of JSON are in it."""
    from functions.flags.flag import Flag
    from functions.flags.publication import Edit, published
    from functions.published import FLAGS as PART
    from functions.published import canonical, encode_part

    draw = random.Random(count)
    flags = [Flag(**_flag(draw, number)) for number in range(count)]
    content = published({}, Edit(flags=flags))
    return encode_part(PART, content, 0.0)[1]["body"], len(canonical(content).encode())


def _flag(draw: random.Random, number: int) -> dict[str, Any]:
    from functions.flags.split import Split

    rules: list[Any] = [
        {"==": [{"var": "country"}, draw.choice(COUNTRIES)]},
        "special",
        {"in": [{"var": "plan"}, draw.sample(PLANS, 2)]},
        "special",
        {"ends_with": [{"var": "email"}, f"@{draw.randbytes(4).hex()}.example"]},
        "special",
    ]
    salt = draw.randbytes(10).hex()
    return {
        "key": f"area-{draw.randrange(100)}.flag-{number}",
        "definition": {
            "state": "ENABLED",
            "variants": VARIANTS,
            "defaultVariant": "control",
            "targeting": {"if": rules},
        },
        "description": f"Decides about {draw.randbytes(12).hex()}.",
        "client": draw.random() < 0.5,
        "split": Split(f"rollout-{number}", salt, "control", "candidate", draw.randrange(101)),
    }


def _load(stored: Path) -> dict[str, float]:
    """{seconds, reading, megabytes} of one load in a fresh interpreter."""
    command = [sys.executable, "-m", "benchmarks.loading", str(stored)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"loading failed: {done.stderr[-1000:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(stored: Path) -> None:
    from functions.documents import Scope
    from functions.flags.content import assemble
    from functions.published import Pointer, decode_part, part_text

    part = {"body": stored.read_bytes()}
    before = _peak_megabytes()
    started = time.process_time()
    held = {"hash": decode_part(part)}
    pointer = Pointer(1, {"flags": "hash"})
    content = assemble(Scope("main", "testing"), pointer, held, None, time.time)
    evaluator = content.snapshot.evaluator
    evaluator.evaluate(evaluator.keys[0], {"targetingKey": "user-1"})
    seconds = time.process_time() - started
    megabytes = _peak_megabytes() - before
    text = part_text(part)
    gc.disable()  # as it is when there is little else in memory yet
    started = time.process_time()
    json.loads(text)
    reading = time.process_time() - started
    print(json.dumps({"seconds": seconds, "reading": reading, "megabytes": megabytes}))


def _peak_megabytes() -> float:
    """The most memory that this process has had resident."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource  # macOS counts in bytes

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main(Path(sys.argv[1]))
