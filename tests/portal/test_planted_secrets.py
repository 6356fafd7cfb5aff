"""Secrets that are planted on a person's whole way are nowhere to be read: not in logs, mails, events or the back office."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from itertools import chain

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.test import Client

from accounts.models import AuthenticatorApp, User
from core import audit, tokens
from core.actor import Actor
from core.models import Mail
from core.outbox import render
from core.secrets_at_rest import open_sealed
from orgs.models import Membership
from tests import secrets_watch
from tests.accounts.factors import code_of
from tests.accounts.stages import PASSWORD, begin_first, choose_password, enter, invite, link_in, mails, terms_accepted
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.stack import secrets_in

pytestmark = pytest.mark.django_db

WRONG = "a wrong password typed in haste"
NEW = "eleven quiet lighthouses"
MOST_ROWS = 5


def found() -> list[str]:
    return secrets_watch.look_through(secrets_watch.written(rows=True))


@pytest.fixture
def leaked() -> str:
    """A secret that the watch knows of, and forgets again after a test that leaks it on purpose."""
    token = tokens.issue("test", Actor.system("x").user_id or worlds.company("Leaky").pk, lifetime=timedelta(hours=1))
    return tokens.secret_of(token)


def test_the_watch_finds_a_secret_in_each_place(leaked: str) -> None:
    """The scan after each test would be worth nothing if it found nothing."""
    assert found() == []
    logging.getLogger("test").warning("here it is: %s.", leaked)
    assert [line for line in found() if "the secret of a link stands in the log" in line]
    with transaction.atomic():
        audit.record(Actor.system("test"), "test.thing.done", data={"deep": [{"er": leaked}]})
    assert [line for line in found() if "stands in the audit trail" in line]
    Mail.objects.create(template="x", to="rita@partner.example", context={"words": f"({leaked})"})
    assert [line for line in found() if "stands in the outbox" in line]
    secrets_watch.planted.begin()


def test_the_watch_knows_an_access_token_by_its_shape() -> None:
    logging.getLogger("test").warning("Authorization: Bearer mag_%s", "aB3_-" * 8 + "xyz" + "0Qr7Zz")
    assert [line for line in found() if "an access token stands in the log" in line]
    secrets_watch.planted.begin()


def test_paths_with_the_secret_of_a_link_are_masked_in_the_log(leaked: str, client: Client) -> None:
    assert client.get(f"/forgot-password/{leaked}/").status_code == 404
    assert [line for line in secrets_watch.planted.lines if "/forgot-password/" in line]
    assert found() == []


@pytest.mark.parametrize(
    ("line", "is_leak"),
    [
        ("pages        | WARNING django.request [-] Not Found: /invitation/-/", False),
        ("pages        | WARNING django.request [-] Not Found: /forgot-password/" + "aZ3_" * 10 + "xyz/", True),
        ("worker-mail  | INFO accounts [-] K7QM-2WXR-9HTD-VB4E", True),
        ("uploads      | INFO core [-] Bearer mag_" + "aB3_-" * 8 + "xyz0Qr7Zz", True),
        ("worker-mail  | INFO core [-] 4c12638a-7887-4e9f-8714-794db561cd8b", False),
        ("beat         | INFO celery [-] violet anchors drift at noon", True),
        ("gateway      |   Operator staff  bakers_1234  violet anchors drift at noon", False),
    ],
)
def test_the_log_of_a_whole_run_is_read_for_secrets(line: str, is_leak: bool) -> None:
    """What the fixture ``stack`` does when the last test on it is over."""
    assert bool(secrets_in(line, [PASSWORD])) is is_leak


def walk(browser: Client) -> User:
    """One-Time Password, own password, authenticator app, recovery codes, terms, wrong tries, a reset by mail."""
    organization = worlds.company("Aurora Aerospace")
    invited = invite()
    person = invited.user
    Membership.objects.create(user=person, organization=organization)
    begin_first(browser, person.user_id, "AAAA-AAAA-AAAA-AAAA")
    begin_first(browser, person.user_id, invited.secret)
    choose_password(browser, "too short")
    choose_password(browser)
    browser.post("/sign-in/set-up/", {"choice": "authenticator_app"})
    app = AuthenticatorApp.objects.get(user=person)
    browser.post("/sign-in/set-up/authenticator-app/", {"code": code_of(app), "name": "Phone"})
    shown = browser.post("/sign-in/recovery-codes/", {"choice": "show"}).content.decode()
    codes = re.findall(r"\b(?:[A-Z2-9]{4}-){3}[A-Z2-9]{4}\b", shown)
    browser.post("/sign-in/recovery-codes/", {"choice": "keep", "code": codes, "kept": "on"})
    browser.post("/sign-in/terms/", terms_accepted())
    assert browser.get("/account/").status_code == 200
    other = Client()
    enter(other, person.user_id, WRONG)
    enter(other, person.user_id, PASSWORD)
    other.post("/sign-in/second-factor/recovery-code/", {"code": codes[0]})
    other.post("/forgot-password/", {"identifier": person.user_id, "user_id": person.user_id, "email": person.email})
    link = link_in(mails("password_reset")[-1], "/forgot-password/")
    other.get(link)
    other.post(link, {"password": NEW, "repeated": NEW})
    secrets_watch.planted.take("a password", invited.secret, WRONG, PASSWORD, NEW)
    secrets_watch.planted.take("a recovery code", *codes)
    secrets_watch.planted.take("a sealed key", *secrets_watch.spellings(open_sealed(app.key_sealed)))
    return person


def pages_of(staff: Client) -> list[str]:
    """Every list of the back office, and the pages that its first rows lead to."""
    lists = [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]
    pages = [opened(staff, place) for place in ("/admin/", "/admin/core/auditevent/checks/", *lists)]
    rows = [re.findall(r'href="(/admin/\w+/\w+/[^"/?]+/(?:change/)?)"', page)[:MOST_ROWS] for page in pages]
    pages += [opened(staff, place) for place in {*chain.from_iterable(rows)}]
    assert len(pages) > len(lists) + 10
    return pages


def opened(staff: Client, place: str) -> str:
    answer = staff.get(place)
    assert answer.status_code in {200, 302}, place
    return answer.content.decode()


def test_a_whole_way_in_leaves_no_secret_anywhere(client: Client, clerk: User) -> None:
    browser = Client()
    person = walk(browser)
    submissions.submitted()
    kinds = set(secrets_watch.planted.secrets.values())
    assert kinds >= {"a password", "a sealed key", "a recovery code", "the secret of a link", "the key of a session"}
    assert found() == []
    pages = [*pages_of(client), client.get(f"/admin/accounts/user/{person.pk}/change/").content.decode()]
    assert [kind for page in pages for kind in secrets_watch.planted.in_text(page)] == []
    letters = [render(mail) for mail in Mail.objects.all()]
    assert len(letters) > 3
    for letter in letters:
        kinds = secrets_watch.planted.in_text(f"{letter.subject}\n{letter.text}\n{letter.html}")
        # A mail is where the secret of its own link belongs.
        assert kinds <= {"the secret of a link"}, letter.subject


def test_no_secret_of_the_gateway_itself_is_written_down(client: Client, clerk: User) -> None:
    enter(Client(), "nobody_0000", WRONG)
    pages_of(client)
    written = "\n".join(text for _, text in secrets_watch.written(rows=True))
    own = chain([settings.SECRET_KEY, settings.AUDIT_SIGNING_KEY], settings.FIELD_KEYS.values())
    assert [name for name in own if name in written] == []
