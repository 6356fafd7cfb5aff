"""Sign-in history: what the owner of an account reads of it."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import people, sessions
from core import audit
from tests.accounts.stages import ADMINISTRATOR, Invited, activate, enter

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


def signed_in(user: User) -> Client:
    client = Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="203.0.113.5")
    assert enter(client, user.user_id).status_code == 302
    return client


def page_of(client: Client, query: str = "") -> str:
    response = client.get(f"/account/history/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_a_sign_in_with_browser_address_and_proof(person: User) -> None:
    page = page_of(signed_in(person))
    for seen in ("Firefox on Windows", "203.0.113.5", "Password", "Done"):
        assert seen in page


def test_refused_tries_are_there(person: User) -> None:
    enter(Client(REMOTE_ADDR="198.51.100.9"), person.user_id, "wrong wrong wrong")
    page = page_of(signed_in(person))
    for seen in ("Refused", "198.51.100.9", "wrong password"):
        assert seen in page


def test_signing_out_is_there_and_what_somebody_else_did(person: User, staff: User) -> None:
    signed_in(person).post("/sign-out/")
    signed_in(person)
    sessions.end_for(people.acting(staff, seen=ADMINISTRATOR), user=person, reason="A laptop was stolen")
    page = page_of(signed_in(person))
    assert page.count("Firefox on Windows") == 3
    assert f"by {staff.user_id}" in page
    assert "A laptop was stolen" in page


def test_nothing_of_anybody_else(person: User, invited_other: Invited) -> None:
    other = activate(invited_other)
    enter(Client(REMOTE_ADDR="198.51.100.9"), other.user_id, "wrong wrong wrong")
    assert "198.51.100.9" not in page_of(signed_in(person))
    assert "198.51.100.9" in page_of(signed_in(other))


def test_it_comes_in_pages_the_newest_first(person: User) -> None:
    begin = timezone.now() - timedelta(days=2)
    with time_machine.travel(begin) as clock, transaction.atomic():
        for number in range(60):
            clock.shift(60)
            audit.record(ADMINISTRATOR, "accounts.session.begin", person, data={"device": f"Browser {number}."})
    client = signed_in(person)
    first = page_of(client)
    assert "Browser 59." in first
    assert "Browser 0." not in first
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "Browser 0." in page_of(client, older)


def test_it_is_for_who_is_signed_in(db: None) -> None:
    assert Client().get("/account/history/")["Location"].startswith("/sign-in/")


def test_a_cursor_that_makes_no_sense_starts_anew(person: User) -> None:
    client = signed_in(person)
    assert page_of(client, "?after=nonsense").count("Firefox on Windows") == 1
