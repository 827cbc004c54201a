"""One event loop a process, on a thread of its own, for calls that need a deadline that holds.

The client library's own timeout is per read: a body that drips passes it for ever. Cancelling a
task of an event loop ends it wherever it waits and closes its socket, so calls run here and the
request's thread waits for them.

The loop is made at first use, never at import: Cloud Functions import this code in a parent process
and serve in a forked child, which has none of the parent's threads.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class BackgroundLoop:
    """Thread-safe. A process that was forked gets a loop of its own."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._owner: int | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._running())

    def close(self) -> None:
        """Ends what is still running, then the loop and its thread. For tests and local servers."""
        with self._lock:
            loop, thread, owner = self._loop, self._thread, self._owner
            self._loop = self._thread = self._owner = None
        if loop is None or thread is None or owner != os.getpid():
            return
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(timeout=5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._owner != os.getpid():
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name=self._name, daemon=True
                )
                self._thread.start()
                self._owner = os.getpid()
            return self._loop


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
