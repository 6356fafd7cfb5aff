"""Mails in their addressee's language, from catalogues that are compiled without gettext."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.utils.translation import trans_real

from core import outbox

pytestmark = pytest.mark.django_db
GERMAN = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Your account is ready"
msgstr "Ihr Konto ist bereit"

#, python-format
msgid "Hello %(name)s,"
msgstr "Guten Tag %(name)s,"

#, fuzzy
msgid "Next steps"
msgstr "Vielleicht so"

#, python-format
msgid "%(count)s day"
msgid_plural "%(count)s days"
msgstr[0] "%(count)s Tag"
msgstr[1] "%(count)s Tage"
"""
TEXT = (
    "{% load i18n %}{% blocktranslate %}Hello {{ name }},{% endblocktranslate %} {% translate 'Next steps' %}: "
    "{% blocktranslate count count=days %}{{ count }} day{% plural %}{{ count }} days{% endblocktranslate %}"
)


@pytest.fixture
def catalogue(settings: LazySettings, tmp_path: Path) -> Iterator[Path]:
    """A German catalogue, not compiled yet, and a template that uses it."""
    path = tmp_path / "locale" / "de" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(GERMAN)
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "ready.subject.txt").write_text("{% load i18n %}{% translate 'Your account is ready' %}")
    (folder / "ready.txt").write_text(TEXT)
    (folder / "ready.html").write_text(
        '{% extends "core/mail/base.html" %}{% load i18n %}{% block body %}' + TEXT + "{% endblock %}"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [folder, *settings.TEMPLATES[0]["DIRS"]]}]
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    _forget_translations()
    yield path
    _forget_translations()


def _forget_translations() -> None:
    trans_real._translations.clear()  # type: ignore[attr-defined]
    trans_real._default = None  # type: ignore[attr-defined]


def test_each_mail_is_written_in_its_addressee_s_language(catalogue: Path) -> None:
    call_command("compile_translations")
    context = {"name": "Ann & Bob", "days": 2}
    german = outbox.render(outbox.enqueue("ready", to="a@x.example", language="de", context=context))
    english = outbox.render(outbox.enqueue("ready", to="b@x.example", context=context))
    assert german.subject == "Ihr Konto ist bereit"
    assert german.text.startswith("Guten Tag Ann & Bob, Next steps: 2 Tage")
    assert "Guten Tag Ann &amp; Bob," in german.html
    assert '<html lang="de">' in german.html
    assert english.subject == "Your account is ready"
    assert english.text.startswith("Hello Ann & Bob, Next steps: 2 days")
    assert '<html lang="en">' in english.html


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (GERMAN.replace("Guten Tag %(name)s,", "Guten Tag %(nmae)s,"), "placeholder"),
        (GERMAN + '\nmsgid "unfinished', "django.po"),
    ],
    ids=["another placeholder", "broken file"],
)
def test_a_wrong_catalogue_is_refused_by_place_and_reason(catalogue: Path, wrong: str, named: str) -> None:
    catalogue.write_text(wrong)
    with pytest.raises(CommandError, match=named):
        call_command("compile_translations")
    assert not catalogue.with_suffix(".mo").exists()


def test_the_catalogues_of_the_gateway_are_sound() -> None:
    call_command("compile_translations")
