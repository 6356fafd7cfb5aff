"""Every message of this room renders in text and HTML, with what its addressee typed shown as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from core.models import Mail
from core.outbox import render

pytestmark = pytest.mark.django_db

FOLDER = Path(settings.BASE_DIR) / "templates" / "orgs" / "mail"
TEMPLATES = sorted(path.name.removesuffix(".subject.txt") for path in FOLDER.glob("*.subject.txt"))
TYPED = (
    "organization", "inviter", "company", "first_name", "message", "contact", "user", "administrator", "reason", "state",
    "country",
)  # fmt: skip
CONTEXT: dict[str, Any] = {
    **dict.fromkeys(TYPED, "Smith & <Sons>"),
    "inviter_email": "o@aurora.example",
    "email": "k@newco.example",
    "contact_email": "k@newco.example",
    "administrator_email": "o@aurora.example",
    "user_id": "novakk_4821",
    "organization_id": "ORG-7KQM-2WXR",
    "days": 7,
    "applications": ["Secure File Transfer"],
    "administrators": ["Ana Ortiz"],
    "roles": ["Organization Administrator"],
    "expires": "22 December 2026, 09:00 (UTC)",
    "due": "24 November 2026, 15:00 (UTC)",
    "is_contact": False,
}
LINKS = (
    "begin",
    "organization",
    "register",
    "invitations",
    "resume",
    "status",
    "detail",
    "first_login",
    "sign_in",
    "user",
)


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("administrator", ["Olivia Adams", ""])
def test_the_first_sentence_begins_with_a_capital(name: str, administrator: str) -> None:
    links = {link: {"path": f"/{link}/"} for link in LINKS}
    context = {**CONTEXT, "administrator": administrator}
    text = render(
        Mail.objects.create(template=f"orgs/mail/{name}", to="k@x.example", context=context, links=links)
    ).text

    assert re.search(r"^Hello.*,\n\n[^a-z]", text), text


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_renders(name: str) -> None:
    links = {link: {"path": f"/{link}/"} for link in LINKS}
    mail = Mail.objects.create(template=f"orgs/mail/{name}", to="k@newco.example", context=CONTEXT, links=links)

    rendered = render(mail)

    assert rendered.subject
    assert "&amp;" not in rendered.subject + rendered.text
    assert "Smith & <Sons>" in rendered.subject + rendered.text
    assert "Smith &amp; &lt;Sons&gt;" in rendered.html
    assert "<Sons>" not in rendered.html
    assert f"{settings.BASE_URL}/" in rendered.text
    assert f'href="{settings.BASE_URL}/' in rendered.html
    assert "one_time_password" not in rendered.html


def test_each_has_its_three_parts() -> None:
    parts = {f"{name}{ending}" for name in TEMPLATES for ending in (".subject.txt", ".txt", ".html")}

    assert {path.name for path in FOLDER.iterdir()} == parts


def test_without_an_application_nobody_is_sent_to_open_one() -> None:
    context = {**CONTEXT, "applications": []}
    links = {link: {"path": f"/{link}/"} for link in LINKS}
    mail = Mail.objects.create(
        template="orgs/mail/registration_approved", to="k@x.example", context=context, links=links
    )

    assert "Open Application" not in render(mail).text + render(mail).html
