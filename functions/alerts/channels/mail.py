"""A message as e-mail: text and HTML, threaded by what it is about. Pure."""

from __future__ import annotations

import email.utils
import hashlib
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

from functions.alerts.channels.channel import Channel
from functions.alerts.channels.letter import RUNBOOK, Letter

STYLE = "font-family:system-ui,Arial,sans-serif;max-width:40em;color:#1a1a1a"


def mail(letter: Letter, channel: Channel) -> EmailMessage:
    """The same message over all attempts: mail programs show one that came twice once."""
    domain = channel.sender.rpartition("@")[2]
    thread = f"<{hashlib.sha256(letter.matter.encode()).hexdigest()[:32]}@{domain}>"
    made = EmailMessage(policy=SMTP)
    made["Subject"] = letter.title
    made["From"] = Address("Palier", addr_spec=channel.sender)
    made["To"] = ", ".join(channel.recipients)
    made["Date"] = email.utils.formatdate(letter.at)
    made["Message-ID"] = f"<{letter.message.id}.{letter.channel}@{domain}>"
    made["In-Reply-To"] = thread
    made["References"] = thread
    made["Auto-Submitted"] = "auto-generated"
    made["Content-Language"] = letter.language
    made.set_content(_plain(letter))
    made.add_alternative(_html(letter), subtype="html")
    return made


def _plain(letter: Letter) -> str:
    lines = [letter.title, "", letter.text, ""]
    lines += [f"{label}: {value}" for label, value in letter.figures()]
    if letter.runbook:
        lines += ["", f"{letter.say(RUNBOOK)}: {letter.runbook}"]
    return "\n".join([*lines, "", letter.footer(), ""])


def _html(letter: Letter) -> str:
    rows = "".join(
        f'<tr><th style="text-align:left;padding:2px 16px 2px 0">{escape(label)}</th>'
        f"<td>{escape(value)}</td></tr>"
        for label, value in letter.figures()
    )
    link = (
        f'<p><a href="{escape(letter.runbook)}">{escape(letter.say(RUNBOOK))}</a></p>'
        if letter.runbook
        else ""
    )
    return (
        f'<html lang="{letter.language}"><body style="{STYLE}">'
        f"<h2>{escape(letter.title)}</h2><p>{escape(letter.text)}</p>"
        f'<table>{rows}</table>{link}<p style="color:#595959">{escape(letter.footer())}</p>'
        "</body></html>"
    )
