"""How a draft ends: with its invitation, when nobody comes back; what is said before, and how one begins again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from orgs.models import InvitationState, Registration, RegistrationState, WizardStep
from orgs.services import invitations
from orgs.services.registrations import drafts, ends
from tests.concurrency import at_once, behind_us
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_a_draft_whose_invitation_ended_says_so_and_is_kept(world: World, registrant: Registrant, how: str) -> None:
    invitation = worlds.invite(world)
    registrant.up_to(WizardStep.REVIEW, f"/invitation/{worlds.secret_of(invitation)}/")
    if how == "revoked":
        invitations.revoke(worlds.acting(world.inviter), invitation)
    else:
        type(invitation).objects.update(expires_at=timezone.now())

    page, submission = registrant.open(WizardStep.REVIEW), registrant.submit()

    assert (page.status_code, submission.status_code) == (410, 410)
    led_back = "its link leads you back to where you were" in " ".join(page.content.decode().split())
    assert led_back is (how == "expired"), "a revoked invitation cannot be sent again"
    assert registrant.stored().state == RegistrationState.DRAFT
    assert "on its way" in registrant.post("ask").content.decode()
    [mail] = worlds.mails("invitation_asked_for")
    assert mail.to == world.inviter.user.email


def test_a_resent_invitation_leads_back_to_the_draft(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    registrant.up_to(WizardStep.REVIEW, f"/invitation/{worlds.secret_of(invitation)}/")
    type(invitation).objects.update(expires_at=timezone.now())
    invitation.refresh_from_db()
    invitations.resend(worlds.acting(world.inviter), invitation)

    elsewhere = Registrant("203.0.113.80")
    elsewhere.registration = registrant.registration
    landing = elsewhere.client.post(f"/invitation/{worlds.secret_of(invitation)}/", {"continue": "1"})

    assert landing.headers["Location"] == elsewhere.url(WizardStep.REVIEW)
    assert elsewhere.submit().headers["Location"] == elsewhere.url("submitted")
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.STARTED


@pytest.mark.parametrize(("late", "state"), [(-1, RegistrationState.DRAFT), (1, RegistrationState.EXPIRED)])
def test_a_draft_nobody_comes_back_to_ends_to_the_second(registrant: Registrant, late: int, state: str) -> None:
    registrant.up_to(WizardStep.REVIEW)
    end = registrant.stored().expires_at

    with time_machine.travel(end + timedelta(seconds=late), tick=False):
        ends.expire_due()

    assert registrant.stored().state == state
    assert bool(registrant.contact().one_time_password_hash) is (state == RegistrationState.DRAFT)


@pytest.mark.django_db(transaction=True)
def test_the_sweep_looks_again_at_a_draft_that_was_saved_while_it_waited() -> None:
    registration = drafts.start(worlds.VISITOR)
    Registration.objects.filter(pk=registration.pk).update(expires_at=timezone.now())

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        drafts.welcome_done(worlds.VISITOR, registration)
        sweep = behind_us(pool, ends.expire_due)

    assert sweep.result() == 0
    registration.refresh_from_db()
    assert registration.state == RegistrationState.DRAFT


def test_every_saved_step_gives_the_draft_its_full_time_again(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    with time_machine.travel(timezone.now() + timedelta(days=20), tick=False):
        registrant_later = drafts.welcome_done(worlds.VISITOR, registrant.stored())
        assert registrant_later.expires_at == timezone.now() + settings.REGISTRATION_DRAFT_LIFETIME


# --- Reminded once ------------------------------------------------------------------------------------------------
def test_a_draft_that_soon_ends_is_reminded_of_once(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    soon = registrant.stored().expires_at - settings.REGISTRATION_DRAFT_REMINDER

    with time_machine.travel(soon - timedelta(seconds=1), tick=False):
        assert ends.remind_due() == 0
    with time_machine.travel(soon + timedelta(seconds=1), tick=False):
        assert [ends.remind_due(), ends.remind_due()] == [1, 0]
        [mail] = worlds.mails("registration_ending")
        assert mail.to == "kim@newco.example"
        back = Registrant("203.0.113.80").get(worlds.link_in(mail, "/registration/"))
        assert back.headers["Location"] == registrant.url(WizardStep.ADMINISTRATOR)


def test_a_saved_step_begins_a_new_count(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    with time_machine.travel(registrant.stored().expires_at - timedelta(days=1), tick=False):
        ends.remind_due()
        drafts.welcome_done(worlds.VISITOR, registrant.stored())
        assert ends.remind_due() == 0
    with time_machine.travel(registrant.stored().expires_at - timedelta(days=1), tick=False):
        assert ends.remind_due() == 1


@pytest.mark.parametrize("why", ["no address", "invitation ended", "submitted"])
def test_nobody_is_reminded_in_vain(world: World, registrant: Registrant, why: str) -> None:
    if why == "no address":
        registrant.begin()
    elif why == "submitted":
        registrant.submitted()
    else:
        invitation = worlds.invite(world)
        registrant.up_to(WizardStep.REVIEW, f"/invitation/{worlds.secret_of(invitation)}/")
        type(invitation).objects.update(expires_at=timezone.now())

    with time_machine.travel(registrant.stored().expires_at - timedelta(days=1), tick=False):
        assert ends.remind_due() == 0


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_remind_once(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    Registration.objects.update(expires_at=timezone.now() + timedelta(days=1))

    at_once([ends.remind_due] * 4)

    assert len(worlds.mails("registration_ending")) == 1


# --- Begun again --------------------------------------------------------------------------------------------------
def lapsed(registrant: Registrant, step: WizardStep = WizardStep.REVIEW, url: str = "/register/") -> Registration:
    registration = registrant.up_to(step, url)
    registrant.post("later")
    Registration.objects.filter(pk=registration.pk).update(expires_at=timezone.now())
    ends.expire_due()
    return registrant.stored()


@pytest.mark.parametrize(
    ("step", "method"),
    [*product(WizardStep, ("get", "post")), ("submitted", "get")],  # the last takes no posts
)
def test_every_page_of_an_expired_draft_says_so(registrant: Registrant, step: str, method: str) -> None:
    lapsed(registrant)

    page = getattr(registrant.client, method)(registrant.url(step))

    assert page.status_code == 410
    assert "was not submitted in time" in page.content.decode()


def test_an_expired_draft_is_begun_again_with_what_it_held(registrant: Registrant) -> None:
    ended = lapsed(registrant)

    response = registrant.post("again")

    registrant.registration = Registration.objects.latest("created_at")
    again = registrant.stored()
    assert again.pk != ended.pk
    assert response.headers["Location"] == registrant.url(WizardStep.ONE_TIME_PASSWORD)
    assert (again.legal_name, again.city, again.contact_email) == (ended.legal_name, ended.city, "kim@newco.example")
    assert list(again.applications.all()) == [worlds.sft()]
    assert registrant.contact().is_organization_administrator
    assert registrant.contact().one_time_password_hash == ""
    ended.refresh_from_db()
    assert ended.state == RegistrationState.EXPIRED


def test_the_mailed_link_of_an_expired_draft_leads_to_the_new_start(registrant: Registrant) -> None:
    lapsed(registrant)
    elsewhere = Registrant("203.0.113.80")

    page = elsewhere.client.get(worlds.link_in(worlds.mails("registration_saved")[0], "/registration/"), follow=True)

    assert page.status_code == 410
    assert "Begin again" in page.content.decode()


def test_another_browser_cannot_begin_it_again(registrant: Registrant) -> None:
    lapsed(registrant)
    stranger = Registrant("203.0.113.44")
    stranger.registration = registrant.registration

    assert stranger.post("again").status_code == 404
    assert Registration.objects.count() == 1


@pytest.mark.parametrize("state", ["draft", "submitted"])
def test_what_has_not_expired_is_not_begun_again(registrant: Registrant, state: str) -> None:
    registrant.up_to(WizardStep.REVIEW) if state == "draft" else registrant.submitted()

    assert registrant.post("again").status_code == 302
    assert Registration.objects.count() == 1


def test_an_expired_draft_of_an_invitation_stays_with_it(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    lapsed(registrant, url=f"/invitation/{worlds.secret_of(invitation)}/")

    registrant.post("again")

    again = Registration.objects.latest("created_at")
    assert (again.invitation, again.city) == (invitation, "Sheffield")


def test_where_the_invitation_ended_too_one_asks_for_a_new_one(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    lapsed(registrant, url=f"/invitation/{worlds.secret_of(invitation)}/")
    type(invitation).objects.update(expires_at=timezone.now())

    page = registrant.open(WizardStep.REVIEW).content.decode()

    assert registrant.url("ask") in page
    assert registrant.post("again").status_code == 410
    assert Registration.objects.count() == 1
