"""How a policy tells of its incidents: prompts, closing, repetition. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from google.cloud import monitoring_v3

from local.monitoring.rules import InvalidRequest

AUTO_CLOSE_DEFAULT_SECONDS = 7 * 86_400
AUTO_CLOSE_LEAST_SECONDS = 1_800
REPETITION_LEAST_SECONDS = 1_800
REPETITION_LONGEST_SECONDS = 86_400

Prompt = monitoring_v3.AlertPolicy.AlertStrategy.NotificationPrompt
WHERE = "alert_policy.alert_strategy"


def check(strategy: Any, channels: Collection[str]) -> None:
    """Raises InvalidRequest. `channels` are those of the policy."""
    if strategy.HasField("notification_rate_limit"):
        raise InvalidRequest(
            f"Field {WHERE}.notification_rate_limit had an invalid value: only log-based alert "
            "policies may specify a notification rate limit."
        )
    prompts = list(strategy.notification_prompts)
    if prompts and sorted(prompts) not in (
        [Prompt.OPENED],
        sorted([Prompt.OPENED, Prompt.CLOSED]),
    ):
        raise InvalidRequest(
            f"Field {WHERE}.notification_prompts had an invalid value: it can be [OPENED] or "
            "[OPENED, CLOSED]."
        )
    if strategy.HasField("auto_close"):
        _check_between(
            strategy.auto_close, AUTO_CLOSE_LEAST_SECONDS, AUTO_CLOSE_DEFAULT_SECONDS, "auto_close"
        )
    for one in strategy.notification_channel_strategy:
        field = "notification_channel_strategy.renotify_interval"
        _check_between(
            one.renotify_interval, REPETITION_LEAST_SECONDS, REPETITION_LONGEST_SECONDS, field
        )
        for name in one.notification_channel_names:
            if name not in channels:
                raise InvalidRequest(
                    f"Field {WHERE}.notification_channel_strategy had an invalid value of "
                    f'"{name}": it is not among the channels of the policy.'
                )


def auto_close_seconds(strategy: Any) -> int:
    """After how long without data an open incident closes."""
    given = strategy.HasField("auto_close")
    return int(strategy.auto_close.ToSeconds()) if given else AUTO_CLOSE_DEFAULT_SECONDS


def tells_of_closing(strategy: Any) -> bool:
    """Whether channels are told when an incident closes; they are unless prompts say otherwise."""
    prompts = strategy.notification_prompts
    return not prompts or Prompt.CLOSED in prompts


def _check_between(duration: Any, least: int, longest: int, field: str) -> None:
    if not least <= duration.ToSeconds() <= longest:
        raise InvalidRequest(
            f'Field {WHERE}.{field} had an invalid value of "{duration.ToJsonString()}": it must '
            f"be from {least} s to {longest} s."
        )
