"""What the admin API answers about deliveries."""

from __future__ import annotations

from functions.administration import Answer, ChangeAnswer


class DeliveryView(Answer):
    """Times are epoch seconds. `due_at` is when it is tried next, `reason` why it was not taken."""

    id: str
    message: str
    channel: str
    about: str
    event: str
    severity: str
    created_at: float
    status: str
    attempts: int
    due_at: float | None
    ended_at: float | None
    reason: str


class DeliveryList(Answer):
    deliveries: list[DeliveryView]


class TextView(Answer):
    """In the languages of messages."""

    title: str
    text: str


class DeliveryAnswer(Answer):
    """`texts` are those of its message by language; none once that is gone."""

    delivery: DeliveryView
    texts: dict[str, TextView]


class DeliveryChanged(ChangeAnswer):
    delivery: DeliveryView
