"""Finds the emulators that firebase-tools doesn't bring itself: Firestore's and Pub/Sub's.

In this order: the environment variable that firebase-tools knows too; the component of the Google
Cloud command line; firebase-tools' own download. Standard library only: set-up uses it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path

from local.paths import NODE_MODULES, STATE

FIRESTORE_VARIABLE = "FIRESTORE_EMULATOR_BINARY_PATH"
PUBSUB_VARIABLE = "PUBSUB_EMULATOR_BINARY_PATH"
MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
MANIFEST = "META-INF/MANIFEST.MF"
LINE = 72  # bytes, the jar format's limit without the line's end

HOW_TO_GET_FIRESTORE = f"""\
The Firestore emulator could not be found or downloaded. Any of these will do:
  - with internet access:            make start   (firebase-tools downloads it, 137 MB)
  - with the Google Cloud CLI:       gcloud components install cloud-firestore-emulator
                                     (Debian: apt-get install google-cloud-cli-firestore-emulator)
  - with the jar from elsewhere:     export {FIRESTORE_VARIABLE}=/path/to/the.jar
Then run the same command again."""


class MissingEmulatorError(Exception):
    """No Firestore emulator on this machine. The text says how to get it."""


def firestore_jar(*, download: bool = False) -> Path:
    """A jar that `java -jar` runs. Raises MissingEmulatorError."""
    found = _from_variable(FIRESTORE_VARIABLE) or _from_cloud_cli_firestore() or _downloaded_jar()
    if found is None and download:
        _download("firestore")
        found = _downloaded_jar()
    if found is None:
        raise MissingEmulatorError(HOW_TO_GET_FIRESTORE)
    return runnable(found)


def pubsub_binary() -> Path | None:
    """The Pub/Sub emulator's start script, or None: Palier runs without it."""
    return _from_variable(PUBSUB_VARIABLE) or _from_cloud_cli_pubsub() or _downloaded_pubsub()


def _from_variable(name: str) -> Path | None:
    text = os.environ.get(name, "")
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.is_file():
        raise MissingEmulatorError(f"{name} names {path}, which is not a file.")
    return path


def _from_cloud_cli_firestore() -> Path | None:
    inside = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
    return _in_cloud_cli(inside)


def _from_cloud_cli_pubsub() -> Path | None:
    return _in_cloud_cli(Path("platform/pubsub-emulator/bin/cloud-pubsub-emulator"))


def _in_cloud_cli(inside: Path) -> Path | None:
    """Looks beside the `gcloud` on PATH first: asking it takes a second or more."""
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return None
    beside = Path(gcloud).resolve().parent.parent
    if (beside / inside).is_file():
        return beside / inside
    if (beside / "platform").is_dir():
        return None  # this is the installation's root, and it lacks the component
    root = _cloud_cli_root(gcloud)  # a wrapper: only gcloud itself knows where it lives
    return root / inside if root and (root / inside).is_file() else None


def _cloud_cli_root(gcloud: str) -> Path | None:
    command = [gcloud, "info", "--format=value(installation.sdk_root)"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return Path(done.stdout.strip()) if done.stdout.strip() else None


def _cache() -> Path:
    chosen = os.environ.get("FIREBASE_EMULATORS_PATH", "")
    return Path(chosen) if chosen else Path.home() / ".cache" / "firebase" / "emulators"


def _downloaded_jar() -> Path | None:
    return _newest(_cache().glob("cloud-firestore-emulator-v*.jar"))


def _downloaded_pubsub() -> Path | None:
    return _newest(_cache().glob("pubsub-emulator-*/pubsub-emulator/bin/cloud-pubsub-emulator"))


def _newest(paths: Iterable[Path]) -> Path | None:
    return max(paths, key=lambda path: path.stat().st_mtime, default=None)


def _download(emulator: str) -> None:
    """Lets firebase-tools fetch it. Whether it worked shows in the cache."""
    firebase = NODE_MODULES / ".bin" / "firebase"
    if not firebase.exists():
        return
    command = [str(firebase), f"setup:emulators:{emulator}", "--non-interactive"]
    try:
        subprocess.run(command, capture_output=True, timeout=600, check=False)
    except (OSError, subprocess.SubprocessError):
        return


def runnable(jar: Path) -> Path:
    """The jar itself, or a shim for it: the Cloud CLI's jar doesn't name its main class."""
    with zipfile.ZipFile(jar) as archive:
        names = archive.namelist()
        manifest = archive.read(MANIFEST).decode() if MANIFEST in names else ""
    if "Main-Class:" in manifest:
        return jar
    content = shim_manifest(jar)
    shim = STATE / f"firestore-shim-{hashlib.sha256(content).hexdigest()[:12]}.jar"
    if not shim.exists():
        shim.parent.mkdir(parents=True, exist_ok=True)
        partial = shim.with_suffix(f".{os.getpid()}.partial")
        with zipfile.ZipFile(partial, "w") as archive:
            archive.writestr(MANIFEST, content)
        partial.replace(shim)
    return shim


def shim_manifest(jar: Path) -> bytes:
    """A manifest that starts the Firestore emulator from `jar`."""
    headers = [
        "Manifest-Version: 1.0",
        f"Main-Class: {MAIN_CLASS}",
        f"Class-Path: {jar.resolve().as_uri()}",
    ]
    return b"".join(wrap(header) for header in headers) + b"\r\n"


def wrap(header: str) -> bytes:
    """One header in lines of at most 72 bytes; continued lines start with a space."""
    rest = header.encode()
    lines = [rest[:LINE]]
    rest = rest[LINE:]
    while rest:
        lines.append(b" " + rest[: LINE - 1])
        rest = rest[LINE - 1 :]
    return b"\r\n".join(lines) + b"\r\n"
