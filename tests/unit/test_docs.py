"""What exists is documented, and what the documentation points at exists."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from functions import admin, api, errors, messages, settings
from functions.alerts import thresholds
from functions.flags.clients import hot, ofrep
from functions.registry.health import VERSION
from functions.stories import routes
from functions.stories.handlers import HANDLERS
from functions.stories.request import StoryOrder
from functions.stories.story import Provenance
from local import ports

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#+\s+(.+?)\s*$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
OUTSIDE = re.compile(r"(?<![\w.:/$}*])(?:\.\./shared|/(?:home|Users|root|work|srv|mnt)/)\S*")


def page(name: str) -> str:
    return (REFERENCE / name).read_text()


SETTINGS = [
    *settings.NAMES,
    settings.OPENAI_API_KEY.name,
    "THREADS",
    *(ports.variable(name) for name in ports.Ports().named()),
]


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in page("configuration.md")


@pytest.mark.parametrize("kind", errors.ALL, ids=lambda kind: kind.code)
def test_every_error_code_is_documented(kind: type[errors.PalierError]) -> None:
    assert f"`{kind.code}`" in page("errors.md")


@pytest.mark.parametrize("reason", errors.OPENAI_STATUSES)
def test_every_reason_of_openai_errors_is_documented(reason: str) -> None:
    rows = [line for line in page("errors.md").splitlines() if f"`{reason}`" in line]
    status = str(errors.OPENAI_STATUSES[reason][0])
    assert any(status in row for row in rows), (reason, status)


OF_A_STORY = [
    *(kind.code for kind in routes.OF_MAKING if kind is not errors.OpenAIError),
    *(f"{errors.OpenAIError.code}` `{reason}" for reason in errors.OPENAI_STATUSES),
    *(key.replace("/", "` `") for key in messages.TEXTS if "RATE_LIMITED/" in key),
]


@pytest.mark.parametrize("code", sorted(set(OF_A_STORY) - {"RATE_LIMITED"}))
def test_every_error_of_a_story_is_among_them(code: str) -> None:
    assert f"| `{code}` |" in page("stories.md")


@pytest.mark.parametrize("field", [*StoryOrder.model_fields, *Provenance.model_fields])
def test_every_field_of_a_story_is_documented(field: str) -> None:
    assert re.search(rf"`{field}`|\"{field}\"", page("stories.md"))


@pytest.mark.parametrize("handler", HANDLERS)
def test_every_handler_is_in_the_guide(handler: str) -> None:
    assert f"| `{handler}` |" in (ROOT / "docs" / "how-to" / "stories.md").read_text()


def addresses() -> list[str]:
    """`METHOD /path/{variable}` of both HTTP functions."""
    found = [f"POST {ofrep.BASE}", f"POST {ofrep.BASE}/{{key}}"]
    found += [f"GET {path}" for path in hot.DOCUMENTS]
    for each in (api.slower_routes(), admin.application()):
        for rule in each.url_map.iter_rules():
            path = re.sub(r"<(?:\w+:)?(\w+)>", "{}", rule.rule)
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            found += [f"{method} {path}" for method in sorted(methods)]
    return sorted(set(found))


@pytest.mark.parametrize("route", addresses())
def test_every_route_is_documented(route: str) -> None:
    """Whatever a variable is called there."""
    text = re.sub(r"\{[^}]*\}|<[^>]*>", "{}", page("http.md"))
    method, _, path = route.partition(" ")
    path = re.sub(r"\{[^}]*\}", "{}", path)
    assert re.search(rf"{method}\W+(?:/api|/api/admin)?{re.escape(path)}(?![\w/{{])", text), route


def deployed() -> list[str]:
    source = ast.parse((ROOT / "main.py").read_text())
    names = [node.name for node in source.body if isinstance(node, ast.FunctionDef)]
    return [name for name in names if not name.startswith("_")]


@pytest.mark.parametrize("name", deployed())
def test_every_function_is_documented(name: str) -> None:
    assert f"`{name}`" in page("http.md")


@pytest.mark.parametrize("alert", [*thresholds.BY_ID, thresholds.TICK_HEARTBEAT])
def test_every_alert_has_its_runbook(alert: str) -> None:
    assert (ROOT / "docs" / "runbooks" / f"{alert}.md").is_file()


def anchors(text: str) -> set[str]:
    """As GitHub makes them from headings."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(FENCE.sub("", path.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = unquote(target).partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.is_relative_to(ROOT), target
        assert found.exists(), target
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found.read_text()), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_page_names_a_path_of_one_machine(path: Path) -> None:
    assert not OUTSIDE.findall(path.read_text())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_make_target_that_a_page_names_exists(path: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([\w-]+)", path.read_text()))
    assert named <= targets


def test_every_page_can_be_found() -> None:
    """From README.md, by links alone."""
    seen: set[Path] = set()
    left = [ROOT / "README.md"]
    while left:
        path = left.pop()
        if path in seen or path.suffix != ".md" or not path.is_file():
            continue
        seen.add(path)
        targets = LINK.findall(FENCE.sub("", path.read_text()))
        inside = [target for target in targets if not re.match(r"[a-z]+:", target)]
        left += [(path.parent / target.partition("#")[0]).resolve() for target in inside]
    assert set(PAGES) - seen == set()


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = [version for version in newest if version != "Unreleased"]
    assert released[0] == project == VERSION
