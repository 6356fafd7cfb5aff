"""The whole way from Register Now to a decision, over HTTP, in the order of the source text."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts import queries as people_queries
from accounts.models import UserState
from accounts.services import one_time_passwords
from core.outbox import render
from orgs.models import (
    Invitation,
    InvitationState,
    Membership,
    OrganizationState,
    Partnership,
    RegistrationState,
    WizardStep,
)
from orgs.services import actors
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import ONE_TIME_PASSWORD, World


def test_invited_company_registers_and_is_approved(
    world: World, registrant: Registrant, browser_of: Callable[..., Client]
) -> None:
    worlds.invite(world)
    [mail] = worlds.mails("invitation")
    rendered = render(mail)
    assert rendered.subject == "You’re Invited to Collaborate with Aurora Aerospace & Sons"
    assert "Register Now" in rendered.text
    assert re.search(r"<a href=\"[^\"]+/invitation/[^\"]+\"[^>]*>(\s|&nbsp;|<[^>]+>)*Register Now", rendered.html)

    landing = worlds.link_in(mail, "/invitation/")
    page = registrant.get(landing).content.decode()
    assert "Aurora Aerospace &amp; Sons" in page
    assert "Enter Captcha code" in page

    registrant.begin(landing)
    assert ">Continue<" in registrant.open(WizardStep.WELCOME).content.decode()
    registrant.welcome()
    profile = registrant.open(WizardStep.PROFILE).content.decode()
    assert 'value="Newco Metals"' in profile
    assert registrant.profile().headers["Location"] == registrant.url(WizardStep.ADMINISTRATOR)
    assert registrant.select_oneself().headers["Location"] == registrant.url(WizardStep.ONE_TIME_PASSWORD)
    assert registrant.one_time_password().headers["Location"] == registrant.url(WizardStep.APPLICATION_ADMINISTRATORS)
    assert ONE_TIME_PASSWORD in registrant.open(WizardStep.APPLICATION_ADMINISTRATORS).content.decode()
    registrant.create_application_administrator()
    page = registrant.open(WizardStep.APPLICATION_ADMINISTRATORS).content.decode()
    assert ONE_TIME_PASSWORD in page
    response = registrant.select_application_administrators(registrant.named("Ana"))
    assert response.headers["Location"] == registrant.url(WizardStep.REVIEW)
    assert "Review registration details" in registrant.open(WizardStep.REVIEW).content.decode()
    registrant.submit()
    assert "up to two business days" in registrant.open("submitted").content.decode()

    registration = registrant.stored()
    assert registration.state == RegistrationState.SUBMITTED
    operator = browser_of(world.staff)
    detail = f"/admin/orgs/registration/{registration.pk}/change/"
    assert "1 Foundry Lane" in operator.get(detail).content.decode()
    answer = operator.post(f"/admin/orgs/registration/{registration.pk}/approve/", follow=True)
    assert "is approved as ORG-" in answer.content.decode()

    registration = registrant.stored()
    organization = registration.organization
    assert organization is not None
    assert organization.state == OrganizationState.ACTIVE
    assert organization.phone.as_e164 == "+441144960123"
    assert organization.postal_code == "S1 2HE"
    assert organization.email_domains == ["newco.example"]
    kim, ana = people_queries.user_by_email("kim@newco.example"), people_queries.user_by_email("ana@newco.example")
    assert kim is not None
    assert ana is not None
    assert (kim.state, ana.state) == (UserState.INVITED, UserState.INVITED)
    roles = {
        membership.user_id: actors.roles_of(membership)
        for membership in Membership.objects.filter(organization=organization)
    }
    assert roles == {kim.pk: frozenset({"oa"}), ana.pk: frozenset({"aa:sft"})}
    assert Partnership.objects.filter(organization=organization, partner=world.aurora).exists()
    assert Partnership.objects.filter(organization=world.aurora, partner=organization).exists()
    assert Invitation.objects.get().state == InvitationState.ACCEPTED
    assert one_time_passwords.verify(worlds.VISITOR, user=kim, secret=ONE_TIME_PASSWORD).expires_at > timezone.now()
    told = {mail.to: render(mail) for mail in worlds.mails("registration_approved")}
    assert set(told) == {"kim@newco.example", "ana@newco.example"}
    assert kim.user_id in told["kim@newco.example"].text
    assert all(ONE_TIME_PASSWORD not in mail.text + mail.html for mail in told.values())


@pytest.mark.django_db
def test_self_registration_needs_no_invitation(registrant: Registrant) -> None:
    registration = registrant.submitted()

    assert registration.state == RegistrationState.SUBMITTED
    assert registration.invitation is None
    [mail] = worlds.mails("registration_received")
    status = registrant.get(worlds.link_in(mail, "/registration/")).content.decode()
    assert "In review" in status
    assert "Next: Exostar" in status
