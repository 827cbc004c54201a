"""Every Cloud Function of the bundle, with its options. No logic: the table of contents.

Each names all that it may use. Without `cpu`, a function would get a sixth of one and serve one
request at a time; what isn't named is reset at each deploy. The server's THREADS (in `.env`) match
the highest concurrency. A tick that fails or dies is delivered again after 5 s, not a minute later.
"""

from zoneinfo import ZoneInfo

import firebase_admin
from firebase_functions import https_fn, options, scheduler_fn
from flask import Request, Response

from functions import admin as admin_surface
from functions import api as api_surface
from functions import callables, log, web, wiring
from functions.settings import OPENAI_API_KEY

log.keep_requests_out()
firebase_admin.initialize_app()
api_surface.put_hot_routes_ahead()
web.refuse_strays(api_surface.FUNCTION, admin_surface.FUNCTION)

REGION = wiring.REGION
CORS = options.CorsOptions(
    cors_origins=list(wiring.settings().allowed_origins), cors_methods=["get", "post", "delete"]
)
APP_CHECK = wiring.settings().app_check


def _fault(status: str, message: str, details: dict[str, object]) -> https_fn.HttpsError:
    return https_fn.HttpsError(https_fn.FunctionsErrorCode(status), message, details)


@https_fn.on_request(
    region=REGION,
    cpu=wiring.STORY_CPUS,
    concurrency=80,
    memory=wiring.STORY_MEMORY_MB,
    timeout_sec=60,
    secrets=[OPENAI_API_KEY],
    cors=CORS,
)
def api(request: Request) -> Response:
    """For client apps: OFREP, stories, health."""
    return api_surface.serve(request)


@https_fn.on_request(region=REGION, cpu=1, concurrency=40, memory=512, timeout_sec=60, secrets=[])
def admin(request: Request) -> Response:
    """For the dashboard, the command line and CI: every change."""
    return admin_surface.serve(request)


@https_fn.on_call(
    region=REGION,
    cpu=1,
    concurrency=80,
    memory=512,
    timeout_sec=30,
    secrets=[],
    cors=CORS,
    enforce_app_check=APP_CHECK,
)
def evaluate_flags(request: https_fn.CallableRequest[object]) -> object:
    """Flags for the Firebase SDKs."""
    return callables.answer(callables.evaluate_flags, request, _fault)


@https_fn.on_call(
    region=REGION,
    cpu=wiring.STORY_CPUS,
    concurrency=80,
    memory=wiring.STORY_MEMORY_MB,
    timeout_sec=60,
    secrets=[OPENAI_API_KEY],
    cors=CORS,
    enforce_app_check=APP_CHECK,
)
def generate_story(request: https_fn.CallableRequest[object]) -> object:
    """A story for the user who is signed in."""
    return callables.answer(callables.generate_story, request, _fault)


@https_fn.on_request(
    region=REGION,
    cpu=wiring.STORY_CPUS,
    concurrency=80,
    memory=wiring.STORY_MEMORY_MB,
    timeout_sec=60,
    secrets=[OPENAI_API_KEY],
    cors=CORS,
)
def stream_story(request: Request) -> Response:
    """The same told while it is being written, for the Firebase JavaScript SDK's `.stream()`."""
    return callables.stream_story(request)


@scheduler_fn.on_schedule(
    schedule="* * * * *",
    region=REGION,
    cpu=1,
    concurrency=4,
    memory=1024,
    timeout_sec=120,
    retry_count=5,
    min_backoff_seconds=5,
    max_backoff_seconds=5,
    secrets=[],
)
def tick(_event: scheduler_fn.ScheduledEvent) -> None:
    """The control loop: see, judge, act, then tell."""
    from functions.tick import tick as run

    run(wiring.minute())


@scheduler_fn.on_schedule(
    schedule="30 3 * * *",
    timezone=ZoneInfo("Etc/UTC"),
    region=REGION,
    cpu=1,
    concurrency=1,
    memory=512,
    timeout_sec=540,
    secrets=[],
)
def daily(_event: scheduler_fn.ScheduledEvent) -> None:
    """Maintenance."""
    from functions.daily import daily as run

    run(wiring.store(), wiring.CLOCK)
