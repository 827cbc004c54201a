"""What each channel is sent, within its documented limits."""

from __future__ import annotations

import email
import email.policy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from functions.alerts.channels import mail, pagerduty, slack, webhook
from functions.alerts.channels.channel import Channel, Kind, MailServer
from functions.alerts.channels.letter import Letter
from functions.alerts.message import ENGLISH, FRENCH, LANGUAGES, Event, Text
from tests.unit.alerts.channels.letters import letter

KEY = "k" * 32
NEW, OLD = "whsec_" + "A" * 32, "whsec_" + "B" * 32
MAIL = Channel(
    "post",
    Kind.EMAIL,
    server=MailServer("smtp.example.com", 587),
    sender="palier@example.com",
    recipients=("a@example.com", "b@example.com"),
)
TEXTS = st.text(max_size=4000)
EVENTS = st.sampled_from(list(Event))


@st.composite
def letters(draw: st.DrawFn) -> Letter:
    texts = {language: Text(draw(TEXTS), draw(TEXTS)) for language in LANGUAGES}
    return letter(
        draw(st.sampled_from(LANGUAGES)),
        texts=texts,
        event=draw(EVENTS),
        about=draw(st.text(max_size=400)),
        facts={"service": draw(TEXTS), "failures": draw(st.none() | st.floats(0, 1e12))},
        test=draw(st.booleans()),
    )


# PagerDuty


def paged(one: Letter) -> Any:
    return json.loads(pagerduty.posts(one, KEY, pagerduty.ADDRESSES["us"])[0].body)


@pytest.mark.parametrize(
    ("event", "action"),
    [
        (Event.TRIGGER, "trigger"),
        (Event.UPDATE, "trigger"),
        (Event.ACKNOWLEDGE, "acknowledge"),
        (Event.RESOLVE, "resolve"),
    ],
)
def test_one_matter_is_one_incident_in_pagerduty(event: Event, action: str) -> None:
    body = paged(letter(event=event, id=f"m-{event}"))
    assert (body["event_action"], body["routing_key"]) == (action, KEY)
    assert body["dedup_key"] == "main/production/incidents/i-1"
    assert body["payload"]["severity"] == "critical"
    assert body["payload"]["summary"] == "stories 1.3.0 fails"
    assert body["payload"]["custom_details"]["value"] == 0.12
    assert body["links"][0]["href"].endswith("/docs/runbooks/p1-error-rate.md")
    assert "//docs" not in body["links"][0]["href"]


def test_each_news_is_an_incident_of_its_own() -> None:
    keys = {paged(letter(event=Event.NEWS, id=name))["dedup_key"] for name in ("a", "b")}
    assert len(keys) == 2


def test_a_test_of_alerts_is_no_more_than_information() -> None:
    body = paged(letter(test=True))
    assert body["payload"]["severity"] == "info"
    assert body["payload"]["summary"].startswith("[TEST] ")


@given(letters())
def test_pagerduty_s_limits_hold(one: Letter) -> None:
    body = paged(one)
    assert len(body["payload"]["summary"]) <= 1024
    assert 1 <= len(body["dedup_key"]) <= 255
    assert len(json.dumps(body).encode()) < 512 * 1024


# Slack


def test_a_message_in_slack_is_escaped_and_has_the_same_as_text() -> None:
    body = json.loads(
        slack.post(
            letter(texts={ENGLISH: Text("<!channel> & co", "a <b> c"), FRENCH: Text("", "")}), "url"
        ).body
    )
    assert body["text"] == "🔴 &lt;!channel&gt; &amp; co"
    assert body["blocks"][0]["text"] == {
        "type": "plain_text",
        "text": "🔴 <!channel> & co",
        "emoji": True,
    }
    assert body["blocks"][1]["text"]["text"] == "a &lt;b&gt; c"


def test_figures_are_written_as_people_write_them() -> None:
    [english, french] = [str(slack.blocks(letter(language))) for language in (ENGLISH, FRENCH)]
    assert "*Requests*\\n12,345" in english
    assert "*Requêtes*\\n12\u202f345" in french.replace("\\u202f", "\u202f")


@given(letters())
def test_slack_s_limits_hold(one: Letter) -> None:
    blocks = slack.blocks(one)
    assert len(blocks) <= 50
    assert 1 <= len(blocks[0]["text"]["text"]) <= 150
    for block in blocks[1:]:
        if "fields" in block:
            assert 1 <= len(block["fields"]) <= 10
            assert all(len(each["text"]) <= 2000 for each in block["fields"])
        elif "text" in block:
            assert 1 <= len(block["text"]["text"]) <= 3000


# Standard Webhooks, verified by their own library


@pytest.mark.parametrize("secrets", [[NEW], [NEW, OLD], [OLD, NEW]], ids=["one", "two", "order"])
def test_a_webhook_is_verified_by_the_official_library(secrets: list[str]) -> None:
    import time

    made = webhook.post(letter(), "https://example.com", secrets, time.time())
    for secret in secrets:
        data = Webhook(secret).verify(made.body, dict(made.headers))
        assert data["data"]["id"] == made.headers["webhook-id"] == "m-1"
        assert data["type"] == "palier.trigger"
    stranger = Webhook("whsec_" + "C" * 32)
    with pytest.raises(WebhookVerificationError):
        stranger.verify(made.body, dict(made.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(made.body + b" ", dict(made.headers))


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_AAAA", "whsec_" + "A" * 100, "A" * 32, "whsec_%%" + "A" * 32]
)
def test_weak_secrets_are_none(secret: str) -> None:
    with pytest.raises(ValueError):
        webhook.key(secret)


# E-mail


def read(one: Letter) -> email.message.EmailMessage:
    raw = mail.mail(one, MAIL).as_bytes()
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, email.message.EmailMessage)
    return found


def test_an_e_mail_says_the_same_in_text_and_html() -> None:
    found = read(letter(FRENCH))
    assert found["Subject"] == "stories 1.3.0 échoue"
    assert found["To"] == "a@example.com, b@example.com"
    assert found["Auto-Submitted"] == "auto-generated"
    plain, html = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert html is not None
    for part in (plain, html):
        text = part.get_content()
        assert "12 % des requêtes ont échoué." in text
        assert "Que faire" in text
        assert "p1-error-rate.md" in text


def test_messages_of_one_matter_are_one_thread_and_each_has_its_id() -> None:
    first, second, same = (read(letter(id=name)) for name in ("a", "b", "a"))
    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]
    assert first["Message-ID"] == same["Message-ID"]


def test_a_text_can_not_become_a_header_or_markup() -> None:
    found = read(
        letter(
            texts={
                ENGLISH: Text("x\r\nBcc: evil@example.com", "<script>alert(1)</script>"),
                FRENCH: Text("", ""),
            }
        )
    )
    assert found["Bcc"] is None
    assert found["Subject"] == "x Bcc: evil@example.com"
    html = found.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
