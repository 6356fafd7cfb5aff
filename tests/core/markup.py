"""HTML as a flat list of elements, each with the text inside it: enough to ask what a page says and ties together."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Element:
    tag: str
    attrs: dict[str, str]
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    def has_class(self, name: str) -> bool:
        return name in self.attrs.get("class", "").split()


class Markup(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.pieces.append(data)

    def all(self, tag: str = "", **attrs: str) -> list[Element]:
        """Elements of ``tag`` with these attributes; ``aria_current`` is ``aria-current``, ``class_`` one class of many."""
        wanted = {name.replace("_", "-"): value for name, value in attrs.items() if name != "class_"}
        return [
            element
            for element in self.elements
            if (not tag or element.tag == tag)
            and wanted.items() <= element.attrs.items()
            and ("class_" not in attrs or element.has_class(attrs["class_"]))
        ]

    def one(self, tag: str = "", **attrs: str) -> Element:
        found = self.all(tag, **attrs)
        assert len(found) == 1, f"{len(found)} elements <{tag} {attrs}>"
        return found[0]
