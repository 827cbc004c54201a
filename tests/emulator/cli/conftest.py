"""The command line against `admin`, as an instance serves it over HTTP on the emulator."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from google.cloud import firestore
from werkzeug.serving import make_server

from cli.__main__ import main
from cli.http import Bundle
from functions.documents import Store
from tests.emulator.instances import instances
from tests.tokens import id_token

ENVIRONMENTS = ("production", "staging", "testing")


@dataclass
class Terminal:
    """`palier`, as an administrator types it: what it answers goes to `out` and `err`."""

    environ: dict[str, str]
    capsys: pytest.CaptureFixture[str]
    store: Store
    out: str = ""
    err: str = ""

    def palier(self, *words: str, reason: str = "a test", code: int = 0) -> str:
        """Must exit with `code`; what it said on standard output."""
        told = ("--reason", reason) if reason else ()
        found = main([*words, *told], self.environ)
        captured = self.capsys.readouterr()
        self.out, self.err = captured.out, captured.err
        assert found == code, (words, self.out, self.err)
        return self.out

    def read(self, *words: str, code: int = 0) -> str:
        """A verb that takes no reason."""
        return self.palier(*words, reason="", code=code)

    def create(self, path: str, environment: str = "production", **content: Any) -> None:
        """By the admin API itself, what the command line has no verb for."""
        scope = {"environment": environment}
        bundle = Bundle(self.environ["PALIER_URL"], self.environ["PALIER_TOKEN"], scope)
        bundle.post(path, {"reason": "a test", **content})


@pytest.fixture
def terminal(
    firestore_client: firestore.Client,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Terminal]:
    project = str(firestore_client.project)
    with instances(project, monkeypatch) as serve:
        server = make_server("127.0.0.1", 0, serve("admin").application, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        environ = {
            "PALIER_URL": f"http://127.0.0.1:{server.port}",
            "PALIER_TOKEN": id_token("boss", project),
        }
        try:
            _found(project)
            capsys.readouterr()
            yield Terminal(environ, capsys, store)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _found(project: str) -> None:
    """The first request to an emulator that has just begun may come to nothing."""
    who = ("--administrator", "boss", "--reason", "a test")
    environments = [word for name in ENVIRONMENTS for word in ("--environment", name)]
    words = ["init", "--project", project, *who, *environments]
    assert any(main(words, {}) == 0 for _ in range(5))
