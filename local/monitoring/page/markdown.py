"""The little Markdown that documentation and text tiles use, as HTML. Pure.

Headings, lists, paragraphs; bold, code, links to https. Everything else is shown as it is written.
"""

from __future__ import annotations

import re
from html import escape

LINK = re.compile(r"\[([^\]]+)\]\((https?://[^\s)]+)\)")
BOLD = re.compile(r"\*\*(.+?)\*\*")
CODE = re.compile(r"`([^`]+)`")
HEADING = re.compile(r"#{1,6}\s+(.*)")
ITEM = re.compile(r"(?:[-*]|(\d+)\.)\s+(.*)")


def html(text: str) -> str:
    """The HTML of a text; nothing of it is taken for markup."""
    blocks: list[str] = []
    items: list[str] = []
    lines: list[str] = []
    kind = "ul"

    def end() -> None:
        if items:
            blocks.append(f"<{kind}>{''.join(items)}</{kind}>")
        if lines:
            blocks.append(f"<p>{' '.join(lines)}</p>")
        items.clear()
        lines.clear()

    for line in text.splitlines():
        stripped = line.strip()
        heading, item = HEADING.fullmatch(stripped), ITEM.fullmatch(stripped)
        if not stripped or heading:
            end()
        if heading:
            blocks.append(f'<p class="heading">{inline(heading[1])}</p>')
        elif item:
            if lines:
                end()
            kind = "ol" if item[1] else "ul"
            items.append(f"<li>{inline(item[2])}</li>")
        elif stripped and items:
            items[-1] = f"{items[-1].removesuffix('</li>')} {inline(stripped)}</li>"
        elif stripped:
            lines.append(inline(stripped))
    end()
    return "".join(blocks)


def inline(text: str) -> str:
    """Bold, code and links within a line."""
    safe = escape(text)
    safe = CODE.sub(r"<code>\1</code>", safe)
    safe = BOLD.sub(r"<b>\1</b>", safe)
    return LINK.sub(r'<a href="\2">\1</a>', safe)
