"""The mail preview: every message, and no hole in the content security policy."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import LazySettings, settings
from django.test import Client

from core import mail_samples


def test_the_list_leads_to_every_template(client: Client) -> None:
    page = client.get("/mail-preview/").content.decode()
    for name in filter(mail_samples.of, mail_samples.templates()):
        assert f'href="/mail-preview/{name.replace("/mail/", "/")}/"' in page


def test_a_message_is_shown_with_subject_text_and_a_frame_for_its_html(client: Client) -> None:
    answer = client.get("/mail-preview/orgs/invitation/")
    page = answer.content.decode()
    assert "You’re Invited to Collaborate with Aurora Aerospace" in page
    assert "Register Now: " in page
    assert 'src="html/?variant=usual&amp;language=en" sandbox' in page
    policy = answer["Content-Security-Policy"]
    assert "frame-src 'self'" in policy
    assert "default-src 'none'" in policy


def test_the_html_may_load_nothing_and_be_framed_by_the_preview_only(client: Client) -> None:
    answer = client.get("/mail-preview/orgs/invitation/html/?variant=usual&language=en")
    assert "Register Now" in answer.content.decode()
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "'self'" not in policy.replace("frame-ancestors 'self'", "")


def test_every_other_page_stays_out_of_frames(client: Client) -> None:
    answer = client.get("/mail-preview/")
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "frame-src" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    "address", ["orgs/nothing/", "orgs/invitation/?variant=none", "orgs/invitation/?language=xx", "core/base/"]
)
def test_what_is_not_there_is_not_found(client: Client, address: str) -> None:
    assert client.get(f"/mail-preview/{address}").status_code == 404


def test_a_language_is_chosen_by_the_address(client: Client, settings: LazySettings) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    page = client.get("/mail-preview/orgs/invitation/html/?language=de").content.decode()
    assert '<html lang="de">' in page


def test_production_has_no_preview() -> None:
    production = {
        **os.environ,
        "MAG_ENV": "production",
        "SECRET_KEY": "x" * 60,
        "FIELD_KEYS": "first:" + "B" * 42 + "A=",
        "AUDIT_SIGNING_KEY": "C" * 42 + "A=",
        "BASE_URL": "https://mag.example",
        "EMAIL_URL": "smtp://mail.example",
        "DJANGO_SETTINGS_MODULE": "mag_portal.settings",
    }
    look = "import django; django.setup(); from django.urls import resolve; resolve('/mail-preview/')"
    done = subprocess.run(
        (sys.executable, "-c", look), env=production, cwd=settings.BASE_DIR, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"Resolver404" in done.stderr
