"""Every message of this room renders in text and HTML, with what people typed shown as it is.

The examples are those of ``templates/orgs/mail_samples.toml``; ``tests/core/test_mail_templates.py`` holds the house rules.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.conf import settings

from core import mail_samples
from core.mail_samples import Sample
from core.outbox import render

SAMPLES = [
    sample
    for template in mail_samples.templates()
    if template.startswith("orgs/")
    for sample in mail_samples.of(template)
]
TYPED = (
    "organization", "inviter", "company", "first_name", "message", "contact", "user", "administrator", "reason", "state",
    "country", "question", "answer", "person",
)  # fmt: skip
NAME = "Smith & <Sons>"
# They go to an address that nobody has confirmed, so nothing that a stranger typed is in them.
TO_ANYBODY = {"orgs/mail/join_confirm", "orgs/mail/join_known"}


def of(sample: Sample) -> str:
    return f"{sample.template}-{sample.variant}"


def typed(sample: Sample, **values: str) -> Sample:
    """The sample with ``NAME`` wherever it holds something that somebody typed."""
    filled = {name: NAME for name in TYPED if sample.values.get(name)}
    return replace(sample, values={**sample.values, **filled, **values})


@pytest.mark.parametrize("sample", SAMPLES, ids=of)
@pytest.mark.parametrize("administrator", ["Olivia Adams", ""])
def test_the_first_sentence_begins_with_a_capital(sample: Sample, administrator: str) -> None:
    text = render(typed(sample, administrator=administrator).mail()).text

    assert re.search(r"^Hello.*,\n\n[^a-z]", text), text


@pytest.mark.parametrize("sample", [entry for entry in SAMPLES if entry.variant == mail_samples.USUAL], ids=of)
def test_what_was_typed_is_shown_as_it_is(sample: Sample) -> None:
    rendered = render(typed(sample).mail())

    words = rendered.subject + rendered.text
    assert "&amp;" not in words
    assert (NAME in words) == (sample.template not in TO_ANYBODY)
    assert ("Smith &amp; &lt;Sons&gt;" in rendered.html) == (sample.template not in TO_ANYBODY)
    assert "<Sons>" not in rendered.html


@pytest.mark.parametrize("sample", SAMPLES, ids=of)
def test_it_leads_somewhere_and_names_no_secret(sample: Sample) -> None:
    rendered = render(sample.mail())

    assert f"{settings.BASE_URL}/" in rendered.text
    assert f'href="{settings.BASE_URL}/' in rendered.html
    assert "one_time_password" not in rendered.html


def test_without_an_application_nobody_is_sent_to_open_one() -> None:
    [usual, *_] = mail_samples.of("orgs/mail/registration_approved")
    rendered = render(replace(usual, values={**usual.values, "applications": []}).mail())

    assert "Open Application" not in rendered.text + rendered.html
