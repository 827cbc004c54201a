"""What all pages have in common: head, navigation, and small parts of HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

from local.monitoring import graph
from local.monitoring.page.view import View

STYLE = (Path(__file__).parent / "style.css").read_text()
SCRIPT = (Path(__file__).parent / "refresh.js").read_text()
PLACES = {
    "/": "Metrics",
    "/alerting": "Alerting",
    "/incidents": "Incidents",
    "/channels": "Channels",
    "/dashboards": "Dashboards",
}
STATES = {
    "firing": ("●", "Firing"),
    "pending": ("◐", "Pending"),
    "ok": ("✓", "OK"),
    "no-data": ("–", "No data"),
    "off": ("○", "Off"),
}
"""A state's sign and word: colour alone says nothing."""


def whole(view: View, here: str, content: str) -> str:
    """A page at the address `here`."""
    title = PLACES[here]
    links = "".join(_link(view, path, name, here) for path, name in PLACES.items())
    looked = f"policies as of {graph.clock(view.looked_at)}" if view.looked_at else ""
    as_of = " · ".join(filter(None, (looked, f"{graph.clock(view.now, exact=True)} UTC")))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title} · Cloud Monitoring on this machine</title><style>{STYLE}</style></head>"
        '<body><header><div class="bar"><p class="brand">Cloud Monitoring '
        "<span>on this machine</span></p>"
        f'<nav aria-label="Pages"><ul>{links}</ul></nav>'
        f'<p class="as-of" id="as-of">{as_of}</p></div></header>'
        f'<main><h1>{title}</h1><div id="live">{_trouble(view)}{content}</div></main>'
        f"<script>{SCRIPT}</script></body></html>"
    )


def _trouble(view: View) -> str:
    if view.fault is None:
        return ""
    calls = ", ".join(view.fault.calls) or "every call"
    return (
        f'<p class="trouble"><b>Trouble on demand: {escape(view.fault.kind)}</b>, '
        f"with {escape(calls)}. It ends with DELETE /faults.</p>"
    )


def _link(view: View, path: str, name: str, here: str) -> str:
    current = ' aria-current="page"' if path == here else ""
    number = len(view.open) if path == "/incidents" else 0
    badge = f' <span class="badge">{number}<span class="unseen"> open</span></span>'
    return f'<li><a href="{path}"{current}>{name}{badge if number else ""}</a></li>'


def state(name: str) -> str:
    """A chip for the state of something."""
    sign, word = STATES[name]
    return f'<span class="state {name}"><span aria-hidden="true">{sign}</span> {word}</span>'


def facts(items: Iterable[tuple[str, str, str]]) -> str:
    """Numbers in a row: (name, value, mark); the mark "bad" makes one stand out."""
    shown = "".join(
        f'<div class="fact {mark}"><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>'
        for name, value, mark in items
    )
    return f'<dl class="facts">{shown}</dl>'


def legend(rows: Iterable[tuple[int, str, str]], more: int = 0) -> str:
    """Lines of a graph: (colour, name, latest value)."""
    items = [
        f'<li><span class="swatch c{colour}" aria-hidden="true"></span>{escape(name)} '
        f"<b>{escape(value)}</b></li>"
        for colour, name, value in rows
    ]
    if more > 0:
        items.append(f"<li>and {more} more</li>")
    return f'<ul class="legend">{"".join(items)}</ul>' if items else ""


def empty(text: str) -> str:
    """What stands where nothing is yet. The text may hold markup."""
    return f'<p class="empty">{text}</p>'
