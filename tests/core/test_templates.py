"""House rules of templates and of what they load, held for every room."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

TEMPLATES = Path(settings.BASE_DIR) / "templates"
STATIC = Path(settings.BASE_DIR) / "static"
PAGES = sorted(path.relative_to(TEMPLATES) for path in TEMPLATES.rglob("*.html"))
ALL = sorted(path.relative_to(TEMPLATES) for path in TEMPLATES.rglob("*.*") if path.suffix in {".html", ".txt"})
STYLESHEETS = sorted(STATIC.rglob("*.css"))
LINES = 150

_CODE = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)


class InlineFinder(HTMLParser):
    """Collects what a strict content security policy would stop, and pictures without words."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.findings: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag == "style" or "style" in names:
            self._found(tag, "inline style")
        if tag == "script" and "src" not in names:
            self._found(tag, "inline script")
        if tag == "img" and "alt" not in names:
            self._found(tag, "picture without alt")
        if any(name.startswith("on") for name in names):
            self._found(tag, "inline handler")
        if any((value or "").strip().lower().startswith("javascript:") for _, value in attrs):
            self._found(tag, "javascript address")

    def _found(self, tag: str, what: str) -> None:
        self.findings.append(f"line {self.getpos()[0]}: <{tag}> {what}")


def without_template_code(source: str) -> str:
    """The markup alone; code becomes a letter of its own, so that ``src="{{ x }}"`` stays an attribute with a value."""
    return _CODE.sub(lambda code: "x" + "\n" * code.group().count("\n"), source)


def test_templates_hold_no_inline_script_or_style() -> None:
    sources = {name: without_template_code((TEMPLATES / name).read_text(encoding="utf-8")) for name in PAGES}
    assert {str(name): found for name, source in sources.items() if (found := InlineFinder(source).findings)} == {}


@pytest.mark.parametrize(
    "source",
    [
        "<p style='color:red'>", "<style>p{}</style>", "<script>alert()</script>", "<a onclick='x()'>", "<img src='/x.png'>",
        "<a href=' JavaScript:x()'>", "<p {% if x %}class='a'{% endif %} style=\"{{ x }}\">",
    ],
)  # fmt: skip
def test_the_scan_finds_what_it_looks_for(source: str) -> None:
    assert len(InlineFinder(without_template_code(source)).findings) == 1


def test_templates_are_short() -> None:
    lengths = {str(name): len((TEMPLATES / name).read_text(encoding="utf-8").splitlines()) for name in ALL}
    assert {name: length for name, length in lengths.items() if length >= LINES} == {}


def test_templates_compile() -> None:
    """The error of one that does not says where it is."""
    for name in ALL:
        get_template(str(name))


def test_every_icon_that_a_template_asks_for_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    asked = {
        (str(name), icon)
        for name in PAGES
        for icon in re.findall(r'{% icon "([^"]+)"', (TEMPLATES / name).read_text(encoding="utf-8"))
    }
    assert {(name, icon) for name, icon in asked if icon not in sprite} == set()


@pytest.mark.parametrize("path", STYLESHEETS, ids=lambda path: str(path.relative_to(STATIC)))
def test_stylesheets_load_nothing_from_elsewhere(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    addresses = re.findall(r"url\(\s*[\"']?([^\"')]{1,40})", source)
    assert [address for address in addresses if not address.startswith("data:image/svg+xml")] == []
    assert "@import" not in source
    assert "sourceMappingURL" not in source


def test_what_is_vendored_carries_its_licence_and_its_origin() -> None:
    folders = [folder for folder in (STATIC / "vendor").iterdir() if folder.is_dir()]
    assert folders
    for folder in folders:
        assert (folder / "LICENSE").is_file()
        assert re.fullmatch(r"\S+@[\d.]+\nsha512-\S+\n", (folder / "VERSION").read_text(encoding="utf-8"))


def test_scripts_import_only_what_is_there() -> None:
    for path in (STATIC / "js").rglob("*.js"):
        for imported in re.findall(
            r'^import (?:[^"]* from )?"(\./[^"]+)";', path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            assert (path.parent / imported).is_file(), f"{path.name} imports {imported}"
