"""The link of a registration: ended, unknown, asked for again."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from core.models import Token
from orgs.models import Registration
from tests.orgs import world as worlds
from tests.orgs.questions import link_of, masked

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["", "answer/", "details/", "withdraw/"])
def test_an_ended_link_offers_a_new_one(submitted: Registration, path: str) -> None:
    url = link_of(submitted)
    Token.objects.filter(subject_id=submitted.pk).update(expires_at=timezone.now())

    reply = Client().post(f"{url}{path}", {"answer": "x"}) if path == "answer/" else Client().get(f"{url}{path}")

    assert reply.status_code == 410
    assert "Send me a new link" in reply.content.decode()
    assert "Newco" not in reply.content.decode()


def test_a_link_that_was_never_issued_looks_like_one_that_ended(submitted: Registration) -> None:
    url = link_of(submitted)
    Token.objects.filter(subject_id=submitted.pk).update(expires_at=timezone.now())

    ended, unknown = Client().get(url), Client().get("/registration/nothing-like-it/")

    assert unknown.status_code == 404
    assert masked(ended.content.decode()) == masked(unknown.content.decode())


def test_a_new_link_is_mailed_to_whoever_submitted(submitted: Registration) -> None:
    reply = Client().post("/registration/link/", {"email": "KIM@newco.example"})

    assert reply.status_code == 200
    [mail] = worlds.mails("registration_link")
    assert mail.to == "kim@newco.example"
    assert "Newco Metals Ltd" in Client().get(worlds.link_in(mail, "/registration/")).content.decode()


def test_nobody_else_is_mailed_a_link(submitted: Registration) -> None:
    reply = Client().post("/registration/link/", {"email": "else@newco.example"})

    assert reply.status_code == 200
    assert not worlds.mails("registration_link")


def test_links_to_one_address_are_few(submitted: Registration) -> None:
    replies = [Client().post("/registration/link/", {"email": "kim@newco.example"}).status_code for _ in range(6)]

    assert replies == [200] * 5 + [429]


def test_no_address_is_an_error_beside_the_field(db: None) -> None:
    reply = Client().post("/registration/link/", {"email": "nonsense"})

    assert reply.status_code == 422
    assert "This is no e-mail address." in reply.content.decode()


def test_whoever_tries_links_one_after_the_other_is_stopped_and_others_are_not(submitted: Registration) -> None:
    url = link_of(submitted)
    replies = [Client().get(f"/registration/guess-{number}/").status_code for number in range(61)]

    assert replies == [404] * 60 + [429]
    assert Client().get(url).status_code == 429
    assert Client(REMOTE_ADDR="198.51.100.7").get(url).status_code == 200


def test_without_redis_links_stay_shut(submitted: Registration, no_redis: None) -> None:
    assert Client().get(link_of(submitted)).status_code == 503
