"""Every mail template of every room, held to the house rules with the examples that its room wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.test import override_settings

from core import mail_samples, outbox
from core.mail_samples import Sample

MISSING = "⟦missing: %s⟧"
NAMES = mail_samples.templates()
SAMPLES = [sample for name in NAMES for sample in mail_samples.of(name)]
_ADDRESS = re.compile(r"https?://[^\s<>\"')]*[^\s<>\"').,:;?!]")
_MAILBOX = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


class Links(HTMLParser):
    """The addresses that a page links to, and the text a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.addresses.add(dict(attrs).get("href") or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(autouse=True, scope="module")
def _missing_variables_show() -> Iterator[None]:
    """For the module: whenever these settings change, every template is read anew."""
    options = {**settings.TEMPLATES[0]["OPTIONS"], "string_if_invalid": MISSING}
    with override_settings(TEMPLATES=[{**settings.TEMPLATES[0], "OPTIONS": options}]):
        yield


def of(sample: Sample) -> str:
    return f"{sample.template}-{sample.variant}"


@pytest.mark.parametrize("name", NAMES)
def test_it_has_an_example(name: str) -> None:
    assert mail_samples.of(name), f"{name} has no example: add [mail.…] to its room's mail_samples.toml."


@pytest.mark.parametrize("name", NAMES)
def test_it_has_all_three_parts(name: str) -> None:
    stem = Path(settings.BASE_DIR) / "templates" / name
    assert [ending for ending in (".subject.txt", ".txt", ".html") if not Path(f"{stem}{ending}").is_file()] == []


def test_no_example_is_left_of_a_template_that_is_gone() -> None:
    import tomllib

    for path in (Path(settings.BASE_DIR) / "templates").glob("*/mail_samples.toml"):
        described = {f"{path.parent.name}/mail/{name}" for name in tomllib.loads(path.read_text())["mail"]}
        assert described - set(NAMES) == set()


@pytest.mark.parametrize("sample", SAMPLES, ids=of)
def test_every_variable_is_filled(sample: Sample) -> None:
    rendered = outbox.render(sample.mail())
    for part in (rendered.subject, rendered.text, rendered.html):
        assert "⟦missing" not in part
        assert not re.search(r"\bNone\b|\{\{|\{%", part)


@pytest.mark.parametrize("sample", SAMPLES, ids=of)
def test_the_subject_is_one_line_of_words(sample: Sample) -> None:
    subject = outbox.render(sample.mail()).subject
    assert subject
    assert "\n" not in subject
    assert len(subject) <= 150
    assert not re.search(r"&(?:\w+|#\d+);", subject)


@pytest.mark.parametrize("sample", SAMPLES, ids=of)
def test_the_text_is_free_of_markup_and_ends_with_who_sent_it(sample: Sample) -> None:
    text = outbox.render(sample.mail()).text
    assert not re.search(r"&(?:[a-z]+|#\w+);", text)
    assert not re.search(r"</?(?:a|b|p|br|ul|li|table|td|font|h1)\b", text)
    assert settings.SUPPORT_EMAIL in text
    assert "\n\n\n\n" not in text


@pytest.mark.parametrize("sample", SAMPLES, ids=of)
def test_text_and_html_lead_to_the_same_places(sample: Sample) -> None:
    rendered = outbox.render(sample.mail())
    page = Links(rendered.html)
    web = {address for address in page.addresses if not address.startswith("mailto:")}
    assert web == set(_ADDRESS.findall(rendered.text))
    mailboxes = {address.removeprefix("mailto:") for address in page.addresses - web}
    assert mailboxes <= set(_MAILBOX.findall(rendered.text))
    assert all(address.startswith(settings.BASE_URL) for address in web)


@pytest.mark.parametrize("sample", SAMPLES, ids=of)
def test_the_html_names_the_subject_and_its_language_and_loads_nothing(sample: Sample) -> None:
    html = outbox.render(sample.mail()).html
    assert '<html lang="en">' in html
    assert not re.search(r"<(?:img|script|link|style|iframe)\b|style=", html)
    title = html.partition("<title>")[2].partition("</title>")[0]
    assert title.strip()


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        ("Hello {{ nobody_set_this }}", test_every_variable_is_filled),
        ("Smith &amp; Sons", test_the_text_is_free_of_markup_and_ends_with_who_sent_it),
        ("Go to https://elsewhere.example/x", test_text_and_html_lead_to_the_same_places),
    ],
)
def test_the_rules_find_what_they_look_for(settings: LazySettings, tmp_path: Path, broken: str, test: object) -> None:
    folder = tmp_path / "x" / "mail"
    folder.mkdir(parents=True)
    (folder / "y.subject.txt").write_text("Hello")
    (folder / "y.txt").write_text(f"{broken} {{{{ support_email }}}}")
    (folder / "y.html").write_text('<html lang="en"><title>x</title></html>')
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    with pytest.raises(AssertionError):
        test(Sample("x/mail/y", "usual", {}, {}))  # type: ignore[operator]
