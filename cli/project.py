"""The verbs that work on the project's own Firestore, with the credentials of who runs them.

They found what the admin API needs to let anybody in, and check what it must not be able to hide.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cli.answer import UNHEALTHY, Answer, Failed

if TYPE_CHECKING:
    from functions.changes import Decision, View
    from functions.documents import Store

ACTOR = "cli"


def init(arguments: Namespace, _environ: Mapping[str, str]) -> Answer:
    """Founds the application's environments and appoints an administrator; repeats do no harm."""
    from functions.registry import environments, members

    names = list(dict.fromkeys(arguments.environment or ["production"]))
    steps: list[dict[str, Any]] = []
    with opened(arguments.project) as store:
        for name in names:
            done = _commit(store, arguments, name, environments.found(arguments.application))
            steps.append({"what": f"environment {name}", "new": done})
        appointing = members.appoint_administrator(arguments.administrator)
        done = _commit(store, arguments, names[0], appointing)
        steps.append({"what": f"administrator {arguments.administrator}", "new": done})
    data = {"project": arguments.project, "application": arguments.application, "steps": steps}
    return Answer(data, _told(arguments, steps))


def verify(arguments: Namespace, _environ: Mapping[str, str]) -> Answer:
    """Recomputes the audit trail of an application."""
    from functions import audit

    with opened(arguments.project) as store:
        found = audit.verify(store, arguments.application)
    data = {"ok": found.ok, "entries": found.entries, "problem": found.problem}
    if found.ok:
        return Answer(data, f"The audit trail holds: {found.entries} entries, none altered.")
    text = (
        f"The audit trail is broken after entry {found.entries}. {found.problem}\n"
        "Somebody wrote to Firestore around Palier. Compare with a backup from before."
    )
    return Answer(data, text, UNHEALTHY)


def _commit(
    store: Store, arguments: Namespace, environment: str, decide: Callable[[View], Decision]
) -> bool:
    """Whether it was new."""
    from functions.changes import Change, commit_change
    from functions.clock import SystemClock
    from functions.documents import Scope
    from functions.identity import Actor, Permission

    scope = Scope(arguments.application, environment)
    change = Change(scope, Actor.operator(ACTOR), Permission.MANAGE_MEMBERS, arguments.reason)
    return bool(commit_change(store, SystemClock(), change, decide).result)


def _told(arguments: Namespace, steps: list[dict[str, Any]]) -> str:
    lines = [f"Application {arguments.application} of the project {arguments.project}:"]
    lines += [f"  {step['what']}: {'made' if step['new'] else 'is there'}" for step in steps]
    return "\n".join(
        [
            *lines,
            "Next: sign in as the administrator, put the ID token into PALIER_TOKEN and the",
            "bundle's address into PALIER_URL, then try `palier flags list`.",
        ]
    )


@contextmanager
def opened(project: str) -> Iterator[Store]:
    """The project's store; what goes wrong with it in a few words."""
    from google.auth.exceptions import GoogleAuthError

    from functions.documents import Store
    from functions.errors import PalierError
    from functions.wiring import firestore_client

    try:
        yield Store(firestore_client(project))
    except GoogleAuthError as error:
        raise Failed(
            {
                "detail": f"The project {project} can't be opened: {error}",
                "remedy": "Run `gcloud auth application-default login` as somebody who may write "
                "to its Firestore; beside an emulator, set FIRESTORE_EMULATOR_HOST.",
            }
        ) from error
    except PalierError as error:
        problem = {"code": error.code, "detail": error.detail, "remedy": error.remedy}
        raise Failed(problem) from error
