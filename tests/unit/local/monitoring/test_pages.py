"""What the pages say of an hour in which a version fails, and that it can be read."""

from __future__ import annotations

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from local.monitoring import web
from local.monitoring.faults import Faults
from local.monitoring.memory import Memory
from local.monitoring.page import alerting, frame, markdown, view, words
from tests.unit.local.monitoring import sample

STYLE = Path(frame.__file__).with_name("style.css").read_text()


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    configuration, watch = sample.place()
    page = web.serve(
        configuration.memory,
        0,
        now=lambda: float(sample.NOW),
        configuration=configuration,
        watch=watch,
    )
    yield page
    page.shutdown()
    page.server_close()


def read(server: ThreadingHTTPServer, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}") as answer:
        text: str = answer.read().decode()
    return text


def plain(html: str) -> str:
    """The text of a page's content, in one line."""
    content = html.partition("<main>")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())


def test_metrics(server: ThreadingHTTPServer) -> None:
    html = read(server, "/")
    text = plain(html)
    assert "Rule value · p1-error-rate last value" in text.replace("rule value", "Rule value")
    assert "stories · 1.3.0 67" in text
    assert "incidents open 1" in text
    assert "older end time than the most recent point" in text
    assert html.count("<svg") == 4 + 4


def test_alerting(server: ThreadingHTTPServer) -> None:
    html = read(server, "/alerting")
    text = plain(html)
    assert "firing 1 pending 2 no data 1 ok 2 off 1" in text
    order = [
        "● Firing Critical P1: more than 5 % of requests fail",
        "◐ Pending Error P2: more than 2 % of requests fail",
        "◐ Pending Warning P3: more than 1 % of requests fail",
        "– No data Error P2: requests need more than 2 retries",
        "✓ OK Critical The control loop is silent",
        "✓ OK Warning P3: more than 60 % of memory in use",
        "○ Off Critical An old policy",
    ]
    places = [text.index(one) for one in order]
    assert places == sorted(places)
    assert "rule value (rule p3-error-rate) above 0.01 for 3 min (most of 1 min)" in text
    assert "no data of tick heartbeat for 3 min" in text
    assert "Pages On call, Paris, Operations" in text
    assert html.count('class="limit"') == 5
    assert html.count('class="incident"') == 4  # what has just opened takes no room yet


def test_the_graph_says_what_it_shows(server: ThreadingHTTPServer) -> None:
    labels = re.findall(r'aria-label="([^"]+)"', read(server, "/alerting"))
    assert (
        "P1: more than 5 % of requests fail, threshold above 0.05: "
        "stories · 1.2.0 0.00674; stories · 1.3.0 0.066" in labels
    )
    assert "P2: requests need more than 2 retries, threshold above 2: no data" in labels


def test_incidents(server: ThreadingHTTPServer) -> None:
    text = plain(read(server, "/incidents"))
    opened, closed = text.split(" Closed ", 1)
    assert "● Open P1: more than 5 % of requests fail" in opened
    assert "stories · 1.3.0 0.066 08:00 0 s On call, Paris" in opened
    assert "P2: more than 2 % of requests fail Error · rule value (rule p2-error-rate)" in closed
    assert "stories · 1.3.0 0.081 07:42 3 min closed: it is no longer beyond the thr" in closed
    assert "main · production silent for 3 min 07:23 4 min closed: data arrives again" in closed


def test_channels(server: ThreadingHTTPServer) -> None:
    html = read(server, "/channels")
    text = plain(html)
    assert "On call, Paris PagerDuty Services a key that is not shown 2" in text
    assert "● Firing P1: more than 5 % of requests fail Operations Email operations@ex" in text
    assert "0" * 32 not in html


def test_dashboards(server: ThreadingHTTPServer) -> None:
    html = read(server, "/dashboards")
    text = plain(html)
    assert "Share that fails" in text
    assert "1.2.0 0.666 % 1.3.0 5.97 %" in text  # 4 of 601, and 4 of 67 requests
    assert "● Open P1: more than 5 % of requests fail stories · 1.3.0 · since 08:00" in text
    assert "<ol><li>Look at the rollout: <code>palier rollouts list</code>" in html
    assert 'style="grid-column:7/span 6;grid-row:2/span 5"' in html


