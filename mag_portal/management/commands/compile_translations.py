"""``manage.py compile_translations``: what Django's ``compilemessages`` does, without GNU gettext."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Make the compiled catalogues that Django reads, from every .po file of the translations."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        faults = [fault for path in _catalogues() for fault in compile_catalogue(path)]
        if faults:
            raise CommandError("\n".join(faults))


def compile_catalogue(path: Path) -> list[str]:
    """Write the ``.mo`` beside ``path``, unless something is wrong: then a sentence for each fault is returned.

    Translations marked fuzzy are left out, as gettext does.
    """
    try:
        with path.open("rb") as source:
            catalogue = read_po(source, locale=path.parent.parent.name, abort_invalid=True)
    except (PoFileError, ValueError) as error:
        return [f"{path}: {error}"]
    faults = [f"{path}:{message.lineno}: {error}" for message, errors in catalogue.check() for error in errors]
    if not faults:
        with path.with_suffix(".mo").open("wb") as compiled:
            write_mo(compiled, catalogue)
    return faults


def _catalogues() -> Iterator[Path]:
    for folder in settings.LOCALE_PATHS:
        yield from sorted(Path(folder).glob("*/LC_MESSAGES/*.po"))
