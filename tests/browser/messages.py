"""How channels show a message, drawn from what Palier really sends them: a rendering, since no test
may reach PagerDuty, Slack or a mail server.

An incident of a version that fails, which Palier has rolled back.
"""

from __future__ import annotations

import email
import email.message
import email.policy
import json
import re
from html import escape
from typing import Any

from functions.alerts.channels import mail, pagerduty, slack
from functions.alerts.channels.channel import Channel, Kind, MailServer
from functions.alerts.channels.letter import Letter
from functions.alerts.incidents import course, told
from functions.alerts.incidents.incident import Alert, Deed, Subject
from functions.alerts.message import ENGLISH, Message
from functions.rollouts import french
from functions.rollouts.templates import TEMPLATES
from functions.rollouts.verdict import Kind as Verdicts
from functions.rollouts.verdict import Verdict

NOW = 1_800_000_000.0
REPOSITORY = "https://github.com/example/palier/blob/main"
VERDICT = Verdict(
    Verdicts.FAIL,
    "evidence",
    "Rolled back: 12 users hit errors on the new version; about 3 expected if it were as healthy "
    "as the old one.",
    {"failing_users": 12, "expected_failing_users": 2.9},
)
ALERT = Alert(
    "p1-error-rate",
    "1.3.0",
    "P1",
    NOW,
    threshold=0.05,
    window_seconds=60,
    value=0.125,
    requests=96,
    failures=12,
    name={"en": "error rate", "fr": "taux d'erreur"},
    shown={"en": "12.5 %", "fr": "12,5 %"},
    limit={"en": "5 %", "fr": "5 %"},
    runbook="docs/runbooks/p1-error-rate.md",
)
DEED = Deed(
    "r-1/3",
    NOW + 10,
    "rolled_back",
    "r-1",
    "stories.version",
    0.0,
    "machine:tick",
    VERDICT.sentence,
    french.sentence(VERDICT, TEMPLATES["canary"]),
)
POST = Channel(
    "mail",
    Kind.EMAIL,
    server=MailServer("smtp.example.com", 587),
    sender="palier@example.com",
    recipients=("on-call@example.com",),
)
WORDS = {
    "en": ("PagerDuty", "Slack", "E-mail", "Triggered", "Rendering of what Palier sends"),
    "fr": ("PagerDuty", "Slack", "E-mail", "Déclenché", "Rendu de ce que Palier envoie"),
}
DOT = '<span class="dot"></span>'
"""Not every machine has a font with Slack's signs."""

STYLE = """
* { box-sizing: border-box; margin: 0 }
body { font: 15px/1.45 "Helvetica Neue", Arial, sans-serif; background: #eceff3; color: #1d1c1d;
       padding: 24px; display: grid; grid-template-columns: 1fr 1fr; gap: 20px; width: 1240px }
figure { background: #fff; border: 1px solid #d0d5dd; border-radius: 8px; padding: 18px 20px }
figcaption { color: #475467; font-size: 13px; margin-bottom: 12px }
.pagerduty { border-left: 6px solid #c62828 }
.pagerduty h2, .slack h2, .mail h2 { font-size: 17px; margin: 6px 0 10px }
.chip { background: #c62828; color: #fff; border-radius: 4px; padding: 2px 8px; font-size: 12px }
dl { display: grid; grid-template-columns: auto 1fr; gap: 3px 16px; font-size: 14px }
dt { color: #475467 } dd { overflow-wrap: anywhere }
.slack .fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; margin: 10px 0 }
.slack .button { display: inline-block; border: 1px solid #98a2b3; border-radius: 5px;
                 padding: 4px 12px; font-weight: 600; font-size: 14px }
.slack .context { color: #616061; font-size: 12px; margin-top: 10px }
.pagerduty { grid-row: 1 / 3 }
.dot { display: inline-block; width: .75em; height: .75em; border-radius: 50%; background: #d92d20 }
.mail dl { border-bottom: 1px solid #d0d5dd; padding-bottom: 10px }
"""


def message() -> Message:
    """What people are told when the incident opens."""
    step = course.opened(Subject("stories", "1.3.0"), [ALERT], [DEED], NOW + 10)
    return told.message(step.news[0])


def letter(language: str = ENGLISH) -> Letter:
    return Letter(message(), "mail", language, "main/production", NOW + 10, REPOSITORY)


def page(language: str = ENGLISH) -> str:
    """All three beside each other, as HTML."""
    one = letter(language)
    paged, chat, post, state, said = WORDS[language]
    figures = [
        _figure("pagerduty", f"{paged} · {said}", _pagerduty(one, state)),
        _figure("slack", f"{chat} · {said}", _slack(one)),
        _figure("mail", f"{post} · {said}", _mail(one)),
    ]
    head = f'<meta charset="utf-8"><title>{escape(said)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="{language}"><head>{head}</head><body>{"".join(figures)}'


def _figure(kind: str, caption: str, content: str) -> str:
    return f'<figure class="{kind}"><figcaption>{escape(caption)}</figcaption>{content}</figure>'


def _pagerduty(one: Letter, state: str) -> str:
    sent = json.loads(pagerduty.posts(one, "k" * 32, pagerduty.ADDRESSES["us"])[0].body)
    payload = sent["payload"]
    rows = {
        "Severity": payload["severity"],
        "Source": payload["source"],
        "Component": payload["component"],
        "Class": payload["class"],
        "Key": sent["dedup_key"],
        **payload["custom_details"],
    }
    links = "".join(f"<p><a>{escape(each['text'])}</a></p>" for each in sent["links"])
    return (
        f'<span class="chip">{escape(state)}</span><h2>{escape(payload["summary"])}</h2>'
        f"{_rows(rows)}{links}"
    )


def _slack(one: Letter) -> str:
    sent = json.loads(slack.post(one, "https://hooks.example.com").body)
    return "".join(_block(block) for block in sent["blocks"])


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"<h2>{escape(block['text']['text']).replace('🔴', DOT)}</h2>"
        case "section" if "fields" in block:
            fields = "".join(f"<div>{_marked(each['text'])}</div>" for each in block["fields"])
            return f'<div class="fields">{fields}</div>'
        case "section":
            return f"<p>{_marked(block['text']['text'])}</p>"
        case "actions":
            [button] = block["elements"]
            return f'<span class="button">{escape(button["text"]["text"])}</span>'
        case "context":
            return f'<p class="context">{_marked(block["elements"][0]["text"])}</p>'
    raise ValueError(block["type"])


def _marked(text: str) -> str:
    """Slack's own marks; what is escaped in it is HTML's as well."""
    return re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", text).replace("\n", "<br>")


def _mail(one: Letter) -> str:
    sent = email.message_from_bytes(mail.mail(one, POST).as_bytes(), policy=email.policy.default)
    assert isinstance(sent, email.message.EmailMessage)
    body = sent.get_body(("html",))
    assert body is not None
    inner = re.search(r"<body[^>]*>(.*)</body>", body.get_content(), re.DOTALL)
    assert inner
    head = {name: str(sent[name]) for name in ("From", "To", "Date", "Subject")}
    return _rows(head) + inner[1]


def _rows(rows: dict[str, Any]) -> str:
    return (
        "<dl>"
        + "".join(
            f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>"
            for name, value in rows.items()
            if value not in (None, "")
        )
        + "</dl>"
    )
