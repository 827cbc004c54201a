"""Who may do what: memberships and administrators. Pure decisions for `commit_change`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from functions import identity
from functions.changes import Decision, Entry, View
from functions.documents import Document, Write
from functions.errors import NotFound
from functions.identity import Membership
from functions.published import timestamp

Decide = Callable[[View], Decision]


def appoint_administrator(uid: str) -> Decide:
    """Makes a person an MSP Admin: everything, everywhere."""

    def decide(view: View) -> Decision:
        path = identity.administrator_path(uid)
        if view.get(path):
            return Decision(result=False)
        return Decision(
            writes=[Write.create(path, {"appointed_at": timestamp(view.now)})],
            entries=[Entry("administrator.appoint", path, after={"role": "msp_admin"})],
            result=True,
        )

    return decide


def grant(uid: str, role: str, environments: Sequence[str]) -> Decide:
    """Gives a person a role in environments of the application, in place of what they had.

    Who grants must be allowed to in every environment that the person gains or had.
    """

    def decide(view: View) -> Decision:
        path = identity.membership_path(view.scope.application, uid)
        before = view.get(path)
        view.require_in({*environments, *_environments(before)})
        after = {"role": role, "environments": sorted(set(environments))}
        data = {**after, "granted_at": timestamp(view.now)}
        write = Write.update(before, data) if before else Write.create(path, data)
        entry = Entry("member.grant", path, before=_shown(before), after=after)
        return Decision(writes=[write], entries=[entry], result={"uid": uid, **after})

    return decide


def revoke(uid: str) -> Decide:
    """Takes a person's membership away, by somebody who may in all its environments.

    Raises NotFound.
    """

    def decide(view: View) -> Decision:
        path = identity.membership_path(view.scope.application, uid)
        before = view.get(path)
        if before is None:
            raise NotFound("This person is no member of the application.")
        view.require_in(_environments(before))
        entry = Entry("member.revoke", path, before=_shown(before))
        return Decision(writes=[Write.delete(before)], entries=[entry], result={"uid": uid})

    return decide


def _environments(document: Document | None) -> frozenset[str]:
    return Membership.from_document(document.data).environments if document else frozenset()


def _shown(document: Document | None) -> dict[str, Any] | None:
    if document is None:
        return None
    member = Membership.from_document(document.data)
    return {"role": member.role, "environments": sorted(member.environments)}
