"""Beginning a registration by a mailed link: nobody has to solve a puzzle, and nobody learns who is known."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core.models import Mail
from orgs.models import Invitation, MailedStart, Registration, RegistrationState, WizardStep
from orgs.services import invitations
from orgs.services.registrations import mailed_starts
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.registrant import Answer, Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db

ASK = "/register/by-mail/"


def ask(registrant: Registrant, email: str = "kim@newco.example", url: str = ASK) -> Answer:
    return registrant.client.post(url, {"email": email})


def mailed_link() -> str:
    return worlds.link_in(worlds.mails("registration_start")[0], ASK)


def press_continue(registrant: Registrant, link: str) -> Answer:
    response = registrant.client.post(link)
    if response.status_code == 302:
        registrant.registration = Registration.objects.latest("created_at")
    return response


def landing(invitation: Invitation, more: str = "") -> str:
    return f"/invitation/{worlds.secret_of(invitation)}/{more}"


def test_the_mailed_link_begins_a_draft_with_a_confirmed_address(registrant: Registrant) -> None:
    assert ask(registrant, " KIM@Newco.example ").status_code == 200
    elsewhere = Registrant("203.0.113.80")

    response = press_continue(elsewhere, mailed_link())

    assert response.headers["Location"] == elsewhere.url(WizardStep.WELCOME)
    stored = elsewhere.stored()
    assert (stored.contact_email, stored.state) == ("kim@newco.example", RegistrationState.DRAFT)
    assert stored.email_confirmed_at is not None
    elsewhere.welcome()
    assert 'value="kim@newco.example"' in elsewhere.open(WizardStep.PROFILE).content.decode()


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_link_uses_nothing_up(registrant: Registrant, method: str) -> None:
    ask(registrant)
    link = mailed_link()

    looks = [getattr(registrant.client, method)(link).status_code for _ in range(3)]

    assert looks == [200, 200, 200]
    assert not Registration.objects.exists()
    assert press_continue(registrant, link).status_code == 302


def test_the_link_works_once(registrant: Registrant) -> None:
    ask(registrant)
    press_continue(registrant, mailed_link())

    again = registrant.client.post(mailed_link())

    assert again.status_code == 410
    assert f"/register/{registrant.stored().pk}/review/" in again.content.decode(), "this browser may go on"
    assert "/review/" not in Registrant("203.0.113.80").get(mailed_link()).content.decode()
    assert Registration.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_link_pressed_eight_times_at_once_begins_one_draft(registrant: Registrant) -> None:
    ask(registrant)
    link = mailed_link()

    at_once([lambda: Registrant().client.post(link)] * 8)

    assert Registration.objects.count() == 1


@pytest.mark.parametrize(("late", "status"), [(-1, 302), (1, 410)])
def test_the_link_ends_after_an_hour_to_the_second(registrant: Registrant, late: int, status: int) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        ask(registrant)
        clock.shift(mailed_starts.LIFETIME + timedelta(seconds=late))
        assert registrant.client.post(mailed_link()).status_code == status


@pytest.mark.parametrize(
    "mangle", ["{start}=%0A{end}/", "{start}%20{end}/", "{start}{end}./", "{start}{end}/?utm_source=x"]
)
def test_a_link_that_a_mail_client_mangled_still_leads_here(registrant: Registrant, mangle: str) -> None:
    ask(registrant)
    link = mailed_link().rstrip("/")

    page = registrant.client.get(mangle.format(start=link[:-9], end=link[-9:]), follow=True)

    assert (page.status_code, page.request["PATH_INFO"]) == (200, f"{link}/")


def test_a_link_that_lost_its_end_is_nowhere(registrant: Registrant) -> None:
    ask(registrant)

    assert registrant.get(mailed_link()[:-2] + "/").status_code == 404


def test_the_answer_is_the_same_for_known_and_unknown_addresses(world: World, registrant: Registrant) -> None:
    known = ask(registrant, world.stranger.user.email)
    unknown = ask(registrant, "nobody@newco.example")

    assert known.status_code == unknown.status_code == 200
    same = known.content.decode().replace(world.stranger.user.email, "nobody@newco.example")
    assert same == unknown.content.decode()
    assert len(worlds.mails("registration_start")) == 2


@pytest.mark.parametrize("email", ["", "kim at newco", "x" * 255])
def test_what_is_no_address_is_said_beside_the_field(registrant: Registrant, email: str) -> None:
    page = ask(registrant, email)

    assert page.status_code == 422
    assert "field-error" in page.content.decode() or "is-invalid" in page.content.decode()
    assert not Mail.objects.exists()


# --- Limits -------------------------------------------------------------------------------------------------------
def test_mails_to_one_address_are_limited_from_everywhere() -> None:
    answers = [ask(Registrant(f"203.0.113.{number}")) for number in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "Wait" in answers[-1].content.decode()
    assert len(worlds.mails("registration_start")) == 5


def test_mails_asked_for_from_one_address_are_limited(registrant: Registrant) -> None:
    answers = [ask(registrant, f"kim{number}@newco.example").status_code for number in range(21)]

    assert answers == [200] * 20 + [429]
    assert ask(Registrant("203.0.113.80"), "kim@newco.example").status_code == 200


def test_nothing_is_mailed_when_nobody_can_count(registrant: Registrant, no_redis: None) -> None:
    assert ask(registrant).status_code == 503
    assert not Mail.objects.exists()


# --- Invited ------------------------------------------------------------------------------------------------------
def test_an_invited_person_is_mailed_at_the_invited_address_only(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    url = landing(invitation, "by-mail/")
    assert "kim@newco.example" not in registrant.get(url).content.decode()

    ask(registrant, "mallory@evil.example", url)

    [mail] = worlds.mails("registration_start")
    assert mail.to == "kim@newco.example"
    press_continue(registrant, mailed_link())
    stored = registrant.stored()
    assert (stored.invitation, stored.contact_email) == (invitation, "kim@newco.example")
    assert stored.legal_name == "Newco Metals"


def test_a_colleague_types_an_own_address_where_that_is_allowed(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    Invitation.objects.update(colleague_allowed=True)

    ask(registrant, "lee@newco.example", landing(invitation, "by-mail/"))

    [mail] = worlds.mails("registration_start")
    assert mail.to == "lee@newco.example"
    press_continue(registrant, mailed_link())
    stored = registrant.stored()
    assert (stored.contact_email, stored.contact_first_name) == ("lee@newco.example", "")
    assert stored.email_confirmed_at


def test_a_link_of_an_invitation_that_ended_meanwhile_begins_nothing(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    ask(registrant, url=landing(invitation, "by-mail/"))
    invitations.revoke(worlds.acting(world.inviter), invitation)

    assert registrant.client.post(mailed_link()).status_code == 410
    assert not Registration.objects.exists()


def test_both_pages_with_a_captcha_lead_here(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)

    assert f'href="{ASK}"' in registrant.get("/register/").content.decode()
    assert f'href="{landing(invitation, "by-mail/")}"' in registrant.get(landing(invitation)).content.decode()


# --- Afterwards ---------------------------------------------------------------------------------------------------
def test_addresses_are_forgotten_after_a_day(registrant: Registrant) -> None:
    ask(registrant)

    with time_machine.travel(timezone.now() + mailed_starts.KEPT - timedelta(minutes=1), tick=False):
        assert mailed_starts.purge() == 0
    with time_machine.travel(timezone.now() + mailed_starts.KEPT + timedelta(minutes=1), tick=False):
        assert mailed_starts.purge() == 1
        assert registrant.get(mailed_link()).status_code == 410
    assert not MailedStart.objects.exists()
