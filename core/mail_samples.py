"""One example of every message, for the preview page and for the tests that hold all mail templates to the house rules.

A room keeps its examples in ``templates/<room>/mail_samples.toml``::

    [values]                            # variables that any of its templates may use
    first_name = "Kai"

    [mail.invitation]                   # one for each templates/<room>/mail/<name>.subject.txt
    links = { register = "/invitation/sample/" }
    values = { message = "We would be glad to work with you." }
    variants.without_message = { message = "" }
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from core.models import Mail

SUBJECT = ".subject.txt"
USUAL = "usual"


@dataclass(frozen=True, slots=True)
class Sample:
    """What a template is filled with. ``links`` maps a link's name to its path."""

    template: str
    variant: str
    values: dict[str, Any]
    links: dict[str, str]

    def mail(self, *, to: str = "kai.novak@newco.example", language: str = settings.LANGUAGE_CODE) -> Mail:
        """An unsaved message, for ``outbox.render``."""
        links = {name: {"path": path} for name, path in self.links.items()}
        return Mail(template=self.template, to=to, language=language, context=self.values, links=links)


def templates() -> list[str]:
    """The name of every mail template there is, as ``outbox.enqueue`` takes it."""
    root = Path(settings.BASE_DIR) / "templates"
    return sorted(str(path.relative_to(root)).removesuffix(SUBJECT) for path in root.glob(f"*/mail/*{SUBJECT}"))


def of(template: str) -> list[Sample]:
    """The examples of one template, the usual one first; none where its room has written none."""
    room, _, name = template.partition("/mail/")
    path = Path(settings.BASE_DIR) / "templates" / room / "mail_samples.toml"
    known: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    entry = known.get("mail", {}).get(name)
    return list(_samples(template, known.get("values", {}), entry)) if entry is not None else []


def _samples(template: str, shared: dict[str, Any], entry: dict[str, Any]) -> Iterator[Sample]:
    values = {**shared, **entry.get("values", {})}
    for variant, changes in {USUAL: {}, **entry.get("variants", {})}.items():
        yield Sample(template=template, variant=variant, values={**values, **changes}, links=entry.get("links", {}))
