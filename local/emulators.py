"""The Firebase Emulator Suite: functions, Firestore, Auth, Hosting, and Pub/Sub where it is.

    with emulators.running(ports.free(), name="tests") as suite:
        suite.function_url("api"), suite.hosting_url, suite.firestore_address, ...

firebase-tools reads a configuration that is made anew for each start, in a folder under
`.palier/suites/`: it holds the chosen ports and the Python that the virtual environment has, and
takes the logs that firebase-tools writes where it stands.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import jars, java
from local.firestore import PROJECT, warm_up
from local.paths import NODE_MODULES, ROOT, STATE
from local.ports import HOST, Ports, require_free
from local.processes import Processes, StartError, wait_for_text

REGION = "europe-west1"
READY = "All emulators ready!"
EMULATORS = ("functions", "firestore", "auth", "hosting")
SUITES = STATE / "suites"
SECRET = ROOT / ".secret.local"
STAND_IN_KEY = "OPENAI_API_KEY=local-stand-in\n"


@dataclass(frozen=True)
class Suite:
    """A running Emulator Suite: its addresses, and what a client needs to find it."""

    ports: Ports
    log: Path
    pubsub: bool
    project: str = PROJECT
    region: str = REGION

    @property
    def functions_url(self) -> str:
        """Where the functions are, without a slash at the end."""
        return f"http://{HOST}:{self.ports.functions}/{self.project}/{self.region}"

    def function_url(self, name: str) -> str:
        return f"{self.functions_url}/{name}"

    def schedule_url(self, name: str) -> str:
        """Where a scheduled function answers a POST, as from Cloud Scheduler."""
        return f"{self.functions_url}/{name}-0"

    @property
    def firestore_address(self) -> str:
        """host:port, as in FIRESTORE_EMULATOR_HOST."""
        return f"{HOST}:{self.ports.firestore}"

    @property
    def auth_address(self) -> str:
        """host:port, as in FIREBASE_AUTH_EMULATOR_HOST."""
        return f"{HOST}:{self.ports.auth}"

    @property
    def auth_url(self) -> str:
        return f"http://{self.auth_address}"

    @property
    def hosting_url(self) -> str:
        return f"http://{HOST}:{self.ports.hosting}"

    def environment(self) -> dict[str, str]:
        """For a process that is a client of this suite, with Google's and Firebase's libraries."""
        return {
            "FIRESTORE_EMULATOR_HOST": self.firestore_address,
            "FIREBASE_AUTH_EMULATOR_HOST": self.auth_address,
            "GCLOUD_PROJECT": self.project,
            "GOOGLE_CLOUD_PROJECT": self.project,
        }

    def functions(self) -> list[str]:
        """The names of the functions that firebase-tools found in main.py."""
        with urllib.request.urlopen(
            f"http://{HOST}:{self.ports.functions}/backends", timeout=10
        ) as answer:
            backends = json.load(answer)["backends"]
        return [
            function["entryPoint"] for each in backends for function in each["functionTriggers"]
        ]


def start(
    processes: Processes,
    ports: Ports,
    *,
    name: str,
    env: Mapping[str, str] | None = None,
    source: Path = ROOT,
    live_reload: bool = False,
) -> Suite:
    """Starts the suite; `env` reaches the functions. Raises PortError, StartError.

    With `live_reload` a changed source file is taken over at once, and the user's own `.env` files
    are read; without it neither can disturb a test.
    """
    pubsub = jars.pubsub_binary()
    names = [*EMULATORS, *(["pubsub"] if pubsub else [])]
    require_free({each: port for each, port in ports.named().items() if each in names})
    folder = _project_folder(name, ports, source, live_reload=live_reload)
    _secret(source)
    command = [str(NODE_MODULES / ".bin" / "firebase"), "emulators:start"]
    command += ["--project", PROJECT, "--only", ",".join(names), "--log-verbosity", "INFO"]
    child = processes.start(
        f"emulators-{name}",
        command,
        env={**environment(pubsub), **(env or {})},
        cwd=folder,
        ask=signal.SIGINT,
    )
    wait_for_text(READY, child, seconds=180)
    suite = Suite(ports, child.log, pubsub is not None)
    warm_up(suite.firestore_address)
    _require_functions(suite)
    return suite


@contextmanager
def running(
    ports: Ports,
    *,
    name: str,
    env: Mapping[str, str] | None = None,
    source: Path = ROOT,
    live_reload: bool = False,
) -> Iterator[Suite]:
    """The same for the length of a block."""
    with Processes() as processes:
        yield start(processes, ports, name=name, env=env, source=source, live_reload=live_reload)


def environment(pubsub: Path | None) -> dict[str, str]:
    """What firebase-tools and the functions need to run without the internet."""
    found = {
        "PATH": java.on_path(),
        jars.FIRESTORE_VARIABLE: str(jars.firestore_jar()),
        # Seconds; a busy machine needs more than 10. It bounds a new worker's first answer too, and
        # firebase-tools asks a scheduled function for one by running it, a tick for a minute.
        "FUNCTIONS_DISCOVERY_TIMEOUT": "150",
        "GOOGLE_APPLICATION_CREDENTIALS": "",  # nothing here may act on a real project
        "NO_GCE_CHECK": "true",  # no search for Google's metadata server
        "NO_UPDATE_NOTIFIER": "1",
        "FIREBASE_CLI_DISABLE_UPDATE_CHECK": "1",
        "NO_COLOR": "1",
        "THREADS": "8",
    }
    if pubsub:
        found[jars.PUBSUB_VARIABLE] = str(pubsub)
    return found


def _project_folder(name: str, ports: Ports, source: Path, *, live_reload: bool) -> Path:
    folder = SUITES / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "firestore.rules", folder / "firestore.rules")
    config = json.loads((ROOT / "firebase.json").read_text())
    local = local_config(config, folder, ports, source, live_reload=live_reload)
    (folder / "firebase.json").write_text(json.dumps(local, indent=2))
    return folder


def local_config(
    config: Mapping[str, Any], folder: Path, ports: Ports, source: Path, *, live_reload: bool
) -> dict[str, Any]:
    """firebase.json for a start in `folder`: other paths, the ports, and the Python there is."""
    [functions] = config["functions"]
    functions = {
        **functions,
        "source": _relative(source, folder),
        "runtime": runtime(),
    }
    if not live_reload:
        functions |= {"ignore": ["**"], "configDir": "."}
    hosting = {**config["hosting"], "public": _relative(ROOT / config["hosting"]["public"], folder)}
    return {
        **config,
        "functions": [functions],
        "hosting": hosting,
        "emulators": emulators_config(ports),
    }


def emulators_config(ports: Ports) -> dict[str, Any]:
    names = [*EMULATORS, "pubsub", "hub", "logging", "eventarc", "tasks"]
    numbers = ports.named()
    config: dict[str, Any] = {each: {"host": HOST, "port": numbers[each]} for each in names}
    config["firestore"]["websocketPort"] = ports.websocket
    return {**config, "ui": {"enabled": False}, "singleProjectMode": False}


def runtime() -> str:
    """The virtual environment's Python as firebase-tools names it: it starts `pythonX.Y`.

    firebase.json names the one that is deployed; this machine may have another.
    """
    return f"python{sys.version_info.major}{sys.version_info.minor}"


def _relative(path: Path, folder: Path) -> str:
    """`path` as seen from `folder`: firebase-tools joins its paths to the folder's."""
    return os.path.relpath(path, folder)


def _secret(source: Path) -> None:
    """Gives the functions a key for the stand-in, unless the user has a file of his own."""
    path = source / SECRET.name
    if not path.exists():
        path.write_text(STAND_IN_KEY)


def _require_functions(suite: Suite) -> None:
    try:
        found = suite.functions()
    except (OSError, http.client.HTTPException, KeyError) as error:
        raise StartError(f"The functions emulator doesn't answer. See {suite.log}") from error
    if not found:
        raise StartError(f"firebase-tools found no function in main.py. See {suite.log}")
