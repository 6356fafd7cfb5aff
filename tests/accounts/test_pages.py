"""Pages without a service behind them: help, and who one is."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.stages import enter

HELP = ("accounts:help-registration", "accounts:help-login")
PUBLIC = (*HELP, "accounts:sign-in", "accounts:first-time-login", "accounts:forgot-password", "accounts:forgot-user-id")


def text_of(client: Client, view: str) -> str:
    response = client.get(reverse(view))
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def test_the_sign_in_page_leads_everywhere_one_may_need_to_go(client: Client, db: None) -> None:
    page = text_of(client, "accounts:sign-in")
    for label, view in {
        "Register your organization": "orgs:register",
        "First-Time Login": "accounts:first-time-login",
        "Forgot User ID": "accounts:forgot-user-id",
        "Forgot Password": "accounts:forgot-password",
        "Help": "accounts:help-login",
    }.items():
        assert re.search(rf'<a[^>]*href="{reverse(view)}"[^>]*>\s*{label}\s*</a>', page), label


def test_the_labels_of_the_fields_are_the_words_of_the_domain(client: Client, db: None) -> None:
    assert re.search(r"<label[^>]*>\s*User ID or e-mail", text_of(client, "accounts:sign-in"))
    first = text_of(client, "accounts:first-time-login")
    assert re.search(r"<label[^>]*>\s*User ID\s", first)
    assert re.search(r"<label[^>]*>\s*One-Time Password\s", first)


def test_registration_assistance_tells_the_three_scenarios(client: Client, db: None) -> None:
    page = text_of(client, "accounts:help-registration")
    for words in (
        "No MAG Account", "MAG Account, not Subscribed to SFT", "MAG Account, Subscribed to SFT",
        "You’re Invited to Collaborate with [Company Name]", "Register Now", "Captcha", "Continue", "Organization Profile",
        "Next", "One Time Password", "Create", "Submit", "up to 2 business days", "Open Application", "Request Access",
    ):  # fmt: skip
        assert words in page, words
    assert "plug-in to download" in page
    assert "Aspera" not in page


@pytest.mark.parametrize("view", HELP)
def test_every_anchor_of_the_help_is_there(client: Client, db: None, view: str) -> None:
    pages = {reverse(name): text_of(client, name) for name in HELP}
    here = reverse(view)
    for address in re.findall(r'<a[^>]*\shref="([^"]*#[^"]+)"', pages[here]):
        path, _, anchor = address.partition("#")
        assert f'id="{anchor}"' in pages[path or here], address


@pytest.mark.parametrize("view", PUBLIC)
def test_links_into_the_help_meet_an_anchor(client: Client, db: None, view: str) -> None:
    help_login = reverse("accounts:help-login")
    for anchor in re.findall(rf'href="{help_login}#([^"]+)"', text_of(client, view)):
        assert f'id="{anchor}"' in text_of(client, "accounts:help-login"), anchor


@pytest.mark.parametrize("view", PUBLIC)
def test_a_public_page_has_one_heading_and_nothing_inline(client: Client, db: None, view: str) -> None:
    page = text_of(client, view)
    assert page.count("<h1") == 1
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)


@pytest.mark.parametrize("view", HELP)
def test_help_answers_a_get_only(client: Client, db: None, view: str) -> None:
    assert client.post(reverse(view)).status_code == 405


def test_my_account_says_who_one_is(client: Client, person: User) -> None:
    enter(client, person.user_id)
    page = text_of(client, "accounts:my-account")
    for fact in (person.full_name, person.user_id, person.email, "Time zone"):
        assert fact in page
    assert person.password not in page


def test_my_account_is_a_tab(client: Client, person: User) -> None:
    enter(client, person.user_id)
    for view in ("accounts:my-account", "accounts:change-password"):
        assert re.search(r'<a[^>]*aria-current="page"[^>]*>\s*My Account', text_of(client, view))


def test_my_account_needs_somebody_signed_in(client: Client, db: None) -> None:
    assert client.get("/account/")["Location"] == "/sign-in/?next=/account/"


@pytest.mark.parametrize(
    "view", ["sign-in", "first-time-login", "forgot-password", "forgot-user-id", "change-password"]
)
def test_an_empty_form_says_for_each_field_what_to_enter(client: Client, person: User, view: str) -> None:
    if view == "change-password":
        client.force_login(person)
    page = client.post(reverse(f"accounts:{view}"), {"sent": "empty"}).content.decode()
    assert "Please check what you entered" in page
    assert "This field is required" not in page
