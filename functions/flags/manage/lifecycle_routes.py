"""How flags live and end, over the admin API.

GET  /v1/flags/{key}/evaluations    how often it gave each variant, by day (?days=30)
GET  /v1/stale-flags                those that have had their time, and why (?limit=100&after=KEY)
POST /v1/stale-flags/clean-up       the plan of archiving some; with its token, that is done
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flask

from functions import web
from functions.administration import Administration
from functions.description import AFTER, described, limit
from functions.errors import FailedPrecondition, InvalidArgument, NotFound
from functions.flags.counts import SYNCED
from functions.flags.manage import evaluation_store, stale_flags
from functions.flags.manage.clean_up import clean_up
from functions.flags.manage.lifecycle_answers import (
    CleanUp,
    CleanUpAnswer,
    EvaluationsAnswer,
    StaleFlags,
)
from functions.flags.manage.publish import FLAGS_COLLECTION
from functions.flags.manage.users import Uses, users_of
from functions.flags.stale import Stale, requirements
from functions.flags.sums import KEPT_DAYS, day_of_flag, days_until
from functions.flags.validation import KEY, check_key
from functions.identity import Permission

USUAL_DAYS = 30
USUAL_LIST = 100
LARGEST_LIST = 500


def blueprint(administration: Callable[[], Administration], uses: Uses) -> flask.Blueprint:
    """`administration` is asked on the first request. `uses` tells what rooms above use flags."""
    routes = flask.Blueprint("lifecycle", __name__)
    _add_counts(routes, administration)
    _add_stale(routes, administration, uses)
    return routes


def _add_counts(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/flags/<key>/evaluations")
    @described(
        "How often it gave each variant, by day",
        answers={200: EvaluationsAnswer},
        path={"key": f"^{KEY.pattern}$"},
        query=[limit(USUAL_DAYS, KEPT_DAYS)._replace(name="days", summary="How many days.")],
    )
    def counts(key: str) -> Any:
        admin = administration()
        scope = admin.read()
        check_key(key)
        days = _days()
        if admin.store.get(scope.doc(FLAGS_COLLECTION, key)) is None:
            raise NotFound(f"There is no flag {key!r} in this environment.")
        counted = evaluation_store.last_evaluated(admin.store, scope)
        names = days_until(admin.clock.now(), days)
        found = evaluation_store.counts_of(admin.store, scope, names)
        shown = [
            day_of_flag(day, found[day][key]).to_view()
            for day in names
            if key in found.get(day, {})
        ]
        answer = {
            "key": key,
            "counting_since": counted.since,
            "last_evaluated_at": counted.at.get(key),
            "days": shown,
        }
        return web.answer(answer)


def _add_stale(
    routes: flask.Blueprint, administration: Callable[[], Administration], uses: Uses
) -> None:
    @routes.get("/v1/stale-flags")
    @described(
        "Flags that have had their time, and why",
        answers={200: StaleFlags},
        query=[limit(USUAL_LIST, LARGEST_LIST), AFTER],
    )
    def stale() -> Any:
        admin = administration()
        scope = admin.read()
        most, after = web.list_limit(USUAL_LIST, LARGEST_LIST), flask.request.args.get("after", "")
        found = stale_flags.look(admin.store, scope, admin.clock.now())
        page = [each for each in found.stale if each.key > after][:most]
        flags = [each.flag for each in page]
        users = users_of(admin.store, scope, flags, requirements(found.flags), uses)
        answer = {
            "found": len(found.stale),
            "counting_since": found.counted.since,
            "flagd_fetched_at": found.counted.at.get(SYNCED),
            "flags": [_shown(each, users) for each in page],
        }
        return web.answer(answer)

    @routes.post("/v1/stale-flags/clean-up")
    @described(
        "Archive stale flags: first the plan, then, with its token, the change",
        body=CleanUp,
        answers={200: CleanUpAnswer},
        errors=(FailedPrecondition,),
    )
    def clean() -> Any:
        body = web.parse(CleanUp)
        decide = clean_up(body.keys, body.confirm, uses)
        outcome = administration().commit(Permission.EDIT_FLAGS, body, decide)
        return web.answer({"generation": outcome.generation, **outcome.result.to_view()})


def _days() -> int:
    days = web.whole_number("days") or USUAL_DAYS
    if days > KEPT_DAYS:
        raise InvalidArgument(f"`days` is at most {KEPT_DAYS}: older counts are not kept.")
    return days


def _shown(stale: Stale, users: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    flag, used_by = stale.flag, list(users[stale.key])
    return {
        "key": flag.key,
        "revision": flag.revision,
        "owner": flag.owner,
        "description": flag.description,
        "killed": flag.killed,
        "reasons": [reason.to_view() for reason in stale.reasons],
        "last_evaluated_at": stale.last_evaluated_at,
        "can_be_archived": not used_by and not flag.killed,
        "used_by": used_by,
    }
