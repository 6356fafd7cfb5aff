"""How often one address may begin, answer and ask; and that nobody chooses under which address they are counted."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest
from django.test import Client

from core.outbox import render
from orgs.models import Registration, WizardStep
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant

pytestmark = pytest.mark.django_db


def test_registrations_begun_from_one_address_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    few(monkeypatch, "STARTS", 2)

    answers = [Registrant().answer_captcha("/register/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "Wait" in answers[-1].content.decode()
    assert Registrant("203.0.113.44").answer_captcha("/register/").status_code == 302


def test_what_a_visitor_says_to_be_forwarded_for_does_not_change_who_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few(monkeypatch, "STARTS", 2)

    def begin(number: int) -> int:
        registrant = Registrant()
        registrant.client = Client(REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
        return int(registrant.answer_captcha("/register/").status_code)

    assert [begin(number) for number in range(3)] == [302, 302, 429]


def test_registrations_that_name_one_address_are_limited_and_nothing_typed_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few(monkeypatch, "STARTS_FOR", 1)
    first, second = Registrant("203.0.113.1"), Registrant("203.0.113.2")
    for registrant in (first, second):
        registrant.up_to(WizardStep.PROFILE)

    assert first.profile().status_code == 302
    refused = second.profile(city="Leeds", contact_email="KIM@newco.example")

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "What you entered is kept" in refused.content.decode()
    assert second.stored().contact_email == ""
    assert 'value="Leeds"' in second.open(WizardStep.PROFILE).content.decode()
    assert second.profile(contact_email="lee@newco.example").status_code == 302
    assert first.profile(city="York").status_code == 302, "the same address again is no new one"


def test_whoever_reads_the_mail_of_an_address_is_not_kept_out_by_who_typed_it(
    registrant: Registrant, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, "STARTS_FOR", 1)
    registrant.up_to(WizardStep.ADMINISTRATOR)
    owner = Registrant("203.0.113.44")
    owner.client.post("/register/by-mail/", {"email": "kim@newco.example"})

    begun = owner.client.post(worlds.link_in(worlds.mails("registration_start")[0], "/register/by-mail/"))
    owner.registration = Registration.objects.latest("created_at")

    assert begun.status_code == 302
    owner.welcome()
    assert owner.profile().status_code == 302
    assert owner.stored().email_confirmed_at


def test_answers_to_the_captcha_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    few(monkeypatch, "ANSWERS", 2, of="orgs.views.captcha")
    wrong = [Registrant().answer_captcha("/register/", answer="nonsense") for _ in range(3)]

    assert [answer.status_code for answer in wrong] == [422, 422, 429]
    assert int(wrong[-1].headers["Retry-After"]) > 0


def test_links_to_one_address_are_limited(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)

    answers = [registrant.client.post("/register/resume/", {"email": "kim@newco.example"}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.django_db(transaction=True)
def test_with_redis_gone_a_registration_goes_through_and_its_mails_wait(registrant: Registrant, no_redis: None) -> None:
    worlds.user("Sam", staff=True)

    registrant.submitted()

    waiting = worlds.mails("registration_received") + worlds.mails("registration_waiting")
    assert [mail.state for mail in waiting] == ["queued", "queued"]
    assert render(waiting[1]).subject.startswith("New registration: Newco Metals Ltd, due ")
    assert Registration.objects.count() == 1


def few(
    monkeypatch: pytest.MonkeyPatch, limit: str, times: int, *, of: str = "orgs.services.registrations.drafts"
) -> None:
    """Let ``limit`` be reached after ``times``."""
    module = import_module(of)
    monkeypatch.setattr(module, limit, replace(getattr(module, limit), rate=f"{times}/hour"))
