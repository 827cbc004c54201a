"""Sends one letter over one channel, whatever its kind, and says what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from functions import log
from functions.alerts.channels import mail, pagerduty, slack, webhook
from functions.alerts.channels.channel import (
    PASSWORD,
    ROUTING_KEY,
    SIGNING,
    URL,
    Channel,
    Kind,
    Secrets,
)
from functions.alerts.channels.letter import Letter
from functions.alerts.channels.outcome import TAKEN, Became, Outcome, of_answer
from functions.alerts.channels.post import Post
from functions.alerts.channels.transport import Transport, Unreached


@dataclass(frozen=True)
class Sender:
    """`repository` is where the runbooks can be read; "" for no links."""

    transport: Transport = field(default_factory=Transport)
    repository: str = ""

    def send(self, letter: Letter, channel: Channel, secrets: Secrets, now: float) -> Outcome:
        """Raises nothing that a receiver could cause."""
        try:
            return self._send(letter, channel, secrets, now)
        except Unreached as problem:
            return Outcome(Became.LATER, str(problem))
        except KeyError as missing:
            return Outcome(Became.LATER, f"the channel lacks its secret {missing.args[0]}")

    def _send(self, letter: Letter, channel: Channel, secrets: Secrets, now: float) -> Outcome:
        if channel.kind is Kind.LOG:
            to_log(letter)
            return TAKEN
        if channel.kind is Kind.EMAIL:
            if channel.server is None:
                return Outcome(Became.NEVER, "the channel names no mail server")
            if not channel.recipients:
                return Outcome(Became.LATER, "nobody with an e-mail address is on call")
            password = str(secrets.get(PASSWORD, ""))
            return self.transport.mail(channel.server, password, mail.mail(letter, channel))
        outcome = TAKEN
        for post in _posts(letter, channel, secrets, now):
            outcome = of_answer(self.transport.post(post))
            if outcome.became is not Became.TAKEN:
                break
        return outcome


def to_log(letter: Letter) -> None:
    """One structured line."""
    message = letter.message
    line = {
        **message.facts,
        "severity_of_alert": message.severity,
        "what": message.event.value,
        "about": message.about,
        "title": letter.title,
        "text": letter.text,
        "test": message.test,
    }
    log.warning("notification", **line)


def _posts(letter: Letter, channel: Channel, secrets: Secrets, now: float) -> list[Post]:
    """One after the other; again from the first when one is not taken. Raises KeyError (a secret is
    missing)."""
    if channel.kind is Kind.PAGERDUTY:
        address = secrets.get(URL) or pagerduty.ADDRESSES[channel.region]
        return pagerduty.posts(letter, secrets[ROUTING_KEY], address)
    if channel.kind is Kind.SLACK:
        return [slack.post(letter, secrets[URL])]
    return [webhook.post(letter, secrets[URL], secrets[SIGNING], now)]