@pytest.mark.parametrize("path", list(frame.PLACES))
def test_each_page_can_be_read_when_there_is_nothing(path: str) -> None:
    page = web.serve(Memory(), 0, now=lambda: float(sample.NOW))
    try:
        html = read(page, path)
    finally:
        page.shutdown()
        page.server_close()
    assert f'<a href="{path}" aria-current="page">' in html
    assert 'class="empty"' in html
    assert "<svg" not in html


def test_what_is_not_there(server: ThreadingHTTPServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        read(server, "/nothing")
    with caught.value as problem:
        assert problem.code == 404
        assert b"/alerting" in problem.read()


def test_it_is_drawn_while_points_arrive(server: ThreadingHTTPServer) -> None:
    readers = [threading.Thread(target=read, args=(server, "/alerting")) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(20)
    assert not any(reader.is_alive() for reader in readers)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo", "<p>one two</p>"),
        ("# Head\ntext", '<p class="heading">Head</p><p>text</p>'),
        ("- a\n- b\n  more", "<ul><li>a</li><li>b more</li></ul>"),
        ("1. a", "<ol><li>a</li></ol>"),
        ("**b** `<c>`", "<p><b>b</b> <code>&lt;c&gt;</code></p>"),
        ("[x](https://y/z)", '<p><a href="https://y/z">x</a></p>'),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ('[x](https://y" onclick="z)', "<p>[x](https://y&quot; onclick=&quot;z)</p>"),
        ("<script>", "<p>&lt;script&gt;</p>"),
    ],
)
def test_markdown(text: str, html: str) -> None:
    assert markdown.html(text) == html


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (90, "90 s"),
        (180, "3 min"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (4 * 86_400, "4 d"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


THEMES = {
    "light": dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]+)", STYLE.partition("@media")[0])),
}
THEMES["dark"] = THEMES["light"] | dict(
    re.findall(r"--([a-z0-9-]+): (#[0-9a-f]+)", STYLE.partition("@media")[2].partition("* {")[0])
)
TEXTS = [("ink", "card"), ("ink", "ground"), ("soft", "card"), ("soft", "ground"), ("bad", "card")]
CHIPS = [("bad", "bad-ground"), ("warn", "warn-ground"), ("good", "good-ground")]
CHIPS += [("soft", "off-ground"), ("link", "card"), ("ink", "bad-ground"), ("card", "bad")]


@pytest.mark.parametrize("theme", list(THEMES))
@pytest.mark.parametrize(("ink", "ground"), TEXTS + CHIPS)
def test_texts_stand_out(theme: str, ink: str, ground: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1. Texts in graphs among them, which axe can't judge."""
    assert contrast(THEMES[theme][ink], THEMES[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", list(THEMES))
@pytest.mark.parametrize("colour", [f"c{number}" for number in range(8)])
def test_lines_stand_out(theme: str, colour: str) -> None:
    """WCAG 2.2, 1.4.11: 3 to 1 for what a graph is made of."""
    assert contrast(THEMES[theme][colour], THEMES[theme]["card"]) >= 3


def contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_of_many_series_the_worst_are_drawn() -> None:
    configuration, watch = sample.place()
    (p1,) = (p for p in configuration.policies.values() if p.display_name.startswith("P1"))
    series = [
        some
        for some in configuration.memory.series.values()
        if dict(some.key.labels).get("rule") == "p1-error-rate"
    ]
    for number in range(30):
        for some in series:
            labels = {**dict(some.key.labels), "service": f"service-{number}"}
            key = some.key._replace(labels=tuple(sorted(labels.items())))
            configuration.memory.series[key] = replace(some.copy(), key=key)
    seen = view.taken(configuration, watch, Faults(), lambda: float(sample.NOW))
    text = plain(f"<main>{alerting.card(seen, p1)}</main>")
    assert "and 50 more" in text  # of 62 lines
    drawn = re.findall(r"· (1\.[23]\.0) 0\.\d+ (?=service|stories|and)", text)
    assert drawn == ["1.3.0"] * 12
