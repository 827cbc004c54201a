"""An empty function, served as `api` is."""

from typing import Any

from firebase_functions import https_fn


@https_fn.on_request()
def empty(_request: Any) -> Any:
    """Answers, and does nothing else."""
    return "ok"
