from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from local import emulators
from local.emulators import Suite
from local.paths import NODE, ROOT
from local.ports import Ports

CONFIG = json.loads((ROOT / "firebase.json").read_text())


def _local(*, live_reload: bool) -> dict[str, Any]:
    folder = ROOT / ".palier" / "suites" / "x"
    return emulators.local_config(CONFIG, folder, Ports(), ROOT, live_reload=live_reload)


def test_a_local_start_names_the_python_that_the_virtual_environment_has() -> None:
    [functions] = _local(live_reload=True)["functions"]
    assert functions["runtime"] == f"python3{sys.version_info.minor}"
    assert functions["source"] == "../../.."
    assert functions["ignore"] == CONFIG["functions"][0]["ignore"]


def test_without_live_reload_no_change_and_no_env_file_of_the_user_is_taken_over() -> None:
    [functions] = _local(live_reload=False)["functions"]
    assert (functions["ignore"], functions["configDir"]) == (["**"], ".")


def test_what_is_not_the_machines_business_stays_as_deployed() -> None:
    config = _local(live_reload=False)
    assert config["hosting"]["rewrites"] == CONFIG["hosting"]["rewrites"]
    assert config["hosting"]["headers"] == CONFIG["hosting"]["headers"]
    assert config["firestore"] == CONFIG["firestore"]
    assert config["emulators"]["auth"] == {"host": "127.0.0.1", "port": 9099}


def test_addresses() -> None:
    suite = Suite(Ports(functions=1, firestore=2, auth=3, hosting=4), Path("log"), pubsub=False)
    assert suite.function_url("api") == "http://127.0.0.1:1/demo-palier/europe-west1/api"
    assert suite.schedule_url("tick") == "http://127.0.0.1:1/demo-palier/europe-west1/tick-0"
    assert suite.environment()["FIRESTORE_EMULATOR_HOST"] == "127.0.0.1:2"
    assert (suite.auth_url, suite.hosting_url) == ("http://127.0.0.1:3", "http://127.0.0.1:4")


# firebase-tools' own code decides what is packed, as `firebase deploy` does.
LIST = """
const {readdirRecursive} = require("firebase-tools/lib/fsAsync");
const [path, ignore] = JSON.parse(process.argv[1]);
readdirRecursive({path, ignoreStrings: ignore}).then((files) =>
    console.log(JSON.stringify(files.map((file) => file.name))));
"""


def test_only_what_runs_is_uploaded() -> None:
    arguments = json.dumps([str(ROOT), CONFIG["functions"][0]["ignore"]])
    command = ["node", "-e", LIST, arguments]
    done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, check=True)
    uploaded = {Path(name).relative_to(ROOT) for name in json.loads(done.stdout)}
    assert {path.parts[0] for path in uploaded} <= {"main.py", "functions", "requirements.txt"}
    assert not [path for path in uploaded if path.suffix == ".pyc"]
    files = (path for path in (ROOT / "functions").rglob("*") if path.is_file())
    assert {path.relative_to(ROOT) for path in files if path.suffix != ".pyc"} <= uploaded
